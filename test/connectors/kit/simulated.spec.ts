import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import type { ScimDialectName } from '../../../simulators/scim/dialects.js';
import { openScim } from '../support/scim.js';
import { describeConformance } from './kit.js';
import { EVERYTHING, type Subject, type SubjectTraits } from './subject.js';

async function start(dialect: ScimDialectName, properties: Record<string, string>): Promise<Subject> {
  const simulator = await startScimSimulator({ dialect });
  return {
    open: (more = {}) => openScim(simulator.url, { properties: { 'scim.discovery': 'auto', ...properties, ...more } }),
    userInSystem: (id) => Promise.resolve(simulator.store.get('User', id)),
    writeCount: () => simulator.journal.writesSince(0).length,
    stop: () => simulator.stop(),
  };
}

const dialects: readonly (Partial<SubjectTraits> & {
  readonly dialect: ScimDialectName;
  readonly properties?: Record<string, string>;
})[] = [
  { dialect: 'standard' },
  { dialect: 'demo-modern', put: false },
  { dialect: 'demo-legacy', patch: false },
  { dialect: 'put-keeps-absent', putClears: false },
  { dialect: 'caps-page' },
  { dialect: 'no-filter', filters: false, joinsFilters: false },
  { dialect: 'conflict-400' },
  { dialect: 'conflict-bare' },
  { dialect: 'no-total' },
  { dialect: 'etags' },
  { dialect: 'etags-required', properties: { 'scim.include.if.match.wildcard.header': 'true' } },
  { dialect: 'json-only', properties: { 'scim.content.type': 'application/json' } },
  { dialect: 'location-only' },
];

for (const { dialect, properties = {}, ...traits } of dialects) {
  describeConformance({
    ...EVERYTHING,
    ...traits,
    name: `simulated: ${dialect}`,
    start: () => start(dialect, properties),
  });
}
