import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used since its start. */
export interface ProcessUsage {
  /** User and system time of all its threads, microseconds; the kernel counts in steps of 10 ms. */
  readonly cpuMicros: number;
  readonly rssMb: number;
  /** Highest resident size since the start. */
  readonly peakRssMb: number;
}

/** The kernel reports times in hundredths of a second to user space, whatever its own tick is (`USER_HZ`). */
const MICROS_PER_TICK = 10_000;

/** Usage of one process. Throws when it is gone. Linux only. */
export function processUsage(pid: number): ProcessUsage {
  const { ownTicks } = statOf(pid);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { cpuMicros: ownTicks * MICROS_PER_TICK, rssMb: sizeMb(status, 'VmRSS'), peakRssMb: sizeMb(status, 'VmHWM') };
}

/** CPU time of a process with all its children, those that have ended included, microseconds. */
export function familyCpuMicros(pid: number): number {
  const { ownTicks, endedChildrenTicks } = statOf(pid);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statIfAlive(Number(name)))
    .filter((stat) => stat?.parent === pid);
  const childTicks = children.reduce((sum, stat) => sum + (stat?.ownTicks ?? 0), 0);
  return (ownTicks + endedChildrenTicks + childTicks) * MICROS_PER_TICK;
}

interface Stat {
  readonly parent: number;
  readonly ownTicks: number;
  readonly endedChildrenTicks: number;
}

function statIfAlive(pid: number): Stat | undefined {
  try {
    return statOf(pid);
  } catch {
    return undefined;
  }
}

/** proc(5): the name in brackets may hold blanks, so fields are counted behind the last bracket, which ends field 2. */
function statOf(pid: number): Stat {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), ownTicks: field(14) + field(15), endedChildrenTicks: field(16) + field(17) };
}

function sizeMb(status: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status);
  return Number(match?.[1] ?? 0) / 1024;
}
