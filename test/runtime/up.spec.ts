import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { childEnvironment } from '../../runtime/config.js';
import { testTemporal } from '../support/temporal.js';

const temporal = await testTemporal();
/** Each start brings up four processes; other suites may want the processors too. */
jest.setTimeout(180_000);
const MAIN = 'dist/cli/main.js';

/** A `muster up` and what it has printed so far. */
interface Up {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves with the first line that fits. */
  line(pattern: RegExp): Promise<string>;
}

function up(home: string): Up {
  if (!existsSync(MAIN)) throw new Error('The compiled product is missing: run npm run build first.');
  const env = childEnvironment({ MUSTER_HOME: home, DATABASE_URL: '', TEMPORAL_ADDRESS: '', MUSTER_API_PORT: '' });
  const child = spawn(process.execPath, [MAIN, 'up'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      waiting.filter(({ pattern }) => pattern.test(line)).forEach(({ resolve }) => resolve(line));
    });
  }
  const line = (pattern: RegExp): Promise<string> => {
    const printed = lines.find((text) => pattern.test(text));
    return printed !== undefined
      ? Promise.resolve(printed)
      : new Promise((resolve, reject) => {
          waiting.push({ pattern, resolve });
          child.once('exit', () => reject(new Error(`muster up ended early:\n${lines.join('\n')}`)));
        });
  };
  return { process: child, lines, line };
}

/** Processes that name the state folder on their command line or have it in their environment. */
function processesOf(home: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const texts = [readFileSync(`/proc/${pid}/cmdline`, 'utf8'), readFileSync(`/proc/${pid}/environ`, 'utf8')];
        return texts.some((text) => text.includes(home));
      } catch {
        return false;
      }
    });
}

async function gone(home: string): Promise<string[]> {
  const giveUpAt = Date.now() + 10_000;
  while (processesOf(home).length > 0 && Date.now() < giveUpAt) await new Promise((wake) => setTimeout(wake, 50));
  return processesOf(home);
}

temporal.describe('muster up', () => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'muster-up-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('prints where everything is, and ends with code 0 on Ctrl-C', async () => {
    const running = up(home);
    await running.line(/^Ctrl-C stops everything/);
    const text = running.lines.join('\n');
    for (const name of ['API ', 'API docs', 'Temporal Web UI', 'PostgreSQL']) expect(text).toContain(name);
    expect(text).toMatch(/sign in as admin with the password \S{16,}/);
    expect(text).toContain('postgres://muster:***@');
    const second = up(home);
    expect(await second.line(/in use by another muster/)).toContain(`process ${running.process.pid ?? 0}`);
    running.process.kill('SIGINT');
    expect(await once(running.process, 'exit')).toEqual([0, null]);
    expect(await gone(home)).toEqual([]);
  });

  it('leaves nothing running when it is killed with -9, and can be started again', async () => {
    const killed = up(home);
    await killed.line(/^Ctrl-C stops everything/);
    expect(processesOf(home).length).toBeGreaterThanOrEqual(5);
    killed.process.kill('SIGKILL');
    await once(killed.process, 'exit');
    expect(await gone(home)).toEqual([]);
    const again = up(home);
    await again.line(/^Ctrl-C stops everything/);
    again.process.kill('SIGTERM');
    expect(await once(again.process, 'exit')).toEqual([0, null]);
  });

  it('refuses an environment it does not understand, without a stack trace', () => {
    const env = childEnvironment({ MUSTER_HOME: home, MUSTER_API_PROT: '8080' });
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'up'], { env, encoding: 'utf8', timeout: 60_000 });
    expect(status).toBe(1);
    expect(stderr).toContain('MUSTER_API_PROT: unknown setting, did you mean MUSTER_API_PORT?');
    expect(stderr).not.toContain('    at ');
  });

  it.each(['api', 'worker', 'migrate'])('%s asks for a database when none is configured', (command) => {
    const env = childEnvironment({ MUSTER_HOME: home, DATABASE_URL: '' });
    const { status, stderr } = spawnSync(process.execPath, [MAIN, command], { env, encoding: 'utf8', timeout: 60_000 });
    expect(status).toBe(1);
    expect(stderr).toContain('DATABASE_URL is not set');
  });
});
