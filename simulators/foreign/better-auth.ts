import type { RequestListener } from 'node:http';
import type { BetterAuthOptions, BetterAuthPlugin } from 'better-auth';
import type { memoryAdapter as createMemoryAdapter } from 'better-auth/adapters/memory';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import {
  authorizationOf,
  listen,
  loadForeign,
  type ForeignScimAuth,
  type ForeignScimServer,
} from './foreign-server.js';

const AUTH = { kind: 'bearer', token: 'better-auth-scim-test-token' } as const satisfies ForeignScimAuth;

/** Tables of the memory adapter: rows by model name. */
type MemoryTables = Record<string, Record<string, unknown>[]>;

/**
 * Starts Better Auth with its SCIM plugin on tables in memory, empty, with one provisioning connection and its bearer token. Users and
 * groups come in by SCIM only: the plugin owns what it provisions.
 */
export async function startBetterAuthScim(): Promise<ForeignScimServer> {
  const { betterAuth } = await loadForeign('better-auth', () => import('better-auth'));
  const { getAuthTables } = await loadForeign('better-auth', () => import('better-auth/db'));
  const { toNodeHandler } = await loadForeign('better-auth', () => import('better-auth/node'));
  const { scim } = await loadForeign('@better-auth/scim', () => import('@better-auth/scim'));

  const { origin, stop } = await listen((request, response) => {
    void handler(request, response);
  });
  const credentials = [{ type: 'bearer' as const, id: 'muster', token: AUTH.token }];
  const plugin = scim({ connections: [{ id: 'muster', credentials }] });
  const options: BetterAuthOptions = {
    baseURL: origin,
    secret: 'a secret of a server that lives as long as a test',
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: 'error' },
    // Its default of 100 refuses groups of more than 100 members, which the plugin means to allow (1,000).
    advanced: { database: { defaultFindManyLimit: 100_000 } },
    // The plugin's types were made without exactOptionalPropertyTypes: `undefined` where ours say absent.
    plugins: [plugin as unknown as BetterAuthPlugin],
  };
  const tables: MemoryTables = {};
  for (const { modelName } of Object.values(getAuthTables(options))) tables[modelName] = [];
  const auth = betterAuth({ ...options, database: await serialMemoryAdapter(tables) });
  // Set in the same turn in which the port is told, so before any request.
  const handler: (...given: Parameters<RequestListener>) => Promise<void> = toNodeHandler(auth);
  const url = `${origin}/api/auth/scim/v2`;

  return {
    name: 'better-auth 1.7.5 with @better-auth/scim 1.7.5',
    url,
    auth: AUTH,
    snapshot: async () => ({ users: await readAll(`${url}/Users`), groups: await readAll(`${url}/Groups`) }),
    stop,
  };
}

/**
 * Better Auth's memory adapter with transactions that are run one after the other on the tables themselves and undone when they fail.
 * Its own ones copy all tables twice, which takes 35 ms for each write among 1,000 users.
 */
async function serialMemoryAdapter(tables: MemoryTables): Promise<ReturnType<typeof createMemoryAdapter>> {
  const { memoryAdapter } = await loadForeign('better-auth', () => import('better-auth/adapters/memory'));
  const createAdapter = memoryAdapter(tables);
  let last: Promise<unknown> = Promise.resolve();
  return (options) => {
    const adapter = createAdapter(options);
    return {
      ...adapter,
      transaction: async (work) => {
        const run = last.then(async () => {
          const saved = Object.entries(tables).map(([name, rows]) => [name, rows.map((row) => ({ ...row }))] as const);
          try {
            return await work(adapter);
          } catch (error) {
            for (const [name, rows] of saved) tables[name] = rows;
            throw error;
          }
        });
        last = run.catch(() => undefined);
        return run;
      },
    };
  };
}

/** Everything of a collection, page by page. */
async function readAll(collectionUrl: string): Promise<JsonObject[]> {
  const all: JsonObject[] = [];
  for (;;) {
    const response = await fetch(`${collectionUrl}?startIndex=${all.length + 1}&count=100`, {
      headers: { authorization: authorizationOf(AUTH) },
    });
    const answer: unknown = await response.json();
    const resources: JsonValue = isJsonObject(answer) ? (answer['Resources'] ?? []) : [];
    if (!response.ok || !Array.isArray(resources)) throw new Error(`${collectionUrl} answered ${response.status}`);
    if (resources.length === 0) return all;
    all.push(...resources.filter(isJsonObject));
  }
}
