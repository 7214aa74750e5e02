import { BACKLOG_STATE, LINK_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/** Links of a type in the given targets; the empty-read guard looks at them (DEL-21). */
export async function hasLinks(
  sql: Sql,
  sourceNo: number,
  type: number,
  targetNos: readonly number[],
): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from link l join entity e on e.entity_no = l.entity_no
      where l.target_id = any($3::int[]) and l.type = $2 and l.state = ${LINK_STATE.linked} and e.source_id = $1 limit 1`,
    [sourceNo, type, targetNos],
  );
  return rows.length > 0;
}

/**
 * Entities of a type that the complete full read did not deliver become *absent*, linked or not, so that nothing can create an account
 * for somebody who has left (engine.md §7 ⚠). What was written in real time since the first page stays. Once per run and type; their
 * pairs become due, because an absent entity with a link is out of step. A target that takes no part any more finds later that its
 * deletions were put off. The caller has proof that the read was complete. `unreadableNos` were delivered, although nobody could read them (DEL-24).
 */
export async function markAbsent(
  sql: Sql,
  runKey: string,
  sourceNo: number,
  type: number,
  unreadableNos: readonly number[],
): Promise<void> {
  const first = await sql.query(
    'update run_type set marked_absent = true where run_key = $1 and type = $2 and not marked_absent returning 1',
    [runKey, type],
  );
  if (first.length === 0) return;
  await sql.query(
    `with read as (select epoch, first_read_seq from run_type where run_key = $1 and type = $3),
     delivered as materialized (
       select distinct n as entity_no from run_page p cross join lateral unnest(p.seen || p.skipped) n
        where p.run_key = $1 and p.type = $3 and p.epoch = (select epoch from read)
       union select unnest($4::bigint[])),
     gone as (
       update entity e set presence = ${PRESENCE.absent}, source_hash = null
        where e.source_id = $2 and e.type = $3 and e.presence <> ${PRESENCE.absent}
          and e.read_seq <= coalesce((select first_read_seq from read), 0)
          and not exists (select from delivered d where d.entity_no = e.entity_no)
        returning e.entity_no),
     moved as (
       update backlog b set gen = b.gen + 1, last_run = null,
              state = case when b.state = ${BACKLOG_STATE.missing} then ${BACKLOG_STATE.due} else b.state end
         from gone where b.entity_no = gone.entity_no returning b.target_id, b.entity_no),
     leaving as (
       insert into postponed_deletion (target_id, entity_no, type, since_run)
       select l.target_id, l.entity_no, $3, $1
         from gone join link l on l.entity_no = gone.entity_no and l.ord = 0 and l.state = ${LINK_STATE.linked}
       on conflict do nothing)
     insert into backlog (target_id, entity_no, source_id, type, reason, state)
     select l.target_id, l.entity_no, $2, $3, 'absent', ${BACKLOG_STATE.due}
       from gone join link l on l.entity_no = gone.entity_no and l.ord = 0
      where l.state <> ${LINK_STATE.released}
      order by 1, 2
     on conflict (target_id, entity_no) do nothing`,
    [runKey, sourceNo, type, unreadableNos],
  );
}

/**
 * The source says of one entity that it is gone, in a run that could not see that itself (a delta read): it becomes *absent*, unless
 * somebody has heard of it since `readSeq`. Its pairs become due; nothing is deleted before a full read.
 */
export async function markOneAbsent(
  sql: Sql,
  entity: { readonly entityNo: number; readonly readSeq: number },
): Promise<void> {
  await sql.query(
    `with gone as (
       update entity set presence = ${PRESENCE.absent}, source_hash = null
        where entity_no = $1 and read_seq = $2 and presence <> ${PRESENCE.absent} returning entity_no, source_id, type)
     insert into backlog as b (target_id, entity_no, source_id, type, reason, state)
     select l.target_id, g.entity_no, g.source_id, g.type, 'absent', ${BACKLOG_STATE.due}
       from gone g join link l on l.entity_no = g.entity_no and l.ord = 0 and l.state <> ${LINK_STATE.released}
      order by 1, 2
     on conflict (target_id, entity_no) do update set gen = b.gen + 1, last_run = null`,
    [entity.entityNo, entity.readSeq],
  );
}

/**
 * The source still has an entity that the read did not deliver, or could not say: it is *unknown*, which changes nothing. It counts as
 * present again and is mapped anew by the next read. Its pairs become due in every target, because one of them may have marked it as out
 * of scope while it counted as absent.
 */
export async function restorePresence(sql: Sql, entityNos: readonly number[]): Promise<void> {
  if (entityNos.length === 0) return;
  await sql.query(
    `with restored as (
       update entity set presence = ${PRESENCE.present}, source_hash = null
        where entity_no = any($1::bigint[]) and presence = ${PRESENCE.absent} returning entity_no, source_id, type)
     insert into backlog as b (target_id, entity_no, source_id, type, reason)
     select l.target_id, r.entity_no, r.source_id, r.type, 'restored'
       from restored r join link l on l.entity_no = r.entity_no and l.ord = 0 and l.state = ${LINK_STATE.linked}
      order by 1, 2
     on conflict (target_id, entity_no) do update set gen = b.gen + 1, reason = excluded.reason, last_run = null`,
    [entityNos],
  );
}
