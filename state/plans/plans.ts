import type { RunConfiguration } from '../config/index.js';
import type { Sql } from '../database.js';
import { noteRivalMatches } from './matches.js';
import { HASH_OF_CHANGES } from './store-changes.js';
import type { PlanKind } from './store-changes.js';

/** A plan without its changes. */
export interface PlanView {
  readonly planNo: number;
  readonly id: string;
  readonly kind: PlanKind;
  readonly sourceNo: number;
  readonly sourceId: string | null;
  readonly sourceName: string;
  /** Job that made it. */
  readonly jobId: string;
  readonly author: string | null;
  readonly createdAt: Date;
  /** Null while its job runs: it cannot be decided yet. */
  readonly completedAt: Date | null;
  readonly expiresAt: Date;
  /** Hexadecimal; over all changes (PLN-5). Null while the job runs. */
  readonly hash: string | null;
}

const PLAN_SQL = `
  select p.plan_no as "planNo", p.id, p.kind, p.source_id as "sourceNo", s.id as "sourceId", p.source_name as "sourceName",
         r.job_ids[cardinality(r.job_ids)] as "jobId", p.author, p.created_at as "createdAt", p.completed_at as "completedAt",
         p.expires_at as "expiresAt", encode(p.hash, 'hex') as hash
    from plan p join run r on r.run_key = p.run_key left join system s on s.no = p.source_id`;

/** A plan by its public id; undefined if there is none. */
export async function readPlan(sql: Sql, id: string): Promise<PlanView | undefined> {
  return (await sql.query<PlanView>(`${PLAN_SQL} where p.id::text = lower($1)`, [id]))[0];
}

/** Plans, newest first. */
export async function listPlans(
  sql: Sql,
  filter: { readonly sourceNo?: number; readonly beforePlanNo?: number; readonly limit: number },
): Promise<PlanView[]> {
  return sql.query<PlanView>(
    `${PLAN_SQL} where ($1::int is null or p.source_id = $1) and ($2::bigint is null or p.plan_no < $2) order by p.plan_no desc limit $3`,
    [filter.sourceNo ?? null, filter.beforePlanNo ?? null, filter.limit],
  );
}

/** The configuration a plan was made with (JOB-15). */
export async function frozenOfPlan(sql: Sql, planNo: number): Promise<RunConfiguration | undefined> {
  const [row] = await sql.query<{ frozen: RunConfiguration | null }>(
    'select r.frozen from plan p join run r on r.run_key = p.run_key where p.plan_no = $1',
    [planNo],
  );
  return row?.frozen ?? undefined;
}

/**
 * Completes the plans of a run with the hash over their changes (PLN-5): from now on they can be decided. At the end of the run, in its
 * transaction; once, so that the hash never moves.
 */
export async function completePlans(sql: Sql, runKey: string): Promise<void> {
  await noteRivalMatches(sql, runKey);
  await sql.query(
    `update plan p set completed_at = now(),
            hash = ${HASH_OF_CHANGES}
      where p.run_key = $1 and p.completed_at is null`,
    [runKey],
  );
}
