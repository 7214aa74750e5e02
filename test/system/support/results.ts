import { expect } from '@jest/globals';
import type { Job } from '../../../cli/demo/api-client.js';
import { differencesBetween } from '../../../cli/demo/compare-content.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';
import type { System, TestMuster } from './muster.js';

const COLUMNS = ['read', 'created', 'updated', 'deleted', 'skipped', 'failed', 'held'] as const;

/** The statistics of a job in short: `{ 'HR user': 'read 4', 'Cloud user': 'created 1, updated 1' }`; every number that is not 0. */
export function statisticsOf(job: Job): Record<string, string> {
  return Object.fromEntries(
    job.statistics.map((row) => [
      `${row.systemName} ${row.entity}`,
      COLUMNS.filter((column) => row[column] > 0)
        .map((column) => `${column} ${row[column]}`)
        .join(', '),
    ]),
  );
}

/** How a job ended, with the reason in the message of a failed test. */
export function endOf(job: Job): { status: string; error: string | null } {
  const [ended] = job.endedTargets;
  return {
    status: job.status,
    error: job.errorMessage ?? (ended === undefined ? null : `${ended.systemName}: ${ended.reason}`),
  };
}

/** How a job ends when all is well. */
export const SUCCESS = { status: 'Success', error: null };

/** Every target holds what the source holds, person by person and group by group, and nobody twice. */
export function expectSameContent(source: ScimSimulator, ...targets: readonly ScimSimulator[]): void {
  for (const target of targets) {
    expect(differencesBetween(source.store.snapshot(), target.store.snapshot())).toEqual([]);
    expect(duplicatesIn(target)).toEqual([]);
  }
}

/** Keys that existed twice at some time. */
export function duplicatesIn(target: ScimSimulator): string[] {
  return [...target.journal.createsPerKey()].filter(([, counts]) => counts.maxLive > 1).map(([key]) => key);
}

/** Runs one more job and requires that it succeeds and sends not a single request that writes. */
export async function expectNothingLeft(
  muster: TestMuster,
  source: System,
  targets: readonly ScimSimulator[],
): Promise<void> {
  const marks = targets.map((target) => target.journal.mark());
  const job = await muster.run(source);
  expect(endOf(job)).toEqual(SUCCESS);
  const writes = targets.flatMap((target, index) => target.journal.writesSince(marks[index] ?? 0));
  expect(writes.map(({ method, path, key }) => `${method} ${path} ${key ?? ''}`)).toEqual([]);
}
