import { linkSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './error-code.js';

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  /** When the lock was taken, ISO 8601. */
  readonly since: string;
  /** Start time of the process in clock ticks since boot, where the system tells: pids are given again. */
  readonly startTicks: string | undefined;
}

/** A lock that this process holds. */
export interface HeldLock {
  /** Gives the lock back. Twice is harmless. */
  release(): void;
}

/** The outcome of {@link tryLock}: either the lock, or the living process that has it. */
export type LockAttempt =
  { readonly held: HeldLock; readonly holder: undefined } | { readonly held: undefined; readonly holder: LockHolder };

/**
 * Takes the lock file `path` or says who has it. A lock whose process is dead is taken over. The file appears with its
 * content (a hard link), so nobody ever reads half of it.
 */
export function tryLock(path: string): LockAttempt {
  mkdirSync(dirname(path), { recursive: true });
  const mine: LockHolder = { pid: process.pid, since: new Date().toISOString(), startTicks: startTicks(process.pid) };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    for (;;) {
      if (linked(draft, path)) return { held: { release: () => release(path, mine) }, holder: undefined };
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) return { held: undefined, holder };
      removeStale(path, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Waits for the lock, looking twice a second; `onWait` is called once with the holder. */
export async function waitForLock(path: string, onWait: (holder: LockHolder) => void): Promise<HeldLock> {
  let told = false;
  for (;;) {
    const attempt = tryLock(path);
    if (attempt.held !== undefined) return attempt.held;
    if (!told) onWait(attempt.holder);
    told = true;
    await new Promise((wake) => setTimeout(wake, 500));
  }
}

function release(path: string, mine: LockHolder): void {
  const holder = readHolder(path);
  if (holder?.pid === mine.pid && holder.since === mine.since) rmSync(path, { force: true });
}

/** Two processes may find the same stale lock: the second must not remove the fresh one of the first. */
function removeStale(path: string, stale: LockHolder | undefined): void {
  const guard = `${path}.takeover`;
  try {
    writeFileSync(guard, '', { flag: 'wx' });
  } catch {
    const ageMs = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (ageMs > TAKEOVER_LIMIT_MS) rmSync(guard, { force: true });
    return;
  }
  const now = readHolder(path);
  if (now?.pid === stale?.pid && now?.since === stale?.since) rmSync(path, { force: true });
  unlinkSync(guard);
}

/** A takeover lasts milliseconds; a guard file of this age belongs to a process that died in it. */
const TAKEOVER_LIMIT_MS = 10_000;

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('since' in value)) return undefined;
    const { pid, since } = value;
    const ticks = 'startTicks' in value && typeof value.startTicks === 'string' ? value.startTicks : undefined;
    return typeof pid === 'number' && typeof since === 'string' ? { pid, since, startTicks: ticks } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (!(errorCode(error) === 'EPERM')) return false;
  }
  const ticks = startTicks(holder.pid);
  return ticks === undefined || holder.startTicks === undefined || ticks === holder.startTicks;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19);
  } catch {
    return undefined;
  }
}
