import { BACKLOG_STATE, LINK_STATE, ORIGIN } from '../codes.js';
import type { Sql } from '../database.js';
import { noteFailedEntities } from '../notifications/job-events.js';
import type { RunFence } from '../runs/fence.js';
import { forgetPostponed, LEAVING } from './postponed.js';
import type { PairType } from './postponed.js';
import { accountsLeft, leftBySteps } from './left-by-steps.js';
import type { StepRule } from './left-by-steps.js';

/** Why an entity is a candidate (DEL-5). Only `notSeen` needs the source's confirmation. */
export type AbsenceCause = 'notSeen' | 'skipped' | 'outOfScope';

/** How a candidate ended; null while it is to be done. */
export type AbsenceOutcome =
  | 'deleted'
  | 'kept'
  | 'released'
  | 'shared'
  | 'failed'
  | 'threshold'
  | 'unknownFound'
  | 'unknownFailed'
  | 'rejoined'
  | 'held'
  | 'rejected'
  | 'planned'
  | 'drifted';

/** A pair that may have to be deleted. */
export interface Candidate {
  readonly entityNo: number;
  readonly cause: AbsenceCause;
}

/** Who is no candidate whatever is stored of it, because this run says nothing about it (UNK-3). */
export interface Unknowns {
  /** Delivered unreadable (DEL-24). */
  readonly unreadableNos: readonly number[];
  /** Nobody who was not delivered is believed to be missing (UNK-4). */
  readonly missing: boolean;
}

/**
 * Stores the candidates of a target and type: linked entities that are absent, skipped by the read condition, or out of scope (DEL-5),
 * with whether an earlier run could have deleted them and did not.
 */
export async function planCandidates(sql: Sql, runKey: string, pair: PairType, unknown: Unknowns): Promise<void> {
  await sql.query(
    `insert into absence (run_key, target_id, type, entity_no, cause, postponed)
     select $1, $3, $4, g.entity_no, g.cause,
            exists (select from postponed_deletion d where d.target_id = $3 and d.entity_no = g.entity_no and d.since_run < $1)
       from (${LEAVING}) g
      where not exists (select from quarantine q where q.target_id = $3 and q.entity_no = g.entity_no)
        and not exists (select from unnest($5::bigint[]) u where u = g.entity_no)
        and not ($6::boolean and g.cause = 'notSeen')
     on conflict do nothing`,
    [runKey, pair.sourceNo, pair.targetNo, pair.type, unknown.unreadableNos, unknown.missing],
  );
  await sql.query(
    `insert into postponed_deletion (target_id, entity_no, type, since_run)
     select target_id, entity_no, type, $1 from absence where run_key = $1 and target_id = $2 and type = $3
     on conflict do nothing`,
    [runKey, pair.targetNo, pair.type],
  );
  if (!unknown.missing) await forgetPostponed(sql, runKey, pair);
}

/** Candidates that a drain has found and did not mark in their links; part of the settle transaction. */
export async function noteCandidates(
  sql: Sql,
  place: { readonly runKey: string; readonly targetNo: number; readonly type: number },
  entityNos: readonly number[],
): Promise<void> {
  if (entityNos.length === 0) return;
  await sql.query(
    `insert into absence (run_key, target_id, type, entity_no, cause) select $1, $2, $3, n, 'outOfScope' from unnest($4::bigint[]) n
     on conflict do nothing`,
    [place.runKey, place.targetNo, place.type, entityNos],
  );
}

/** The threshold of a target for a type. */
export interface ThresholdRule extends StepRule {
  readonly threshold: number;
  /** A group or role is deleted by taking its assignments away: these are what is counted. */
  readonly countsAssignments: boolean;
  /** Of these only those that the platform has put into a group it did not make would go (CONN-CORE-12). */
  readonly countsAssignedOnly: boolean;
  /** An entity may be several target entities: these are what is counted (LNK-3). */
  readonly countsParts: boolean;
}

/** SQL: assignments that were written to the group of candidate `a`, or those of them that are the platform's. */
function assignments(assignedOnly: boolean): string {
  const written = '(select count(*) from link_member m where m.target_id = a.target_id and m.group_no = a.entity_no)';
  if (!assignedOnly) return written;
  const linked = `from link l where l.target_id = a.target_id and l.entity_no = a.entity_no and l.ord = 0`;
  // Of a group that we made in other times all are ours; who was written there may be noted as well, and counts once.
  return `(select greatest(count(*), (select case l.origin when ${ORIGIN.created} then ${written} end ${linked})) from assigned_member m
            where m.target_id = a.target_id and m.group_key = (select l.target_key ${linked}))`;
}

