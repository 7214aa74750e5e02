import { afterAll, describe, expect, it } from '@jest/globals';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { childEnvironment, loadConfig } from '../../runtime/config.js';
import { findTemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import { createLogger } from '../../runtime/logger.js';
import { createEmptyTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { testTemporal } from '../support/temporal.js';

const temporal = await testTemporal();

describe('PostgreSQL of the test run', () => {
  const databases: TestDatabase[] = [];
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('gives each suite a database of its own', async () => {
    databases.push(await createEmptyTestDatabase(), await createEmptyTestDatabase());
    const names = await Promise.all(
      databases.map(async ({ url }) => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
        await client.end();
        return rows[0]?.name;
      }),
    );
    expect(new Set(names).size).toBe(2);
  });
});

temporal.describe('Temporal dev server of the test run', () => {
  it('knows the search attributes that every workflow start names', async () => {
    const connection = await Connection.connect({ address: temporal.address });
    const known = await connection.operatorService.listSearchAttributes({ namespace: temporal.namespace });
    await connection.close();
    expect(Object.keys(known.customAttributes ?? {})).toEqual(
      expect.arrayContaining(['MusterSource', 'MusterJob', 'MusterTrigger']),
    );
  });

  it('is not mistaken for one that cannot have its port', async () => {
    const log = createLogger({ logLevel: 'silent' }, {});
    const { searchPath, cacheDir } = loadConfig(childEnvironment({}));
    const binary = await findTemporalBinary({ cliPath: undefined, searchPath, cacheDir, onProgress: () => undefined });
    const port = Number(temporal.address.split(':')[1]);
    const start = startTemporalDevServer({ binary, dataDir: undefined, port, log, searchPath });
    await expect(start).rejects.toThrow(/did not start: it ended at once/);
  });
});
