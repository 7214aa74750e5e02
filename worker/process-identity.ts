import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errorCode } from '../runtime/error-code.js';
import type { ProcessIdentity } from '../state/drain/lease-holders.js';

/**
 * Who this process is (or another one of this machine), in a way that tells for sure, later, whether it still lives. Undefined where the system does not say (everything but
 * Linux): then nobody takes it for dead, and its leases run out by time.
 */
export function identifyProcess(pid = process.pid): ProcessIdentity | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Processes of another container are not seen from here; of them nothing can be said.
    const machine = [hostname(), boot, readlinkSync('/proc/self/ns/pid')].join(' ');
    const started = startOf(pid);
    return started === undefined ? undefined : { machine, pid, started };
  } catch {
    return undefined;
  }
}

/** False only for certain: the process does not exist any more, is dead and not yet collected, or another one has its number. */
export function isAlive({ pid, started }: Pick<ProcessIdentity, 'pid' | 'started'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Anything else says that it is there and belongs to somebody else.
    return errorCode(error) !== 'ESRCH';
  }
  const now = startOf(pid);
  return now === undefined || now === started;
}

const DEAD = ['Z', 'X'];

/**
 * Field 22 of `/proc/<pid>/stat` (proc_pid_stat(5)): clock ticks from the start of the system to that of the process. Undefined where it may
 * not be read; empty for a process that is dead.
 */
function startOf(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name of the program, in parentheses, may hold anything.
  const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return DEAD.includes(state) ? '' : fields[18];
}