/** What a threshold has blocked. */
export interface BlockedDeletions {
  /** How many would have been deleted; 0 where the threshold is not exceeded. */
  readonly wanted: number;
  readonly entityNos: readonly number[];
  /** What is said of each of them. */
  readonly message: string;
}

/**
 * DEL-8: more candidates than the threshold after the steps that keep some anyway → none is deleted, all of them fail, those of an
 * earlier attempt of this run included. What each of them counts is noted once, while its assignments are known: those of a group that was
 * deleted are gone.
 */
export async function blockByThreshold(
  sql: Sql,
  runKey: string,
  pair: PairType,
  rule: ThresholdRule,
): Promise<BlockedDeletions> {
  if (rule.countsAssignments)
    await sql.query(
      `update absence a set weight = ${assignments(rule.countsAssignedOnly)} where a.run_key = $1 and a.target_id = $2 and a.type = $3 and a.weight is null`,
      [runKey, pair.targetNo, pair.type],
    );
  if (rule.countsParts)
    await sql.query(
      `update absence a set weight = ${accountsLeft('$4::boolean', '$5::int', '$6::boolean')}
        where a.run_key = $1 and a.target_id = $2 and a.type = $3 and a.weight is null`,
      [runKey, pair.targetNo, pair.type, rule.deletesExistedBefore, rule.sourceNo, rule.deletesShared],
    );
  const rows = await sql.query<{ entityNo: number; counted: number }>(
    `select a.entity_no as "entityNo", coalesce(a.weight, 1) as counted from absence a
       left join link l on l.target_id = a.target_id and l.entity_no = a.entity_no and l.ord = 0
      where a.run_key = $1 and a.target_id = $2 and a.type = $3
        and (a.outcome = 'deleted'
             or (a.outcome is null or a.outcome = 'threshold') 
                and case when $7::boolean then a.weight > 0 else ${leftBySteps('$4::boolean', '$5::int', '$6::boolean')} end)`,
    [runKey, pair.targetNo, pair.type, rule.deletesExistedBefore, rule.sourceNo, rule.deletesShared, rule.countsParts],
  );
  const counted = rows.reduce((sum, row) => sum + row.counted, 0);
  const what = rule.countsAssignments ? 'assignments would be removed' : 'entities would be deleted';
  const message = `Entity cannot be deleted because the threshold of ${rule.threshold} is exceeded: ${counted} ${what}`;
  if (counted <= rule.threshold) return { wanted: 0, entityNos: [], message };
  const blocked = await sql.query<{ entityNo: number }>(
    `update absence set outcome = 'threshold'
      where run_key = $1 and target_id = $2 and type = $3 and outcome is null and entity_no = any($4::bigint[]) returning entity_no as "entityNo"`,
    [runKey, pair.targetNo, pair.type, rows.map((row) => row.entityNo)],
  );
  return { wanted: counted, entityNos: blocked.map((row) => row.entityNo), message };
}

/** {@link blockByThreshold}, with a failed result for each of them. Returns how many would have been deleted. */
export async function applyThreshold(sql: Sql, runKey: string, pair: PairType, rule: ThresholdRule): Promise<number> {
  const { wanted, entityNos, message } = await blockByThreshold(sql, runKey, pair, rule);
  if (wanted === 0) return 0;
  await sql.query(
    `insert into entity_log (run_key, source_id, target_id, type, entity_no, operation, result, code, message, part)
     select $1, $2, $3, $4, n, 'delete', 'failed', 'threshold', $6, l.part from unnest($5::bigint[]) n
       left join link l on l.target_id = $3 and l.entity_no = n and l.state = ${LINK_STATE.linked}`,
    [runKey, pair.sourceNo, pair.targetNo, pair.type, entityNos, message],
  );
  await noteFailedEntities(sql, runKey);
  return wanted;
}

/** Types that still have candidates to work on in a target. */
export async function openTypes(sql: Sql, runKey: string, targetNo: number): Promise<number[]> {
  const rows = await sql.query<{ type: number }>(
    'select distinct type from absence where run_key = $1 and target_id = $2 and outcome is null',
    [runKey, targetNo],
  );
  return rows.map((row) => row.type);
}

/** HEA-5: whoever is in quarantine is not deleted either, also when it was planned before. */
const IS_NOT_QUARANTINED =
  'not exists (select from quarantine q where q.target_id = absence.target_id and q.entity_no = absence.entity_no)';

