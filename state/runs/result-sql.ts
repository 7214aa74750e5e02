/**
 * SQL: what was said of an entity as a whole is not over because its parts have results of their own. That there are none in the run is found out
 * once for all of them, which is the end of it in nearly every job.
 */
const IS_LAST_OF_WHOLE = `
  (not exists (select from entity_log where run_key = $1 and part is not null)
   or not exists (select from entity_log n where n.run_key = $1 and n.part is not null and n.target_id = g.target_id and n.entity_no = g.entity_no))`;

/** SQL: of the attempts that are logged, the last one for each `key`. */
function finalResults(key: string, condition: string): string {
  return `
  select a.target_id, a.entity_no, a.type,
         case when a.was_created and a.result <> 'deleted' then 'created' else a.result end as result,
         a.operation, a.code, a.message, a.at, a.attempts, null as source_key, null as target_key, a.part
    from (select distinct on (${key}) target_id, entity_no, part, type, result, operation, code, message, at,
                 bool_or(result = 'created') over w as was_created, (count(*) over w)::int as attempts
            from entity_log g where run_key = $1 and ${condition}
          window w as (partition by ${key})
           order by ${key}, at desc) a`;
}

/**
 * The final result of each (target, entity) of run $1. Several attempts count once: Created stays Created, else the last one counts.
 * Entities skipped without an attempt stand in the arrays of run_skip, those kept back by the governor in run_held.
 * Of an entity that is several target entities each has its own (LNK-3); what was said of all of them before is over then.
 * What a plan stores counts as what it would be (PLN-3), and so does what a simulation has found, whose rows name their entity themselves: it
 * may not be stored (JOB-9).
 */
export const RESULT_SQL = `
  ${finalResults('target_id, entity_no', `part is null and ${IS_LAST_OF_WHOLE}`)}
  union all
  ${finalResults('target_id, entity_no, part', 'part is not null')}
  union all
  select k.target_id, u.entity_no, k.type, 'skipped', 'skip', null, nullif(k.reason, ''), null, 0, null, null, null
    from run_skip k cross join unnest(k.entity_nos) as u (entity_no) where k.run_key = $1
  union all
  select h.target_id, u.entity_no, h.type, 'held', 'hold', null, null, null, 0, null, null, null
    from run_held h cross join unnest(h.entity_nos) as u (entity_no) where h.run_key = $1
  union all
  select c.target_id, c.entity_no, c.type,
         case when c.verb = 'create' then 'created' when c.verb = 'delete' or c.cause is not null then 'deleted' else 'updated' end,
         c.verb, null, 'planned', null, 0, null, null, null
    from plan p join change c on c.plan_no = p.plan_no where p.run_key = $1 and p.kind = 'plan'
  union all
  select m.target_id, m.result_no, m.type, m.result, m.operation, m.code, m.reason, m.at, 0, m.source_key, m.target_key, nullif(m.part, '')
    from simulated_result m where m.run_key = $1`;
