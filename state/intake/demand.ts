import { BACKLOG_STATE, LEAVER_PRIO, LINK_STATE, NORMAL_PRIO, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/** A target of the run with the number of its frozen write program. */
export interface TargetProgram {
  readonly targetNo: number;
  readonly program: number;
}

/** Entities of one source and type, and the targets that take this type. */
export interface Demand {
  /** The run whose reading delivered the entities: what a run creates it has seen itself. Null: they were read outside of runs. */
  readonly runKey: string | null;
  readonly sourceNo: number;
  readonly type: number;
  readonly targets: readonly TargetProgram[];
  readonly entityNos: readonly number[];
}

/**
 * A row that is in somebody's hands is looked at once more: a run that was closed may be writing what its older pages said, and its settle
 * must not delete the row of a pair that is out of step by now (engine.md §3.1).
 */
const MOVE_LEASED = 'gen = b.gen + case when b.lease_token is null then 0 else 1 end';

/** Targets that are still connected and enabled: a disabled one is swept when it is enabled again. */
const LIVE_TARGETS = `
  live as (select t.target_id, t.program from unnest($3::int[], $4::int[]) as t (target_id, program)
             join connected_pair p on p.target_id = t.target_id and p.source_id = $1 and p.enabled)`;

/**
 * A pair (entity e, link l or none, program t.program) is in step by what is stored; the write condition is not evaluated, its result
 * was stored under this hash and program (engine.md §2).
 */
export const IN_STEP = `
  case when e.presence = ${PRESENCE.present}
       then l.state in (${LINK_STATE.linked}, ${LINK_STATE.skipped}) and l.common_hash = e.common_hash and l.program >= t.program
       when l.entity_no is null then true
       when l.state = ${LINK_STATE.linked} then l.out_of_scope
       else l.state = ${LINK_STATE.released} end`;

/**
 * A changed entity is due in every target, and `gen` moves whether or not a row was there: a drain that has leased the row for an older
 * body cannot delete it any more. That closes A → B → A (engine.md §5 ⚠). A held pair is looked at again because its data changed (GOV-8).
 * `urgent`: entities that overtake all others.
 */
export async function demandChanged(sql: Sql, demand: Demand, urgent: ReadonlySet<number>): Promise<void> {
  if (demand.entityNos.length === 0 || demand.targets.length === 0) return;
  await sql.query(
    `with ${LIVE_TARGETS}
     insert into backlog as b (target_id, entity_no, source_id, type, reason, seen_run, prio)
     select t.target_id, n.entity_no, $1, $2, 'changed', $6, case when n.entity_no = any($7::bigint[]) then ${LEAVER_PRIO} else ${NORMAL_PRIO} end
       from live t cross join unnest($5::bigint[]) as n (entity_no)
      order by t.target_id, n.entity_no
     on conflict (target_id, entity_no) do update
        set gen = b.gen + 1, reason = excluded.reason, prio = excluded.prio, seen_run = coalesce(excluded.seen_run, b.seen_run), last_run = null, next_at = null, attempts = 0, error_class = null, failed_at = null,
            state = case when b.state = ${BACKLOG_STATE.quarantined} then b.state else ${BACKLOG_STATE.due} end`,
    [...demandParams(demand), [...urgent]],
  );
}

/**
 * Entities that were mapped, with the result they had: pairs that are not in step get a row. They have one already (invariant 1), but for who was taken
 * for absent and was found again, of whom only the accounts that are left are looked after at once.
 */
export async function demandOutOfStep(sql: Sql, demand: Demand): Promise<void> {
  if (demand.entityNos.length === 0 || demand.targets.length === 0) return;
  await sql.query(
    `with ${LIVE_TARGETS}
     insert into backlog as b (target_id, entity_no, source_id, type, reason, seen_run)
     select t.target_id, e.entity_no, $1, $2, 'outOfStep', $6
       from unnest($5::bigint[]) as n (entity_no)
      cross join live t
      cross join lateral (select * from entity where entity_no = n.entity_no limit 1) e
       left join lateral (select * from link where target_id = t.target_id and entity_no = n.entity_no and ord = 0 limit 1) l on true
      where (${IN_STEP}) is not true
      order by 1, 2
     on conflict (target_id, entity_no) do update set seen_run = excluded.seen_run, ${MOVE_LEASED}`,
    demandParams(demand),
  );
}

/**
 * Entities that are stored as they were delivered: a row that waits from an earlier run learns that this run has seen them. Most pairs are in step and
 * have none, so they cost no more than the search for it. By nothing but target and entity, which are the key: with more to go by the planner may
 * read the whole backlog of a source. The list stands in a query of its own, or its numbers would be weighed one by one.
 */
export async function markSeen(sql: Sql, demand: Demand): Promise<void> {
  if (demand.entityNos.length === 0 || demand.targets.length === 0) return;
  await sql.query(
    `with ${LIVE_TARGETS},
     waiting as (
       select b.target_id, b.entity_no
         from live t
         join backlog b on b.target_id = t.target_id and b.entity_no = any((select $5::bigint[])::bigint[])
        cross join lateral (select * from entity where entity_no = b.entity_no limit 1) e
         left join lateral (select * from link where target_id = b.target_id and entity_no = b.entity_no and ord = 0 limit 1) l on true
        where (${IN_STEP}) is not true
        order by 1, 2
          for update of b)
     update backlog b set seen_run = $2, ${MOVE_LEASED}
       from waiting w where b.target_id = w.target_id and b.entity_no = w.entity_no`,
    [demand.sourceNo, demand.runKey, ...targetParams(demand.targets), demand.entityNos],
  );
}

/** Pairs whose time-dependent program gives another result today. */
export async function demandByTime(
  sql: Sql,
  demand: Pick<Demand, 'runKey' | 'sourceNo' | 'type'>,
  due: readonly { readonly targetNo: number; readonly entityNo: number }[],
): Promise<void> {
  if (due.length === 0) return;
  await sql.query(
    `insert into backlog as b (target_id, entity_no, source_id, type, reason, seen_run)
     select n.target_id, n.entity_no, $1, $2, 'time', $5 from unnest($3::int[], $4::bigint[]) as n (target_id, entity_no)
      order by 1, 2
     on conflict (target_id, entity_no) do update set seen_run = excluded.seen_run, ${MOVE_LEASED}`,
    [demand.sourceNo, demand.type, due.map((pair) => pair.targetNo), due.map((pair) => pair.entityNo), demand.runKey],
  );
}

/**
 * Safety net: a pair that is not in step has a row or a sweep already (invariant 1); should one be missing for an entity that a full read has
 * delivered, it is added here, and a row that came after its page learns that the read has seen its entity. A join of all costs a fifth of looking
 * each pair up with its page.
 *
 * @param read with the entity numbers that are looked at: those above `afterNo`, up to `upToNo`
 */
export async function demandForgotten(
  sql: Sql,
  read: {
    readonly runKey: string;
    readonly sourceNo: number;
    readonly type: number;
    readonly epoch: number;
    readonly afterNo: number;
    readonly upToNo: number;
  },
  target: TargetProgram,
): Promise<void> {
  await sql.query(
    `with ${LIVE_TARGETS},
     forgotten as materialized (
       select t.target_id, e.entity_no
         from live t
         join entity e on e.source_id = $1 and e.type = $2 and e.presence <> ${PRESENCE.absent} and e.entity_no > $7 and e.entity_no <= $8
         left join link l on l.target_id = t.target_id and l.entity_no = e.entity_no and l.ord = 0 and l.entity_no > $7 and l.entity_no <= $8
         left join backlog b on b.target_id = t.target_id and b.entity_no = e.entity_no
        where (${IN_STEP}) is not true and (b.entity_no is null or b.seen_run is distinct from $5))
     insert into backlog as b (target_id, entity_no, source_id, type, reason, seen_run)
     select f.target_id, f.entity_no, $1, $2, 'outOfStep', $5
       from forgotten f
      where f.entity_no in (select unnest(p.seen || p.skipped) from run_page p
                             where p.run_key = $5 and p.type = $2 and p.epoch = $6)
      order by 1, 2
     on conflict (target_id, entity_no) do update set seen_run = excluded.seen_run, ${MOVE_LEASED}`,
    [read.sourceNo, read.type, ...targetParams([target]), read.runKey, read.epoch, read.afterNo, read.upToNo],
  );
}

/** Resync: this run, and no other, writes these pairs whatever their hashes say (engine.md §6). */
export async function demandForced(sql: Sql, demand: Demand): Promise<void> {
  if (demand.entityNos.length === 0 || demand.targets.length === 0) return;
  await sql.query(
    `with ${LIVE_TARGETS}
     insert into backlog as b (target_id, entity_no, source_id, type, reason, force_run, seen_run)
     select t.target_id, n.entity_no, $1, $2, 'resync', $6, $6 from live t cross join unnest($5::bigint[]) as n (entity_no)
      order by t.target_id, n.entity_no
     on conflict (target_id, entity_no) do update set gen = b.gen + 1, force_run = excluded.force_run, seen_run = excluded.seen_run, last_run = null`,
    demandParams(demand),
  );
}

/** One step of a sweep: pairs of entities in (afterNo, afterNo + count] that are not in step get a row. */
export async function demandSwept(
  sql: Sql,
  demand: Omit<Demand, 'entityNos' | 'runKey'>,
  range: { readonly afterNo: number; readonly upToNo: number },
): Promise<void> {
  await sql.query(
    `with ${LIVE_TARGETS}
     insert into backlog as b (target_id, entity_no, source_id, type, reason)
     select t.target_id, e.entity_no, $1, $2, 'swept'
       from entity e cross join live t
       left join link l on l.target_id = t.target_id and l.entity_no = e.entity_no and l.ord = 0
      where e.source_id = $1 and e.type = $2 and e.entity_no > $5 and e.entity_no <= $6 and (${IN_STEP}) is not true
      order by 1, 2
     on conflict (target_id, entity_no) do update set ${MOVE_LEASED} where b.lease_token is not null`,
    [demand.sourceNo, demand.type, ...targetParams(demand.targets), range.afterNo, range.upToNo],
  );
}

function demandParams(demand: Demand): unknown[] {
  return [demand.sourceNo, demand.type, ...targetParams(demand.targets), demand.entityNos, demand.runKey];
}

function targetParams(targets: readonly TargetProgram[]): [number[], number[]] {
  return [targets.map((target) => target.targetNo), targets.map((target) => target.program)];
}
