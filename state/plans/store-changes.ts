import type { ChangeVerb, GovernedClass, MatchOutcome, RiskFlag } from '../../core/plan/change.js';
import { statesBefore } from '../../core/plan/states.js';
import type { Presence } from '../../core/sync/facts.js';
import { PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/** `plan`: a run that sends nothing (PLN-3). `held`: what the governor keeps back in a run (GOV-7). */
export type PlanKind = 'plan' | 'held';

/** An intended write that is stored in place of being executed. */
export interface NewChange {
  readonly kind: PlanKind;
  readonly entityNo: number;
  readonly sourceKey: string;
  readonly targetKey: string | null;
  readonly verb: ChangeVerb;
  readonly class: GovernedClass;
  readonly attributes: readonly string[];
  readonly risks: readonly RiskFlag[];
  readonly facet: string | null;
  readonly presence: Presence;
  /** What the change was made from: it is executed only while these are the same (PLN-10). */
  readonly entityHash: Buffer | null;
  readonly linkVersion: number | null;
  readonly targetHash: Buffer | null;
  readonly sourceProgram: number;
  readonly targetProgram: number;
  /** Why a deletion: the cause of the candidate. */
  readonly cause: string | null;
  /** Sealed values; null where the stored link has all there is to know. */
  readonly content: Buffer | null;
  /** Part of the hash of the plan (PLN-5). */
  readonly digest: Buffer;
  /** What a match report has found; null: it was not looked for (PLN-14). */
  readonly match: MatchOutcome | null;
  readonly matchBy: readonly string[];
  readonly matchNote: string | null;
  /** Planned by a Resync: all attributes are written (CHG-6). */
  readonly forced: boolean;
}

/** Run key of what is done in no run (HEA-4). */
const OUTSIDE_OF_RUNS = '0';

/** SQL: the hash over the changes of plan `p` (PLN-5). */
export const HASH_OF_CHANGES = `sha256(coalesce((select string_agg(c.digest || convert_to(coalesce(c.match, ''), 'UTF8') || coalesce(c.basis, ''::bytea), ''::bytea order by c.change_no) from change c where c.plan_no = p.plan_no), ''::bytea))`;

/** Where changes of one lease belong. */
export interface ChangePlace {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
}

/** The plan of a run; made when its first change is stored. Returns its number. */
export async function ensurePlan(sql: Sql, runKey: string, kind: PlanKind): Promise<number> {
  const [made] = await sql.query<{ planNo: number }>(
    `insert into plan (run_key, source_id, source_name, kind, author, expires_at)
     select r.run_key, r.source_id, r.source_name, $2, r.triggered_by,
            now() + coalesce((r.frozen #>> '{source,properties,ips.plan.expiry.days}')::int, 7) * interval '1 day'
       from run r where r.run_key = $1
     on conflict (run_key, kind) do update set kind = excluded.kind
     returning plan_no as "planNo"`,
    [runKey, kind],
  );
  if (made === undefined) throw new Error(`there is no run ${runKey}`);
  return made.planNo;
}

/**
 * Stores changes; the pairs' older open ones are superseded (PLN-12). Repeating it after a lost answer leaves one open change for each
 * pair. The caller holds the leases of the pairs in the same transaction.
 */
export async function storeChanges(sql: Sql, place: ChangePlace, changes: readonly NewChange[]): Promise<void> {
  for (const kind of ['plan', 'held'] as const) {
    const ofKind = changes.filter((change) => change.kind === kind);
    if (ofKind.length === 0) continue;
    const planNo = await ensurePlan(sql, await homeOf(sql, place), kind);
    await forgetTwice(
      sql,
      planNo,
      place.targetNo,
      ofKind.map((change) => change.entityNo),
    );
    await supersede(
      sql,
      place.targetNo,
      ofKind.map((change) => change.entityNo),
    );
    await insertChanges(sql, place, planNo, kind, ofKind);
    if (place.runKey === OUTSIDE_OF_RUNS) await reopen(sql, planNo);
  }
}

/** What healing was not allowed to do is found where the last job of the source keeps its own: there is nothing else to approve it in. */
async function homeOf(sql: Sql, place: ChangePlace): Promise<string> {
  if (place.runKey !== OUTSIDE_OF_RUNS) return place.runKey;
  const [last] = await sql.query<{ runKey: string }>(
    'select max(run_key)::text as "runKey" from run where source_id = $1',
    [place.sourceNo],
  );
  return last?.runKey ?? place.runKey;
}

/** A plan of a job that is over gets more changes: another hash, and time to decide. */
async function reopen(sql: Sql, planNo: number): Promise<void> {
  await sql.query(
    `update plan p set completed_at = coalesce(completed_at, now()), expires_at = greatest(expires_at, now() + interval '7 days'),
            hash = ${HASH_OF_CHANGES}
      where p.plan_no = $1`,
    [planNo],
  );
}

/** A pair that is offered twice in one run has one change in its plan: the later one. */
async function forgetTwice(sql: Sql, planNo: number, targetNo: number, entityNos: readonly number[]): Promise<void> {
  await sql.query(
    `delete from change where target_id = $2 and entity_no = any($3::bigint[]) and plan_no = $1 and state in ('planned', 'held')`,
    [planNo, targetNo, entityNos],
  );
}

/** Ends the open changes of pairs in favour of newer ones; what was approved for the older data is obsolete (PLN-2). */
export async function supersede(sql: Sql, targetNo: number, entityNos: readonly number[]): Promise<void> {
  await sql.query(
    `update change set state = case when state in (${ENDED_BY_NEWER}) then 'superseded' when state = 'approved' then 'obsolete' else state end,
            reason = case when standing and not state in (${OPEN_STATES}) then reason else 'a newer run has planned this entity anew' end,
            standing = false, ended_at = now()
      where target_id = $1 and entity_no = any($2::bigint[]) and (state in (${OPEN_STATES}) or standing)`,
    [targetNo, entityNos],
  );
}

/** SQL: written out and not given as parameters, or no partial index would fit and each lease would read all changes there are. */
const ENDED_BY_NEWER = statesBefore('superseded')
  .map((state) => `'${state}'`)
  .join(', ');
const OPEN_STATES = `${ENDED_BY_NEWER}, 'approved'`;

/** What was refused because somebody had changed the account is made from what the account held then, until we have written it again (PLN-10). */
async function insertChanges(
  sql: Sql,
  place: ChangePlace,
  planNo: number,
  kind: PlanKind,
  changes: readonly NewChange[],
): Promise<void> {
  await sql.query(
    `insert into change (plan_no, run_key, source_id, target_id, type, state, standing, entity_no, source_key, target_key, verb, class,
                         attributes, risks, facet, presence, entity_hash, link_version, target_hash, source_program, target_program, cause,
                         content, digest, forced, match, match_by, match_note, basis)
     select $1, $2, $3, $4, $5, $6, $7, n.entity_no, n.source_key, n.target_key, n.verb, n.class,
            array(select json_array_elements_text(n.attributes::json)), array(select json_array_elements_text(n.risks::json)) || case when d.seen is null then '{}'::text[] else array['changedInTarget'] end, n.facet,
            n.presence, n.entity_hash, n.link_version, n.target_hash, n.source_program, n.target_program, n.cause, n.content, n.digest, n.forced,
            n.match, array(select json_array_elements_text(n.match_by::json)), n.match_note, d.seen
       from unnest($8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::smallint[],
                   $17::bytea[], $18::bigint[], $19::bytea[], $20::int[], $21::int[], $22::text[], $23::bytea[], $24::bytea[], $25::boolean[],
                   $26::text[], $27::text[], $28::text[])
         as n (entity_no, source_key, target_key, verb, class, attributes, risks, facet, presence, entity_hash, link_version, target_hash,
               source_program, target_program, cause, content, digest, forced, match, match_by, match_note)
       left join lateral (
         select seen from change o
          where o.target_id = $4 and o.entity_no = n.entity_no and o.state = 'drifted' and o.seen is not null
            and o.verb = n.verb and o.link_version is not distinct from n.link_version
          order by o.change_no desc limit 1) d on true`,
    [
      planNo,
      place.runKey,
      place.sourceNo,
      place.targetNo,
      place.type,
      kind === 'plan' ? 'planned' : 'held',
      kind === 'held',
      changes.map((change) => change.entityNo),
      changes.map((change) => change.sourceKey),
      changes.map((change) => change.targetKey),
      changes.map((change) => change.verb),
      changes.map((change) => change.class),
      changes.map((change) => JSON.stringify(change.attributes)),
      changes.map((change) => JSON.stringify(change.risks)),
      changes.map((change) => change.facet),
      changes.map((change) => PRESENCE[change.presence]),
      changes.map((change) => change.entityHash),
      changes.map((change) => change.linkVersion),
      changes.map((change) => change.targetHash),
      changes.map((change) => change.sourceProgram),
      changes.map((change) => change.targetProgram),
      changes.map((change) => change.cause),
      changes.map((change) => change.content),
      changes.map((change) => change.digest),
      changes.map((change) => change.forced),
      changes.map((change) => change.match),
      changes.map((change) => JSON.stringify(change.matchBy)),
      changes.map((change) => change.matchNote),
    ],
  );
}
