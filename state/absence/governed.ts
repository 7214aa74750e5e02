import { LINK_STATE } from '../codes.js';
import type { Sql } from '../database.js';
import { MOVED } from '../plans/reconcile-changes.js';
import type { AbsenceCause } from './candidates.js';
import { leftBySteps } from './left-by-steps.js';
import type { StepRule } from './left-by-steps.js';

/** Candidates of one run in one target and type. */
interface CandidatePlace {
  readonly runKey: string;
  readonly targetNo: number;
  readonly type: number;
}

/**
 * Candidates whose deletion was kept back or rejected before, and whose data has not moved since, stay as they are (GOV-8). Returns those
 * that have moved, or whose time to decide is over, or that were approved and found to be changed in the target: they are kept back anew,
 * because it is the same class of change.
 */
export async function keepStanding(sql: Sql, place: CandidatePlace): Promise<number[]> {
  await sql.query(
    `update absence a set outcome = case when c.state = 'rejected' then 'rejected' else 'held' end
       from change c join entity e on e.entity_no = c.entity_no
       left join link l on l.target_id = c.target_id and l.entity_no = c.entity_no and l.ord = 0
      where a.run_key = $1 and a.target_id = $2 and a.type = $3 and a.outcome is null
        and c.target_id = a.target_id and c.entity_no = a.entity_no and c.standing and c.state <> 'expired' and c.cause is not null
        and not (${MOVED})`,
    [place.runKey, place.targetNo, place.type],
  );
  const rows = await sql.query<{ entityNo: number }>(
    `select a.entity_no as "entityNo" from absence a
      where a.run_key = $1 and a.target_id = $2 and a.type = $3 and a.outcome is null
        and (exists (select from change c where c.target_id = a.target_id and c.entity_no = a.entity_no and c.standing and c.cause is not null)
             or exists (select from change c join plan p on p.plan_no = c.plan_no and p.kind = 'held'
                         join link l on l.target_id = c.target_id and l.entity_no = c.entity_no and l.ord = 0 and l.version = c.link_version
                         where c.target_id = a.target_id and c.entity_no = a.entity_no and c.state = 'drifted' and c.seen is not null
                           and c.cause is not null))
      order by 1`,
    [place.runKey, place.targetNo, place.type],
  );
  return rows.map((row) => row.entityNo);
}

/** A candidate that will be deleted, as far as can be said before the source has confirmed it. */
export interface CountedCandidate {
  readonly entityNo: number;
  readonly cause: AbsenceCause;
  /** Target entities that are deleted with it (LNK-3). */
  readonly accounts: number;
}

/** What DEL-6 leaves to be deleted after its steps 1 to 3, and holds no budget yet. */
export async function countedCandidates(sql: Sql, place: CandidatePlace, rule: StepRule): Promise<CountedCandidate[]> {
  return sql.query<CountedCandidate>(
    `select a.entity_no as "entityNo", a.cause, count(*)::int as accounts from absence a
       join link l on l.target_id = a.target_id and l.entity_no = a.entity_no and (l.ord = 0 or l.state = ${LINK_STATE.linked})
      where a.run_key = $1 and a.target_id = $2 and a.type = $3 and a.outcome is null and a.granted_at is null
        and ${leftBySteps('$4::boolean', '$5::int', '$6::boolean')}
      group by 1, 2 order by 1`,
    [place.runKey, place.targetNo, place.type, rule.deletesExistedBefore, rule.sourceNo, rule.deletesShared],
  );
}

/** Notes the budget that stands behind candidates. */
export async function noteGranted(
  sql: Sql,
  place: CandidatePlace,
  grant: { readonly class: string; readonly hour: string },
  candidates: readonly { readonly entityNo: number; readonly accounts: number }[],
): Promise<void> {
  await sql.query(
    `update absence a set granted_at = $4, granted_class = $5, granted_units = n.units
       from unnest($3::bigint[], $6::int[]) as n (entity_no, units)
      where a.run_key = $1 and a.target_id = $2 and a.entity_no = n.entity_no`,
    [
      place.runKey,
      place.targetNo,
      candidates.map((one) => one.entityNo),
      grant.hour,
      grant.class,
      candidates.map((one) => one.accounts),
    ],
  );
}

/** Candidates that wait for an approval. */
export async function listHeld(sql: Sql, place: CandidatePlace): Promise<number[]> {
  const rows = await sql.query<{ entityNo: number }>(
    `select entity_no as "entityNo" from absence where run_key = $1 and target_id = $2 and type = $3 and outcome = 'held' order by 1`,
    [place.runKey, place.targetNo, place.type],
  );
  return rows.map((row) => row.entityNo);
}
