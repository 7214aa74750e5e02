import { SCIM_SAMPLES } from '../../../connectors/scim/samples.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { startBetterAuthScim, startScimmy, type ForeignScimServer } from '../../support/foreign-scim.js';
import { describeConformance, unfiltered, type RunningSystem } from '../../support/conformance.js';

function running({ auth, url, stop }: ForeignScimServer): RunningSystem {
  return auth.kind === 'basic'
    ? { properties: { URL: url, User: auth.user }, secrets: { Password: auth.password }, stop }
    : { properties: { URL: url }, secrets: { 'ips.http.header.authorization': `Bearer ${auth.token}` }, stop };
}

const FULL_READS = 'It refuses the filter by time, so every read is a full read; the job says so.';

const scim = {
  factory: scimSystemFactory,
  samples: SCIM_SAMPLES,
  exampleAddress: 'http://127.0.0.1',
  hasSecrets: true,
};

describeConformance({
  ...scim,
  name: 'scimmy (express 4)',
  deviations: {
    'awkward-names-found':
      'It does not understand \\" in filters, so such a name cannot be looked up: the conflict stands as failed, nobody is adopted.',
    'members-are-a-set':
      'A member is added only when it is not known to be one; PUT writes the whole list and heals what was added twice.',
  },
  start: async () => running(await startScimmy()),
});
describeConformance({
  ...scim,
  name: 'better-auth',
  samples: unfiltered(SCIM_SAMPLES),
  deviations: {
    'delta-delivers-changes': FULL_READS,
    'mark-before-first-page': FULL_READS,
    'nested-group': 'Groups in groups are refused (400): the group is reported as failed, with its reason.',
  },
  start: async () => running(await startBetterAuthScim()),
});
