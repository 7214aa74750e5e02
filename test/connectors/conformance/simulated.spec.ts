import type { EntitySamples } from '../../../connectors/entity-samples.js';
import { SCIM_SAMPLES } from '../../../connectors/scim/samples.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { UAA_SAMPLES } from '../../../connectors/scim/uaa/samples.js';
import { uaaFactory } from '../../../connectors/scim/uaa/uaa.factory.js';
import type { ScimDialectName } from '../../../simulators/scim/dialects.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import { describeConformance, unfiltered, type TestedSystem } from '../../support/conformance.js';

const { replace = {}, patch = {} } = SCIM_SAMPLES.updateModeProperties ?? {};
const only = (modes: NonNullable<EntitySamples['updateModeProperties']>) => ({
  samples: { ...SCIM_SAMPLES, updateModeProperties: modes },
});

const FULL_READS = 'A server that refuses the filter is read in full; the job says so.';
const NO_LOOK_UP =
  'Without a filter nobody can be looked up: the conflict stands as failed, and a create whose outcome is unknown waits for a person.';
const noFilter = {
  'delta-delivers-changes': FULL_READS,
  'mark-before-first-page': FULL_READS,
};

const dialects: readonly (Partial<TestedSystem> & { readonly dialect: ScimDialectName })[] = [
  { dialect: 'standard', without: [] },
  { dialect: 'demo-modern', ...only({ patch }) },
  {
    dialect: 'demo-legacy',
    samples: { ...unfiltered(SCIM_SAMPLES), updateModeProperties: { replace } },
    deviations: noFilter,
  },
  {
    dialect: 'put-keeps-absent',
    deviations: { 'optional-goes-replace': 'Use PATCH: it removes each attribute by name.' },
  },
  { dialect: 'caps-page' },
  {
    dialect: 'no-filter',
    samples: unfiltered(SCIM_SAMPLES),
    deviations: {
      ...noFilter,
      'conflict-then-found': NO_LOOK_UP,
      'nothing-found': NO_LOOK_UP,
      'awkward-names-found': NO_LOOK_UP,
    },
  },
  { dialect: 'conflict-400' },
  { dialect: 'conflict-bare' },
  {
    dialect: 'no-total',
    deviations: {
      'changes-while-reading': 'Who was passed over is asked for by id before anything is deleted.',
      'confirmed-together': 'A list without a total may be cut, so it proves nobody absent: each is asked for alone.',
    },
  },
  { dialect: 'etags' },
  { dialect: 'etags-required', properties: { 'scim.include.if.match.wildcard.header': 'true' } },
  { dialect: 'json-only', properties: { 'scim.content.type': 'application/json' } },
  { dialect: 'location-only' },
  { dialect: 'fixed-groups', properties: { 'scim.profile': '{"groups":"members-only"}' } },
  { dialect: 'uaa', factory: uaaFactory, samples: UAA_SAMPLES },
];

for (const { dialect, ...differences } of dialects) {
  describeConformance({
    name: `simulated: ${dialect}`,
    factory: scimSystemFactory,
    samples: SCIM_SAMPLES,
    exampleAddress: 'http://127.0.0.1',
    hasSecrets: false,
    without: ['faults'],
    ...differences,
    start: async () => {
      const simulator = await startScimSimulator({ dialect });
      return {
        properties: { URL: simulator.url, Authentication: 'NoAuthentication' },
        secrets: {},
        stop: () => simulator.stop(),
      };
    },
  });
}
