import { SIZES_KEPT } from '../../core/sync/read-safety.js';
import type { ReadGuard } from '../../core/sync/read-safety.js';
import type { Sql } from '../database.js';

/** What is said once of a type in a run, whichever target asks first. */
export interface GuardFinding {
  readonly guard: ReadGuard;
  /** What earlier full reads delivered, for the size guard. */
  readonly usualSize: number | null;
}

/** The finding of whoever asked first; undefined for the first. The row is locked until the transaction ends, so that there is one first. */
export async function lockGuard(sql: Sql, runKey: string, type: number): Promise<GuardFinding | undefined> {
  const [row] = await sql.query<{ guard: ReadGuard | null; usualSize: number | null }>(
    'select guard, usual_size as "usualSize" from run_type where run_key = $1 and type = $2 for update',
    [runKey, type],
  );
  return row === undefined || row.guard === null ? undefined : { guard: row.guard, usualSize: row.usualSize };
}

/** Keeps a finding with the run. The caller holds {@link lockGuard}. */
export async function noteGuard(sql: Sql, runKey: string, type: number, finding: GuardFinding): Promise<void> {
  await sql.query('update run_type set guard = $3, usual_size = $4 where run_key = $1 and type = $2', [
    runKey,
    type,
    finding.guard,
    finding.usualSize,
  ]);
}

/** What the last successful full reads of a type delivered (UNK-4). */
export async function readSizes(sql: Sql, sourceNo: number, type: number): Promise<number[]> {
  const rows = await sql.query<{ delivered: number }>(
    'select delivered from read_size where source_id = $1 and type = $2 order by run_key desc limit $3',
    [sourceNo, type, SIZES_KEPT],
  );
  return rows.map((row) => row.delivered);
}

/** Remembers what a successful full read delivered. `isNewSize`: an administrator has accepted it, and what was usual before is forgotten. */
export async function noteReadSize(
  sql: Sql,
  read: {
    readonly sourceNo: number;
    readonly type: number;
    readonly runKey: string;
    readonly delivered: number;
    readonly isNewSize: boolean;
  },
): Promise<void> {
  const place = [read.sourceNo, read.type];
  if (read.isNewSize) await sql.query('delete from read_size where source_id = $1 and type = $2', place);
  await sql.query(
    'insert into read_size (source_id, type, run_key, delivered) values ($1, $2, $3, $4) on conflict do nothing',
    [...place, read.runKey, read.delivered],
  );
  await sql.query(
    `delete from read_size where source_id = $1 and type = $2
        and run_key not in (select run_key from read_size where source_id = $1 and type = $2 order by run_key desc limit $3)`,
    [...place, SIZES_KEPT],
  );
}
