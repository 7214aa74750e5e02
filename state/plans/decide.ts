import { statesBefore } from '../../core/plan/states.js';
import type { ChangeState } from '../../core/plan/states.js';
import { BACKLOG_STATE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { RULE_SQL } from './changes.js';
import { IS_CLEAR } from './matches.js';
import type { UnclearMatch } from './matches.js';
import { FILTER_PARAMETERS, FILTER_SQL, filterParams } from './filter.js';
import type { ChangeFilter } from './filter.js';
import { expireChanges } from './reconcile-changes.js';

/** Somebody's decision about changes of one plan (PLN-8). */
export interface Decision {
  readonly planNo: number;
  readonly sourceNo: number;
  readonly decision: 'approve' | 'reject';
  readonly by: string;
  readonly comment: string;
  readonly filter: ChangeFilter;
  /** Verbs that need two people. */
  readonly secondPersonFor: readonly string[];
}

/** What a decision came to. */
export interface DecisionResult {
  /** Now approved, or rejected. */
  readonly decided: number;
  /** Approved by this person; somebody else has to approve them too. */
  readonly waitingForSecond: number;
  /** Approved before by this very person, who cannot be the second one. */
  readonly ownApproval: number;
  /** Not decided, by the state they are in (PLN-2); or by the match report, because it is not clear what would be written (PLN-14). */
  readonly refused: Readonly<Partial<Record<ChangeState | UnclearMatch, number>>>;
}

/**
 * Decides changes. Decisions about one plan stand in a row, so of two at the same moment the later one is refused what the earlier one has
 * decided. What is rejected is left alone until its data moves: no run does what somebody has refused.
 */
export async function decide(pool: SqlPool, decision: Decision): Promise<DecisionResult> {
  return pool.transaction(async (sql) => {
    await sql.query('select 1 from plan where plan_no = $1 for update', [decision.planNo]);
    await expireChanges(sql, decision.sourceNo);
    const before = await countByState(sql, decision);
    const own = decision.decision === 'approve' ? await countOwn(sql, decision) : 0;
    const decided = decision.decision === 'approve' ? await approve(sql, decision) : await reject(sql, decision);
    const waitingForSecond = decision.decision === 'approve' ? await noteFirst(sql, decision) : 0;
    if (decided + waitingForSecond > 0) await noteDecision(sql, decision, decided + waitingForSecond);
    const open = statesBefore('approved');
    const refused = Object.fromEntries([...before].filter(([state]) => !open.includes(state)));
    const unclear = decision.decision === 'approve' ? await countUnclear(sql, decision) : {};
    return { decided, waitingForSecond, ownApproval: own, refused: { ...refused, ...unclear } };
  });
}

async function countByState(sql: Sql, decision: Decision): Promise<Map<ChangeState, number>> {
  const rows = await sql.query<{ state: ChangeState; count: number }>(
    `select c.state, count(*)::int as count from change c where ${FILTER_SQL} group by 1 order by 1`,
    filterParams(decision.planNo, decision.filter),
  );
  return new Map(rows.map((row) => [row.state, row.count]));
}

async function countUnclear(sql: Sql, decision: Decision): Promise<Partial<Record<UnclearMatch, number>>> {
  const rows = await sql.query<{ match: UnclearMatch; count: number }>(
    `select c.match, count(*)::int as count from change c where ${FILTER_SQL} and not ${IS_CLEAR}
        and c.state = any($${FILTER_PARAMETERS + 1}::text[]) group by 1 order by 1`,
    [...filterParams(decision.planNo, decision.filter), statesBefore('approved')],
  );
  return Object.fromEntries(rows.map(({ match, count }) => [match, count]));
}

async function countOwn(sql: Sql, decision: Decision): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from change c where ${FILTER_SQL} and c.state = any($${FILTER_PARAMETERS + 1}::text[])
        and c.first_approved_by = $${FILTER_PARAMETERS + 2}`,
    [...filterParams(decision.planNo, decision.filter), statesBefore('approved'), decision.by],
  );
  return row?.count ?? 0;
}

async function approve(sql: Sql, decision: Decision): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `with approved as (
       update change c set state = 'approved', decided_by = $${FILTER_PARAMETERS + 2}, decided_at = now()
      where ${FILTER_SQL} and c.state = any($${FILTER_PARAMETERS + 1}::text[]) and ${IS_CLEAR}
        and (c.verb <> all($${FILTER_PARAMETERS + 3}::text[]) or c.first_approved_by <> $${FILTER_PARAMETERS + 2}) returning 1)
     select count(*)::int as count from approved`,
    [
      ...filterParams(decision.planNo, decision.filter),
      statesBefore('approved'),
      decision.by,
      decision.secondPersonFor,
    ],
  );
  return row?.count ?? 0;
}

async function noteFirst(sql: Sql, decision: Decision): Promise<number> {
  if (decision.secondPersonFor.length === 0) return 0;
  const rows = await sql.query(
    `update change c set first_approved_by = $${FILTER_PARAMETERS + 2}
      where ${FILTER_SQL} and c.state = any($${FILTER_PARAMETERS + 1}::text[]) and c.first_approved_by is null
        and ${IS_CLEAR} and c.verb = any($${FILTER_PARAMETERS + 3}::text[]) returning 1`,
    [
      ...filterParams(decision.planNo, decision.filter),
      statesBefore('approved'),
      decision.by,
      decision.secondPersonFor,
    ],
  );
  return rows.length;
}

async function reject(sql: Sql, decision: Decision): Promise<number> {
  const rows = await sql.query<{ targetNo: number; entityNo: number; class: string; isDeletion: boolean }>(
    `update change c set state = 'rejected', standing = true, decided_by = $${FILTER_PARAMETERS + 2}, decided_at = now(), ended_at = now()
      where ${FILTER_SQL} and c.state = any($${FILTER_PARAMETERS + 1}::text[])
      returning c.target_id as "targetNo", c.entity_no as "entityNo", c.class, c.cause is not null as "isDeletion"`,
    [...filterParams(decision.planNo, decision.filter), statesBefore('rejected'), decision.by],
  );
  const writes = rows.filter((row) => !row.isDeletion);
  await sql.query(
    `update backlog b set held_class = n.class,
            state = case when b.state = ${BACKLOG_STATE.quarantined} then b.state else ${BACKLOG_STATE.held} end
       from (select * from unnest($1::int[], $2::bigint[], $3::text[]) as u (target_id, entity_no, class) order by 1, 2) n
      where b.target_id = n.target_id and b.entity_no = n.entity_no`,
    [writes.map((row) => row.targetNo), writes.map((row) => row.entityNo), writes.map((row) => row.class)],
  );
  return rows.length;
}

async function noteDecision(sql: Sql, decision: Decision, changes: number): Promise<void> {
  await sql.query(
    `insert into plan_decision (plan_no, decision, decided_by, filter, comment, changes) values ($1, $2, $3, $4::json, $5, $6)`,
    [decision.planNo, decision.decision, decision.by, JSON.stringify(decision.filter), decision.comment, changes],
  );
}

/** A decision as it was made. */
export interface DecisionView {
  readonly at: Date;
  readonly decision: 'approve' | 'reject';
  /** Null when a rule has decided. */
  readonly by: string | null;
  /** The rule and the version of the rules it is of; null when a person has decided (PLN-13). */
  readonly rule: { readonly name: string; readonly version: number } | null;
  readonly filter: object;
  readonly comment: string;
  readonly changes: number;
}

/** The decisions about a plan, oldest first. */
export async function listDecisions(sql: Sql, planNo: number): Promise<DecisionView[]> {
  return sql.query<DecisionView>(
    `select at, decision, decided_by as by, ${RULE_SQL} as rule, filter, comment, changes from plan_decision where plan_no = $1 order by at, rule_name`,
    [planNo],
  );
}