/** The next candidates that are to be done. */
export async function nextCandidates(
  sql: Sql,
  runKey: string,
  pair: { targetNo: number; type: number },
  limit: number,
): Promise<Candidate[]> {
  return sql.query<Candidate>(
    `select entity_no as "entityNo", cause from absence
      where run_key = $1 and target_id = $2 and type = $3 and ${IS_NOT_QUARANTINED} and outcome is null order by entity_no limit $4`,
    [runKey, pair.targetNo, pair.type, limit],
  );
}

/** Entities that the source declared absent at most so long ago, asked for whichever target of the run. */
export async function recentlyConfirmed(
  sql: Sql,
  runKey: string,
  entityNos: readonly number[],
  maxAgeMs: number,
): Promise<Set<number>> {
  const rows = await sql.query<{ entityNo: number }>(
    `select distinct entity_no as "entityNo" from absence
      where run_key = $1 and entity_no = any($2::bigint[]) and confirmed_at > clock_timestamp() - $3::int * interval '1 millisecond'`,
    [runKey, entityNos, Math.max(0, Math.floor(maxAgeMs))],
  );
  return new Set(rows.map((row) => row.entityNo));
}

/** The source has just said that these entities do not exist. */
export async function noteConfirmed(
  sql: Sql,
  runKey: string,
  targetNo: number,
  entityNos: readonly number[],
): Promise<void> {
  if (entityNos.length === 0) return;
  await sql.query(
    'update absence set confirmed_at = clock_timestamp() where run_key = $1 and target_id = $2 and entity_no = any($3::bigint[])',
    [runKey, targetNo, entityNos],
  );
}

/** Ends candidates; part of the settle transaction. */
export async function endCandidates(
  sql: Sql,
  runKey: string,
  targetNo: number,
  ends: readonly { readonly entityNo: number; readonly outcome: AbsenceOutcome }[],
): Promise<void> {
  if (ends.length === 0) return;
  await sql.query(
    `update absence a set outcome = n.outcome from unnest($3::bigint[], $4::text[]) as n (entity_no, outcome)
      where a.run_key = $1 and a.target_id = $2 and a.entity_no = n.entity_no`,
    [runKey, targetNo, ends.map((end) => end.entityNo), ends.map((end) => end.outcome)],
  );
}

/** A pair leased for deletion. */
export interface LeasedCandidate {
  readonly entityNo: number;
  readonly gen: number;
  readonly attempts: number;
  /** Something else than the absence waits to be written for this pair. */
  readonly pending: boolean;
}

/**
 * Leases pairs for deletion: the lease covers the pair, with or without a backlog row (engine invariant 8). Like every lease it is given
 * only to the newest attempt of a running run, for a pair that is connected and enabled (engine.md §6).
 */
export async function leasePairs(
  sql: Sql,
  pair: PairType,
  fence: RunFence,
  entityNos: readonly number[],
  leaseMs: number,
  requestTimeoutMs: number,
): Promise<{ token: number; rows: LeasedCandidate[] }> {
  const rows = await sql.query<LeasedCandidate & { token: number }>(
    `with token as materialized (select next_lease_token() as token)
     insert into backlog as b (target_id, entity_no, source_id, type, reason, last_run, lease_token, lease_until)
     select $1, n, $2, $3, 'absent', $4, token.token, clock_timestamp() + $6::int * interval '1 millisecond'
       from unnest($5::bigint[]) n, token
      where exists (select from connected_pair p where p.source_id = $2 and p.target_id = $1 and p.enabled and not p.paused)
        and exists (select from run r join run_chain c on c.run_key = r.run_key
                     where r.run_key = $4 and r.state = 'running' and r.owner = $8 and not r.cancel_requested
                       and c.chain = $9 and c.fence = $10)
        and not exists (select from run_target e where e.run_key = $4 and e.target_id = $1 and e.ended_reason is not null)
      order by n
     on conflict (target_id, entity_no) do update
        set lease_token = excluded.lease_token, lease_until = excluded.lease_until, last_run = excluded.last_run,
            forced = b.forced or b.lease_until is not null
      where (b.lease_until is null or b.lease_until + $7::int * interval '1 millisecond' < clock_timestamp())
        and b.state <> ${BACKLOG_STATE.quarantined}
     returning entity_no as "entityNo", gen, attempts, reason <> 'absent' as pending, lease_token as token`,
    [
      pair.targetNo,
      pair.sourceNo,
      pair.type,
      fence.runKey,
      entityNos,
      leaseMs,
      requestTimeoutMs,
      fence.owner,
      fence.chain,
      fence.fence,
    ],
  );
  return { token: rows[0]?.token ?? 0, rows };
}
