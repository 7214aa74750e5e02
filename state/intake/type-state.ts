import type { Sql, SqlPool } from '../database.js';
import { holdFence } from '../runs/fence.js';
import type { RunFence } from '../runs/fence.js';
import { recordRunError } from '../runs/open-run.js';

/** `complete`: every entity of the type was delivered, as far as a read can prove it. Only `complete` lets anybody be absent. */
export type TypeReadState = 'reading' | 'complete' | 'incomplete' | 'failed';

/** How far the read of one type has come. */
export interface TypeRead {
  readonly state: TypeReadState;
  readonly mode: 'full' | 'delta';
  /** A read that has to begin again counts up; pages of older epochs do not count. */
  readonly epoch: number;
  readonly pages: number;
  readonly cursor: object | null;
  readonly total: number | null;
  readonly drift: string | null;
  readonly rereads: number;
  /** How often it broke off at the source and began again. */
  readonly interruptions: number;
  /** Seconds since the last page was committed; null before the first. */
  readonly idleSeconds: number | null;
}

/** The row of a type in a run, made on first sight. */
export async function beginType(sql: Sql, runKey: string, type: number, mode: 'full' | 'delta'): Promise<TypeRead> {
  await sql.query(
    `insert into run_type (run_key, type, state, read_mode) values ($1, $2, 'reading', $3) on conflict do nothing`,
    [runKey, type, mode],
  );
  return loadType(sql, runKey, type);
}

/** The row of a type that {@link beginType} made. */
export async function loadType(sql: Sql, runKey: string, type: number): Promise<TypeRead> {
  const [row] = await sql.query<TypeRead>(
    `select state, read_mode as "mode", epoch, pages, cursor, total, drift, rereads, interruptions, extract(epoch from now() - last_page_at)::float8 as "idleSeconds"
       from run_type where run_key = $1 and type = $2`,
    [runKey, type],
  );
  if (row === undefined) throw new Error('run_type lost its row');
  return row;
}

/**
 * Why the read of a type begins again. `drift` happens once; `lost`: the source has forgotten the position; `interrupted`: its connection is gone
 * with the process that had it; `failed`: the source broke it off, which is counted.
 */
export type RestartCause = 'rested' | 'drift' | 'lost' | 'interrupted' | 'failed';

/** Begins the read of a type again from its first page. Counters of the older epoch are taken back. */
export async function restartType(
  pool: SqlPool,
  fence: RunFence,
  sourceNo: number,
  type: number,
  cause: RestartCause,
): Promise<void> {
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await sql.query(
      `update run_type set epoch = epoch + 1, pages = 0, cursor = null, total = null, drift = null, first_read_seq = null,
              last_page_at = null, rereads = rereads + $3, interruptions = interruptions + $4
        where run_key = $1 and type = $2 and state = 'reading'`,
      [fence.runKey, type, cause === 'drift' ? 1 : 0, cause === 'failed' ? 1 : 0],
    );
    await sql.query(
      `update run_counter set read_count = 0, skipped = 0, failed = 0 where run_key = $1 and system_id = $2 and type = $3 and action = 'read'`,
      [fence.runKey, sourceNo, type],
    );
  });
}

/** What the pages of the winning epoch say about the read (engine.md §5, CONN-CORE-24). */
export interface ReadProof {
  /** Rows delivered, repetitions included. */
  readonly delivered: number;
  readonly distinct: number;
  readonly failed: number;
  /** Lowest and highest entity number that was delivered; null where nobody was. */
  readonly firstNo: number | null;
  readonly lastNo: number | null;
}

/** Counts what was delivered in the current epoch; found in SQL, so that no process has to remember a million ids. */
export async function readProof(sql: Sql, runKey: string, type: number, epoch: number): Promise<ReadProof> {
  const [row] = await sql.query<ReadProof>(
    `with page as materialized (select seen, skipped, failed_count from run_page where run_key = $1 and type = $2 and epoch = $3)
     select (select coalesce(sum(failed_count), 0)::int from page) as failed, count(n)::int as delivered, count(distinct n)::int as distinct,
            min(n) as "firstNo", max(n) as "lastNo"
       from page cross join lateral unnest(seen || skipped) n`,
    [runKey, type, epoch],
  );
  if (row === undefined) throw new Error('an aggregate returned no row');
  return row;
}

/**
 * Ends the read of a type. `problem` says why it is not complete, and to administrators with the run: in one transaction, so that no
 * run whose reading broke off ends as a success because its process died in between.
 */
export async function endType(
  pool: SqlPool,
  fence: RunFence,
  type: number,
  state: Exclude<TypeReadState, 'reading'>,
  problem: { readonly cause: string; readonly runError: string } | null,
): Promise<void> {
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await sql.query(
      `update run_type set state = $3, cause = $4 where run_key = $1 and type = $2 and state = 'reading'`,
      [fence.runKey, type, state, problem?.cause ?? null],
    );
    if (problem !== null) await recordRunError(sql, fence.runKey, problem.runError);
  });
}

/** True when no page of this type will come any more in this run. Read it before an empty lease query (engine.md §6). */
export async function intakeIsOver(sql: Sql, runKey: string, type: number): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from run r
      where r.run_key = $1
        and (r.intake_ended or exists (select from run_type t where t.run_key = r.run_key and t.type = $2 and t.state <> 'reading'))`,
    [runKey, type],
  );
  return rows.length > 0;
}

/** Refreshes the planner's statistics after a first or a large load: stale ones turn look-ups into scans (engine.md §11). */
export async function analyzeEntities(sql: Sql): Promise<void> {
  await sql.query('analyze entity, entity_body, backlog, link, link_body');
}
