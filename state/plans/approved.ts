import type { ChangeVerb, GovernedClass, MatchOutcome } from '../../core/plan/change.js';
import type { ChangeState } from '../../core/plan/states.js';
import type { Presence } from '../../core/sync/facts.js';
import { BACKLOG_STATE, nameOf, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';
import type { Lease, LeasedRow, LeaseQuery } from '../drain/lease.js';

/** A change that may be executed if nothing has moved (PLN-10). */
export interface ApprovedChange {
  readonly changeNo: number;
  readonly entityNo: number;
  readonly verb: ChangeVerb;
  readonly class: GovernedClass;
  readonly attributes: readonly string[];
  readonly presence: Presence;
  readonly entityHash: Buffer | null;
  readonly linkVersion: number | null;
  readonly targetHash: Buffer | null;
  readonly sourceProgram: number;
  readonly targetProgram: number;
  readonly content: Buffer | null;
  /** What an earlier drift of the pair has found in the account, sealed like the content (PLN-10). */
  readonly basis: Buffer | null;
  /** What a match report has found; null: it was not looked for (PLN-14). */
  readonly match: MatchOutcome | null;
  /** The account that is taken over, of match `adopt`; else that of the link. */
  readonly targetKey: string | null;
}

/** What became of an approved change. */
export interface DecidedChange {
  readonly changeNo: number;
  readonly to: Extract<ChangeState, 'applied' | 'drifted' | 'failed' | 'obsolete'>;
  /** Why it was not applied; no attribute values. */
  readonly reason: string | null;
  /** What the account holds of what was compared, sealed; absent where it was not compared. */
  readonly seen?: Buffer;
}

/** The approved changes of a plan for these entities, by entity. */
export async function approvedChanges(
  sql: Sql,
  planNo: number,
  targetNo: number,
  entityNos: readonly number[],
): Promise<Map<number, ApprovedChange>> {
  const rows = await sql.query<Omit<ApprovedChange, 'presence'> & { presence: number }>(
    `select change_no as "changeNo", entity_no as "entityNo", verb, class, attributes, presence, entity_hash as "entityHash",
            link_version as "linkVersion", target_hash as "targetHash", source_program as "sourceProgram", target_program as "targetProgram",
            content, basis, match, target_key as "targetKey"
       from unnest($3::bigint[]) as n (entity)
      cross join lateral (select * from change where target_id = $2 and entity_no = n.entity and state = 'approved' and plan_no = $1 limit 1) c`,
    [planNo, targetNo, entityNos],
  );
  return new Map(rows.map((row) => [row.entityNo, { ...row, presence: nameOf(PRESENCE, row.presence) }]));
}

/**
 * Rows that were kept back for a change of the CTE `ended`, which is not going to be executed any more: the next run looks at them. The class
 * that was held stays noted, so that it is held again and not let through (GOV-8).
 */
export const OFFER = `
  update backlog b set state = ${BACKLOG_STATE.due}, last_run = null from ended
   where b.target_id = ended.target_id and b.entity_no = ended.entity_no and b.state = ${BACKLOG_STATE.held}`;

/**
 * Ends approved changes; part of the settle transaction, before the rows are put back. A change that is not approved any more stays what
 * it is (PLN-2).
 */
export async function endChanges(sql: Sql, ends: readonly DecidedChange[]): Promise<void> {
  if (ends.length === 0) return;
  await sql.query(
    `with ended as (
       update change c set state = n.state, reason = n.reason, seen = n.seen, standing = false, ended_at = now()
         from unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[]) as n (change_no, state, reason, seen)
        where c.change_no = any($1::bigint[]) and c.change_no = n.change_no and c.state = 'approved'
        returning c.target_id, c.entity_no)
     ${OFFER}`,
    [
      ends.map((end) => end.changeNo),
      ends.map((end) => end.to),
      ends.map((end) => end.reason),
      ends.map((end) => end.seen ?? null),
    ],
  );
}

/**
 * Leases the next pairs of a plan whose changes are approved and no deletions, under the same guards as every lease (engine.md §6). A pair
 * needs no backlog row to be leased: it may be in step by now, which is for its change to find out.
 */
export async function leaseApproved(sql: Sql, query: LeaseQuery, planNo: number): Promise<Lease> {
  const { fence } = query;
  const rows = await sql.query<LeasedRow & { token: number }>(
    `with token as materialized (select next_lease_token() as token),
     picked as materialized (
       select c.entity_no, c.forced from change c
         left join backlog b on b.target_id = c.target_id and b.entity_no = c.entity_no
        where c.plan_no = $1 and c.target_id = $2 and c.type = $3 and c.state = 'approved' and c.cause is null and c.entity_no > $4
          and coalesce(b.state, ${BACKLOG_STATE.due}) in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.held})
          and (b.lease_until is null or b.lease_until + $11::int * interval '1 millisecond' < clock_timestamp())
          and (b.last_run is distinct from $5 or b.lease_until is not null or ($13::boolean and b.late_run = $5))
        order by c.entity_no limit $12)
     insert into backlog as b (target_id, entity_no, source_id, type, reason, last_run, lease_token, lease_until)
     select $2, p.entity_no, $6, $3, 'approved', $5, token.token, clock_timestamp() + $10::int * interval '1 millisecond'
       from picked p, token
      where exists (select from connected_pair p where p.source_id = $6 and p.target_id = $2 and p.enabled and not p.paused)
        and exists (select from run r join run_chain c on c.run_key = r.run_key
                     where r.run_key = $5 and r.state = 'running' and r.owner = $7 and not r.cancel_requested and c.chain = $8 and c.fence = $9)
        and not exists (select from run_target e where e.run_key = $5 and e.target_id = $2 and e.ended_reason is not null)
      order by p.entity_no
     on conflict (target_id, entity_no) do update
        set lease_token = excluded.lease_token, lease_until = excluded.lease_until, last_run = excluded.last_run, late_run = null,
            forced = b.forced or b.lease_until is not null
      where b.lease_until is null or b.lease_until + $11::int * interval '1 millisecond' < clock_timestamp()
     returning b.entity_no as "entityNo", b.prio, b.gen, b.attempts, b.forced as "takenOver", true as seen, null as "heldClass",
               b.forced or (select p.forced from picked p where p.entity_no = b.entity_no) as forced, b.lease_token as token`,
    [
      planNo,
      query.targetNo,
      query.type,
      query.after.entityNo,
      fence.runKey,
      query.sourceNo,
      fence.owner,
      fence.chain,
      fence.fence,
      query.leaseMs,
      query.requestTimeoutMs,
      query.limit,
      query.late,
    ],
  );
  return { token: rows[0]?.token ?? 0, rows: rows.sort((a, b) => a.entityNo - b.entityNo) };
}

/**
 * Somebody else has an approved pair that is no deletion. Leases of other pairs are not waited for ⚠: an application never takes them, so one
 * that a dead process has left, of a deletion or of another job, would keep it waiting for ever.
 */
export async function hasApprovedLeases(sql: Sql, planNo: number, targetNo: number, type: number): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from change c join backlog b on b.target_id = c.target_id and b.entity_no = c.entity_no
      where c.plan_no = $1 and c.target_id = $2 and c.type = $3 and c.state = 'approved' and c.cause is null and b.lease_until is not null
        and b.state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.held}) limit 1`,
    [planNo, targetNo, type],
  );
  return rows.length > 0;
}

/** Makes candidates of the approved deletions of a plan, so that they go the way of every deletion (engine.md §7). */
export async function candidatesOfPlan(sql: Sql, runKey: string, planNo: number, targetNo: number): Promise<void> {
  await sql.query(
    `insert into absence (run_key, target_id, type, entity_no, cause)
     select $1, target_id, type, entity_no, cause from change
      where plan_no = $2 and target_id = $3 and state = 'approved' and cause is not null
     on conflict do nothing`,
    [runKey, planNo, targetNo],
  );
}

/** Source keys, by type, of what a plan creates or takes over in a target: `type/key` (see referenceKey). */
export async function createdByPlan(sql: Sql, planNo: number, targetNo: number): Promise<Set<string>> {
  const rows = await sql.query<{ type: number; sourceKey: string }>(
    `select type, source_key as "sourceKey" from change 
      where plan_no = $1 and target_id = $2 and (verb = 'create' or match is not null) and link_version is null`,
    [planNo, targetNo],
  );
  return new Set(rows.map((row) => `${row.type}/${row.sourceKey}`));
}

/** The same for the plan that a run is making. */
export async function createdInRun(sql: Sql, runKey: string, targetNo: number): Promise<Set<string>> {
  const [plan] = await sql.query<{ planNo: number }>(
    `select plan_no as "planNo" from plan where run_key = $1 and kind = 'plan'`,
    [runKey],
  );
  return plan === undefined ? new Set() : createdByPlan(sql, plan.planNo, targetNo);
}

/**
 * Approved changes that an application came to and could not even try, because their mapping fails or a newer one has written the account:
 * they cannot be applied. Those of a target that took no part stay approved.
 */
export async function endUntried(sql: Sql, runKey: string, planNo: number): Promise<void> {
  await sql.query(
    `with ended as (
       update change c set state = 'obsolete', standing = false, ended_at = now(), reason = 'it could not be tried; the result of the entity says why'
        where c.plan_no = $2 and c.state = 'approved'
          and not exists (select from run_target t where t.run_key = $1 and t.target_id = c.target_id and t.ended_reason is not null)
          and exists (select from backlog b where b.target_id = c.target_id and b.entity_no = c.entity_no and b.last_run = $1)
        returning c.target_id, c.entity_no)
     ${OFFER}`,
    [runKey, planNo],
  );
}

/** How many changes of a plan are in which state. */
export async function countStates(sql: Sql, planNo: number): Promise<Map<ChangeState, number>> {
  const rows = await sql.query<{ state: ChangeState; count: number }>(
    'select state, count(*)::int as count from change where plan_no = $1 group by 1 order by 1',
    [planNo],
  );
  return new Map(rows.map((row) => [row.state, row.count]));
}
