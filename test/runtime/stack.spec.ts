import { createServer } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { startStack } from '../../cli/stack.js';
import type { RunningStack } from '../../cli/stack.js';
import type { WantedPorts } from '../../cli/stack/ports.js';
import { childEnvironment, loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { createLogger } from '../../runtime/logger.js';
import { ephemeralPort } from '../../runtime/ports.js';
import { createEmptyTestDatabase } from '../support/database.js';
import { testTemporal } from '../support/temporal.js';

const temporal = await testTemporal();
/** Each start brings up four processes; other suites may want the processors too. */
jest.setTimeout(180_000);
const log = createLogger({ logLevel: 'silent' }, {});

beforeAll(() => {
  if (!existsSync('dist/cli/main.js')) throw new Error('The compiled product is missing: run npm run build first.');
});

/** A configuration of the defaults on a state folder, whatever is set in the environment of the test run. */
function configOf(home: string, env: Record<string, string> = {}): Config {
  const unset = { DATABASE_URL: '', TEMPORAL_ADDRESS: '', MUSTER_API_PORT: '', MUSTER_MASTER_KEY_FILE: '' };
  return loadConfig(childEnvironment({ ...unset, MUSTER_HOME: home, ...env }));
}

async function status(stack: RunningStack): Promise<number> {
  return (await fetch(`${stack.urls.api}/api/v1/health/ready`)).status;
}

temporal.describe('startStack', () => {
  const home = mkdtempSync(join(tmpdir(), 'muster-stack-'));
  const said: string[] = [];
  let onSay: (text: string) => void = () => undefined;
  let stack: RunningStack | undefined;

  const start = async (config = configOf(home), wanted: WantedPorts = {}): Promise<RunningStack> => {
    const free = { api: await ephemeralPort(), postgres: await ephemeralPort(), temporal: await ephemeralPort() };
    const ports = { ...free, ...wanted };
    const say = (text: string): void => {
      said.push(text);
      onSay(text);
    };
    stack = await startStack({ config, ports, log, say, print: () => undefined, durability: 'test' });
    return stack;
  };
  /** Resolves when something with these words is said. */
  const heard = (words: RegExp): Promise<void> =>
    new Promise((resolve) => {
      onSay = (text) => {
        if (words.test(text)) resolve();
      };
    });

  afterEach(async () => {
    await stack?.stop();
    stack = undefined;
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('embeds what is not configured, in order, and hands over the first password', async () => {
    const first = await start();
    expect(Object.keys(first.pids()).sort()).toEqual(['api', 'postgres', 'temporal', 'worker']);
    expect(await status(first)).toBe(200);
    expect((await fetch(first.urls.apiDocs)).status).toBe(200);
    const password = first.bootstrapPassword ?? '';
    expect(password.length).toBeGreaterThanOrEqual(16);
    for (const name of ['api', 'worker']) {
      expect(readFileSync(join(home, 'logs', `${name}.log`), 'utf8')).not.toContain(password);
    }
  });

  it('finds its data at the next start, keeps others out, and starts dead children again at the same address', async () => {
    const again = await start();
    expect(again.bootstrapPassword).toBeUndefined();
    const second = startStack({ config: configOf(home), log, say: () => undefined, print: () => undefined });
    await expect(second).rejects.toThrow(new RegExp(`in use by another muster \\(process ${process.pid}, since 20`));
    for (const name of ['api', 'worker', 'postgres']) {
      const before = again.pids()[name] ?? 0;
      const restarted = heard(new RegExp(`^${name} runs again`));
      process.kill(before, 'SIGKILL');
      await restarted;
      expect(again.pids()[name]).not.toBe(before);
    }
    expect(await status(again)).toBe(200);
  });

  it('moves on when another program takes a port between the choice and the start', async () => {
    const thief = createServer();
    const taken = await ephemeralPort();
    onSay = (text) => {
      if (text === 'starting PostgreSQL') thief.listen(taken, '127.0.0.1');
    };
    const moved = await start(configOf(home), { api: taken });
    const { port } = new URL(moved.urls.api);
    expect(said).toContain(`another program took port ${taken} meanwhile: ${port} is used instead`);
    expect(await status(moved)).toBe(200);
    await new Promise((closed) => thief.close(closed));
  });

  it('does not make a new master key over a database that is sealed with a lost one', async () => {
    rmSync(join(home, 'master.key'));
    await expect(start()).rejects.toThrow(/master key .* is missing/);
    expect(existsSync(join(home, 'master.key'))).toBe(false);
  });

  it('stops what it has started when it is interrupted', async () => {
    const fresh = mkdtempSync(join(tmpdir(), 'muster-stack-'));
    const interrupted = new AbortController();
    const config = configOf(fresh);
    const say = (text: string): void => {
      if (text.startsWith('bringing the database')) interrupted.abort();
    };
    const starting = startStack({
      config,
      log,
      say,
      print: () => undefined,
      durability: 'test',
      signal: interrupted.signal,
    });
    await expect(starting).rejects.toThrow(/stopped before/);
    expect(existsSync(join(fresh, 'postgres/cluster/postmaster.pid'))).toBe(false);
    expect(existsSync(join(fresh, 'lock'))).toBe(false);
    rmSync(fresh, { recursive: true, force: true });
  });
});

temporal.describe('startStack with everything configured', () => {
  it('embeds nothing', async () => {
    const home = mkdtempSync(join(tmpdir(), 'muster-stack-'));
    const database = await createEmptyTestDatabase();
    const config = configOf(home, { DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address });
    const ports = { api: await ephemeralPort() };
    const stack = await startStack({ config, ports, log, say: () => undefined, print: () => undefined });
    expect(Object.keys(stack.pids()).sort()).toEqual(['api', 'worker']);
    expect(stack.urls).toMatchObject({ temporal: temporal.address, database: database.url });
    expect(await status(stack)).toBe(200);
    await stack.stop();
    await stack.exited;
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });
});
