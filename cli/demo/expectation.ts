import type { Job, StatisticsRow } from './api-client.js';

/** What happens to the entities of one type in each target. */
export interface Changes {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
}

/** What a job must have done, by entity type. */
export interface Expectation {
  readonly read: { readonly user: number; readonly group: number };
  readonly user: Changes;
  readonly group: Changes;
}

/** The demo did not end as it should; the message says what differs. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

/** Nothing to write. */
export const NO_CHANGES: Changes = { created: 0, updated: 0, deleted: 0 };

const COLUMNS = ['read', 'created', 'updated', 'deleted', 'skipped', 'failed', 'held'] as const;
const TYPES = ['user', 'group'] as const;

/** The numbers of one row; zeros when the job has no such row (rows of zeros are left out, STA-9). */
export function rowOf(
  job: Pick<Job, 'statistics'>,
  systemName: string,
  entity: 'user' | 'group',
): Pick<StatisticsRow, (typeof COLUMNS)[number]> {
  const found = job.statistics.find((row) => row.systemName === systemName && row.entity === entity);
  return found ?? { read: 0, created: 0, updated: 0, deleted: 0, skipped: 0, failed: 0, held: 0 };
}

/** How many entities were read and written so far, in all systems. */
export function stepsOf(job: Pick<Job, 'statistics'>): number {
  return job.statistics.reduce((sum, row) => sum + row.read + writesOf(row) + row.skipped + row.failed, 0);
}

/** How many steps {@link stepsOf} counts at the end of a job that does what is expected. */
export function expectedSteps({ read, user, group }: Expectation, targets: number): number {
  return read.user + read.group + targets * (writesOf(user) + writesOf(group));
}

/** Created, updated and deleted together. */
export function writesOf({ created, updated, deleted }: Changes): number {
  return created + updated + deleted;
}

/**
 * Compares the statistics of a job with what was done to the population.
 * @throws DemoFailure naming every number that differs.
 */
export function checkStatistics(
  job: Job,
  expected: Expectation,
  names: { readonly source: string; readonly targets: readonly string[] },
): void {
  const differences = TYPES.flatMap((entity) => [
    ...differencesOf(job, names.source, entity, { ...NO_CHANGES, read: expected.read[entity] }),
    ...names.targets.flatMap((target) => differencesOf(job, target, entity, { ...expected[entity], read: 0 })),
  ]);
  if (differences.length > 0) throw new DemoFailure(`The statistics are wrong:\n${differences.join('\n')}`);
}

function differencesOf(
  job: Job,
  systemName: string,
  entity: 'user' | 'group',
  expected: Changes & { readonly read: number },
): string[] {
  const actual = rowOf(job, systemName, entity);
  const wanted = { ...expected, skipped: 0, failed: 0, held: 0 };
  return COLUMNS.filter((column) => actual[column] !== wanted[column]).map(
    (column) => `  ${systemName}, ${entity}s ${column}: ${actual[column]} instead of ${wanted[column]}`,
  );
}
