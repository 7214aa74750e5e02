import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { loadConfig } from '../../runtime/config.js';
import { completeLibraryLinks } from '../../runtime/embedded/postgres-binaries.js';
import { startEmbeddedPostgres } from '../../runtime/embedded/postgres.js';
import type { EmbeddedPostgres } from '../../runtime/embedded/postgres.js';
import { createLogger } from '../../runtime/logger.js';

const { searchPath } = loadConfig();
const log = createLogger({ logLevel: 'silent' }, {});

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // The end of the server ends the session too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('embedded PostgreSQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-postgres-'));
  const dataDir = join(folder, 'postgres');
  let server: EmbeddedPostgres;
  const start = async (): Promise<EmbeddedPostgres> =>
    (server = await startEmbeddedPostgres({ dataDir, log, durability: 'test', searchPath }));

  beforeAll(async () => {
    await start();
    await query(server.url, 'CREATE TABLE kept (value int); INSERT INTO kept VALUES (1)');
  });
  afterEach(async () => {
    await server.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('listens on 127.0.0.1 only, without a unix socket', async () => {
    const [settings] = await query(
      server.url,
      `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
              current_setting('max_connections') AS connections, current_setting('server_encoding') AS encoding`,
    );
    expect(settings).toEqual({ addresses: '127.0.0.1', sockets: '', connections: '100', encoding: 'UTF8' });
  });

  it('keeps a random password in a file that only the owner reads, and lets nobody in without it', async () => {
    await start();
    const file = join(dataDir, 'password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = readFileSync(file, 'utf8').trim();
    expect(password.length).toBeGreaterThanOrEqual(32);
    await expect(query(server.url.replace(password, 'wrong'), 'SELECT 1')).rejects.toThrow(/password authentication/);
  });

  it('finds its data at the next start', async () => {
    await start();
    expect(await query(server.url, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  });

  it('comes up after a predecessor that was killed', async () => {
    const killed = await start();
    process.kill(killed.pid, 'SIGKILL');
    expect((await killed.exited).signal).toBe('SIGKILL');
    await start();
    expect(await query(server.url, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  });

  it('comes up when the pid of the predecessor now belongs to another program', async () => {
    const other = spawn('/bin/sleep', ['60']);
    await once(other, 'spawn');
    writeFileSync(join(dataDir, 'cluster', 'postmaster.pid'), `${other.pid ?? 0}\n${dataDir}/cluster\n`);
    await start();
    expect(await query(server.url, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
    expect(other.exitCode).toBeNull();
    other.kill();
  });

  it('shuts down a predecessor that lost its launcher and still runs', async () => {
    const orphan = await start();
    await start();
    expect(server.pid).not.toBe(orphan.pid);
    expect((await orphan.exited).code).toBe(0);
    expect(await query(server.url, 'SELECT value FROM kept')).toEqual([{ value: 1 }]);
  });

  it('reports its end, and stops twice without harm', async () => {
    await start();
    await server.stop();
    await server.stop();
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('gives the last lines of a server that does not come up', async () => {
    await start();
    const second = startEmbeddedPostgres({
      dataDir: join(folder, 'second'),
      port: server.port,
      log,
      durability: 'test',
      searchPath,
    });
    await expect(second).rejects.toThrow(/did not start[\s\S]*Address already in use/);
  });
});

const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

describeAsRoot('embedded PostgreSQL for root without user namespaces', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-postgres-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const start = (path: string) =>
    startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log, durability: 'test', searchPath: path });

  it('runs as nobody on a folder that nobody owns, and says so when nobody cannot enter it', async () => {
    await expect(start('/nowhere')).rejects.toThrow(/uid 65534 cannot enter .* or set DATABASE_URL/);
    chmodSync(folder, 0o711);
    const server = await start('/nowhere');
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(statSync(`/proc/${server.pid}`).uid).toBe(65534);
    await server.stop();
    // The folder is nobody's now: it stays so, also where user namespaces are allowed.
    const again = await start(searchPath);
    expect(statSync(join(folder, 'postgres')).uid).toBe(65534);
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await again.stop();
  });
});

describe('library links of the PostgreSQL package', () => {
  it('are made when npm was told not to run scripts, once', () => {
    const root = mkdtempSync(join(tmpdir(), 'muster-links-'));
    mkdirSync(join(root, 'native/lib'), { recursive: true });
    writeFileSync(join(root, 'native/lib/libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(root, 'native/pg-symlinks.json'), JSON.stringify(links));
    expect(completeLibraryLinks(root)).toBe(1);
    expect(lstatSync(join(root, 'native/lib/libpq.so.5')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(root, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18');
    expect(completeLibraryLinks(root)).toBe(0);
    rmSync(root, { recursive: true });
  });
});
