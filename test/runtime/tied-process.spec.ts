import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../runtime/config.js';
import { settledWithin, startTiedProcess } from '../../runtime/tied-process.js';

const { searchPath } = loadConfig();

/** A node process that starts `sleep` through the compiled launcher, tells its pid, and waits. */
function startParent(pathOfChild: string): ChildProcess {
  const launcher = join(process.cwd(), 'node_modules/.cache/muster-test/runtime/tied-process.js');
  const script = `
    import { startTiedProcess } from ${JSON.stringify(launcher)};
    const child = await startTiedProcess({
      command: '/bin/sleep', args: ['120'], signalOnParentDeath: 'SIGTERM',
      searchPath: ${JSON.stringify(pathOfChild)}, onLine() {},
    });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** True while the process exists and is more than an entry waiting to be collected. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function childOf(parent: ChildProcess): Promise<number> {
  if (parent.stdout === null) throw new Error('no output');
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  return Number(line);
}

describe('a tied process', () => {
  it.each([
    ['by the kernel', searchPath],
    ['by the guard, where setpriv is missing', '/nowhere'],
  ])('ends when its parent is killed with -9 (%s)', async (_way, pathOfChild) => {
    const parent = startParent(pathOfChild);
    const child = await childOf(parent);
    expect(runs(child)).toBe(true);
    parent.kill('SIGKILL');
    const giveUpAt = Date.now() + 5000;
    while (runs(child) && Date.now() < giveUpAt) await new Promise((wake) => setTimeout(wake, 20));
    const survived = runs(child);
    if (survived) process.kill(child, 'SIGKILL');
    expect(survived).toBe(false);
  });

  it('is stopped with the first signal that works', async () => {
    const child = await startTiedProcess({
      command: '/bin/sh',
      args: ['-c', 'trap "" TERM; echo armed; while :; do sleep 0.05; done'],
      signalOnParentDeath: 'SIGTERM',
      searchPath,
      onLine: () => armed(),
    });
    let armed: () => void = () => undefined;
    await settledWithin(new Promise<void>((resolve) => (armed = resolve)), 5000);
    const exit = await child.stop([
      { signal: 'SIGTERM', graceMs: 100 },
      { signal: 'SIGKILL', graceMs: 5000 },
    ]);
    expect(exit.signal).toBe('SIGKILL');
    expect(child.isRunning()).toBe(false);
  });

  it('says which program cannot be started', async () => {
    const start = startTiedProcess({
      command: '/nowhere/program',
      args: [],
      signalOnParentDeath: 'SIGTERM',
      searchPath: '/nowhere',
      onLine: () => undefined,
    });
    await expect(start).rejects.toThrow(/\/nowhere\/program cannot be started: .*ENOENT/);
  });
});
