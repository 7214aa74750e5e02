import Table from 'cli-table3';
import type { Job } from './api-client.js';
import { rowOf } from './expectation.js';

/** A job of the demo and the words for it. */
export interface ShownJob {
  readonly title: string;
  readonly job: Job;
}

const HEAD = ['Job', 'Status', 'Time', '', 'Read', 'Created', 'Updated', 'Deleted', 'Skipped', 'Failed', 'Held'];
const TYPES = [
  { entity: 'user', label: 'people' },
  { entity: 'group', label: 'groups' },
] as const;

/** The results of all jobs in one target, two lines for each job. Read is what the source gave. */
export function resultTable(jobs: readonly ShownJob[], sourceName: string, targetName: string): string {
  const table = new Table({
    head: HEAD,
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'right', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const { title, job } of jobs) {
    TYPES.forEach(({ entity, label }, line) => {
      const { read } = rowOf(job, sourceName, entity);
      const { created, updated, deleted, skipped, failed, held } = rowOf(job, targetName, entity);
      const about = line === 0 ? [title, job.status, seconds(durationMs(job))] : ['', '', ''];
      table.push([...about, label, ...[read, created, updated, deleted, skipped, failed, held].map(number)]);
    });
  }
  return table.toString();
}

/** Time from start to end; 0 for a job that never started. */
export function durationMs({ startedAt, endedAt }: Pick<Job, 'startedAt' | 'endedAt'>): number {
  return startedAt === null || endedAt === null ? 0 : Date.parse(endedAt) - Date.parse(startedAt);
}

/** `1.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `1,040`; a dot for zero, so that the eye finds what happened. */
export function number(count: number): string {
  return count === 0 ? '·' : count.toLocaleString('en-US');
}
