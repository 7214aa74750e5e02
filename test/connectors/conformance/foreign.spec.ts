import { describe, expect, it } from '@jest/globals';
import type { ProbeReport } from '../../../connectors/probe-report.js';
import { SCIM_SAMPLES } from '../../../connectors/scim/samples.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { startBetterAuthScim, startScimmy, type ForeignScimServer } from '../../support/foreign-scim.js';
import { openScim, person } from '../support/scim.js';
import { testScim2Server } from '../../support/scim2-server.js';
import type { CheckResult } from '../../../connectors/conformance/index.js';
import { describeTable, mustDocumentProbes } from '../../support/compatibility-table.js';
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

const SCIMMY = {
  'awkward-names-found':
    'It does not understand \\" in filters, so such a name cannot be looked up: the conflict stands as failed, nobody is adopted.',
  'members-are-a-set':
    'A member is added only when it is not known to be one; PUT writes the whole list and heals what was added twice.',
  'members-join-twice-patch': 'The same; with PUT, or with members.repeated of the profile, nobody is assigned twice.',
};

const scimmy4 = describeConformance({
  ...scim,
  name: 'SCIMMY (express 4)',
  deviations: SCIMMY,
  start: async () => running(await startScimmy()),
});
const scimmy5 = describeConformance({
  ...scim,
  name: 'SCIMMY (express 5)',
  deviations: {
    ...SCIMMY,
    'page-size':
      'Everybody comes with the first page, whatever is asked for: accepted up to 5 MB. Above that the read fails as too large, and nobody is deleted.',
  },
  start: async () => running(await startScimmy({ express: 5 })),
});
const betterAuth = describeConformance({
  ...scim,
  name: 'Better Auth',
  samples: unfiltered(SCIM_SAMPLES),
  deviations: {
    'delta-delivers-changes': FULL_READS,
    'mark-before-first-page': FULL_READS,
    'nested-group': 'Groups in groups are refused (400): the group is reported as failed, with its reason.',
  },
  start: async () => running(await startBetterAuthScim()),
});

const scim2Server = testScim2Server();
let python: readonly CheckResult[] = [];
scim2Server.describe('of PyPI', () => {
  python = describeConformance({
    ...scim,
    name: 'scim2-server',
    deviations: {
      'members-who-leave':
        'Who is deleted stays in its groups: the group is written without them when its members change in the source, and by a Resync.',
    },
    start: async () => running(await scim2Server.start()),
  });
});

describeTable('scim', {
  'SCIMMY 1.3.5, scimmy-routers 1.3.2, express 4.21.2': scimmy4,
  'the same, express 5.1.0': scimmy5,
  '@better-auth/scim 1.7.5': betterAuth,
  'scim2-server 0.8.3': python,
});

describe('docs/compatibility.md', () => {
  const starters = { 'SCIMMY, express 4': () => startScimmy(), 'SCIMMY, express 5': () => startScimmy({ express: 5 }) };
  const all = { ...starters, 'Better Auth': startBetterAuthScim, 'scim2-server': () => scim2Server.start() };
  const reports: Record<string, ProbeReport> = {};

  it.each(Object.entries(all))(
    'the probe of %s finds out what it does, and leaves nothing behind',
    async (name, start) => {
      if (name === 'scim2-server' && python.length === 0) return;
      const server = await start();
      const { properties, secrets, stop } = running(server);
      const connector = openScim(server.url, {
        properties: { 'scim.discovery': 'auto', Authentication: 'BasicAuthentication', ...properties },
        secrets,
      });
      for (const n of [1, 2, 3]) await connector.create('user', person(n), {});
      const report = await connector.probe?.({ mayWrite: true });
      expect(report?.leftBehind).toEqual([]);
      expect((await server.snapshot()).users).toHaveLength(3);
      if (report !== undefined) reports[name] = report;
      await connector.close();
      await stop();
    },
    60_000,
  );

  it('the table of what probes find is what they found here', () => {
    if (Object.keys(reports).length === Object.keys(all).length) mustDocumentProbes('scim', reports);
  });
});
