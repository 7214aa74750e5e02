import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { startApi } from '../../api/main.js';
import { loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { createEmptyTestDatabase, createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

const silent = pino({ level: 'silent' });
let home: string;
let database: TestDatabase;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'muster-start-'));
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  await rm(home, { recursive: true });
});

function config(env: Record<string, string> = {}, port = 0): Config {
  const loaded = loadConfig({ DATABASE_URL: database.url, MUSTER_HOME: home, ...env });
  return { ...loaded, api: { host: '127.0.0.1', port, portIsConfigured: true } };
}

describe('startApi', () => {
  it('prints the password of the first administrator once, whatever the level of the log', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    const first = await startApi(config(), { log });
    await first.stop();
    const second = await startApi(config(), { log });
    await second.stop();
    expect(first.bootstrapPassword).toMatch(/^[\w-]{24}$/);
    expect(second.bootstrapPassword).toBeUndefined();
    expect(lines.filter((line) => line.includes(String(first.bootstrapPassword)))).toHaveLength(1);
  });

  it('stops as often as it is asked to', async () => {
    const api = await startApi(config(), { log: silent });
    await Promise.all([api.stop(), api.stop()]);
    await expect(fetch(`${api.url}/api/v1/health/live`)).rejects.toThrow();
  });

  it('says so when the database was never migrated', async () => {
    const empty = await createEmptyTestDatabase();
    try {
      await expect(startApi(config({ DATABASE_URL: empty.url }), { log: silent })).rejects.toThrow(
        'run `muster migrate` first',
      );
    } finally {
      await empty.drop();
    }
  });

  it('CRD-2: refuses a master key that does not fit the database', async () => {
    const api = await startApi(config(), { log: silent });
    await api.stop();
    const other = join(home, 'other.key');
    await writeFile(other, randomBytes(32).toString('base64'));
    await expect(startApi(config({ MUSTER_MASTER_KEY_FILE: other }), { log: silent })).rejects.toThrow(
      'not in the key file',
    );
  });

  it('CRD-2: does not make up a key in the place of a configured file that is missing', async () => {
    const missing = join(home, 'missing.key');
    await expect(startApi(config({ MUSTER_MASTER_KEY_FILE: missing }), { log: silent })).rejects.toThrow(
      'missing.key cannot be read',
    );
  });

  it('rejects when the port is taken, and leaves no connection behind', async () => {
    const holder = await startApi(config(), { log: silent });
    try {
      await expect(startApi(config({}, Number(new URL(holder.url).port)), { log: silent })).rejects.toThrow(
        'EADDRINUSE',
      );
    } finally {
      await holder.stop();
    }
  });
});
