import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tryLock, waitForLock } from '../../runtime/file-lock.js';

describe('file lock', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-lock-'));
    path = join(folder, 'state', 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('says who holds it, and since when', () => {
    const before = Date.now();
    const first = tryLock(path);
    const second = tryLock(path);
    expect(second.held).toBeUndefined();
    expect(second.holder?.pid).toBe(process.pid);
    expect(Date.parse(second.holder?.since ?? '')).toBeGreaterThanOrEqual(before);
    first.held?.release();
    expect(existsSync(path)).toBe(false);
  });

  it('is taken over from a process that is dead', async () => {
    const dead = spawn('/bin/true');
    await once(dead, 'exit');
    tryLock(path).held?.release();
    writeFileSync(path, JSON.stringify({ pid: dead.pid, since: '2020-01-01T00:00:00Z' }));
    expect(tryLock(path).held).toBeDefined();
  });

  it('is taken over when the pid now belongs to another process', () => {
    tryLock(path).held?.release();
    writeFileSync(path, JSON.stringify({ pid: process.pid, since: '2020-01-01T00:00:00Z', startTicks: '1' }));
    expect(tryLock(path).held).toBeDefined();
  });

  it('is taken over when its file is damaged', () => {
    tryLock(path).held?.release();
    writeFileSync(path, '{"pid":');
    expect(tryLock(path).held).toBeDefined();
  });

  it('is not removed by a former holder', () => {
    const first = tryLock(path).held;
    rmSync(path);
    const second = tryLock(path).held;
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"since":"[^"]*"/, '"since":"2999-01-01T00:00:00Z"'));
    first?.release();
    second?.release();
    expect(existsSync(path)).toBe(true);
  });

  it('can be waited for; the holder is told once', async () => {
    const first = tryLock(path).held;
    const told: number[] = [];
    const waiting = waitForLock(path, ({ pid }) => {
      told.push(pid);
      first?.release();
    });
    (await waiting).release();
    expect(told).toEqual([process.pid]);
  });
});
