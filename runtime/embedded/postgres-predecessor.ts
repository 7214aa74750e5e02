import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../logger.js';

const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/**
 * Clears the way after a predecessor that was killed: a server that still runs on `cluster` without its launcher is
 * shut down, and a `postmaster.pid` whose number now belongs to another program (after a reboot, or in a container) is
 * removed. PostgreSQL handles by itself the file of a process that is gone.
 * @throws Error when the old server does not end within 20 s.
 */
export async function endPredecessor(cluster: string, log: Logger): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const pid = pidIn(file);
  if (pid === undefined || !isAlive(pid)) return;
  if (!worksIn(pid, cluster)) {
    rmSync(file, { force: true });
    return;
  }
  log.warn({ pid }, 'a PostgreSQL of an earlier start still runs on this folder; it is shut down first');
  process.kill(pid, 'SIGINT');
  const giveUpAt = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(pid) && worksIn(pid, cluster)) {
    if (Date.now() > giveUpAt) throw new Error(`PostgreSQL of an earlier start (pid ${pid}) does not end.`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

function pidIn(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A PostgreSQL server has its data folder as working folder. */
function worksIn(pid: number, cluster: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    return false;
  }
}
