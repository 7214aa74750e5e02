import { applyEvolution } from '../../simulators/evolution.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { SEED } from './landscape.js';
import type { Content, DemoTarget, Landscape, LandscapeSize } from './landscape.js';

/** Servers of the demo wait this long before each answer, as a near server does. */
const LATENCY_MS = 2;

const HR_ACCOUNT = { user: 'muster', password: 'password of the HR directory' };
const MODERN_CLIENT = { clientId: 'muster', clientSecret: 'secret of the cloud directory' };
const LEGACY_TOKEN = 'token-of-the-intranet-directory';

/** Starts three simulated SCIM servers: an HR directory with people and groups, and two empty targets that speak different dialects. */
export async function startSimulatedLandscape(size: LandscapeSize): Promise<Landscape> {
  const population = generatePopulation({ people: size.people, groups: size.groups, seed: SEED });
  const latency = { default: { fixedMs: LATENCY_MS } };
  // Room for every request of the largest job.
  const journal = { capacity: 10_000 + 10 * (size.people + size.groups) };
  const hr = await startScimSimulator({
    users: population.people,
    groups: population.groups,
    auth: { kind: 'basic', ...HR_ACCOUNT },
    latency,
  });
  const modern = await startScimSimulator({
    dialect: 'demo-modern',
    auth: { kind: 'oauth', ...MODERN_CLIENT },
    idPrefix: 'cloud-',
    latency,
    journal,
  });
  const legacy = await startScimSimulator({
    dialect: 'demo-legacy',
    auth: { kind: 'bearer', token: LEGACY_TOKEN },
    idPrefix: 'intranet-',
    latency,
    journal,
  });
  const common = { 'scim.max.concurrent.writes': String(size.concurrentWrites) };
  return {
    population,
    source: {
      name: 'HR directory',
      description: 'SCIM by the book, pages of 100, basic authentication',
      properties: { URL: hr.url, User: HR_ACCOUNT.user },
      credentials: { Password: HR_ACCOUNT.password },
      content: () => contentOf(hr),
      apply: (evolution) => {
        applyEvolution(hr.store, evolution);
        return Promise.resolve(evolution.population);
      },
      hide: (personIds) => hr.hidden.hide('User', personIds, 'everywhere'),
      showAll: () => hr.hidden.clear(),
    },
    targets: [
      target(modern, {
        name: 'Cloud directory',
        description: 'PATCH with entity tags, OAuth 2.0 client credentials',
        properties: {
          ...common,
          URL: modern.url,
          User: MODERN_CLIENT.clientId,
          OAuth2TokenServiceURL: modern.tokenUrl,
          'scim.support.patch.operation': 'true',
        },
        credentials: { Password: MODERN_CLIENT.clientSecret },
      }),
      target(legacy, {
        name: 'Intranet directory',
        description: 'PUT only, plain JSON, pages cut at 50, no discovery, static token',
        properties: {
          ...common,
          URL: legacy.url,
          Authentication: 'NoAuthentication',
          'scim.content.type': 'application/json',
          'scim.discovery': 'off',
        },
        credentials: { 'ips.http.header.Authorization': `Bearer ${LEGACY_TOKEN}` },
      }),
    ],
    stop: async () => void (await Promise.all([hr.stop(), modern.stop(), legacy.stop()])),
  };
}

function target(
  simulator: ScimSimulator,
  system: Pick<DemoTarget, 'name' | 'description' | 'properties' | 'credentials'>,
): DemoTarget {
  return {
    ...system,
    content: () => contentOf(simulator),
    mark: () => simulator.journal.mark(),
    writesSince: (mark) => simulator.journal.writesSince(mark).length,
    setWriteLatencyMs: (latencyMs) => {
      const slow = { fixedMs: LATENCY_MS + latencyMs };
      const normal = { fixedMs: LATENCY_MS };
      simulator.latency.set({ default: normal, create: slow, replace: slow, patch: slow, delete: slow });
    },
  };
}

function contentOf({ store }: ScimSimulator): Promise<Content> {
  return Promise.resolve({ users: store.list('User'), groups: store.list('Group') });
}
