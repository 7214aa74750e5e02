import type { RecordedResult } from '../../core/logs/trace.js';
import { ENTITY_TYPES, entityTypeCode } from '../../core/entity-type.js';
import { contentOf, UNREAD } from './contents.js';

/** A statement that gives records of run $1 after the position $3…, $2 at most, in its order, and where the first portion begins. */
export interface Series {
  readonly text: string;
  readonly start: readonly unknown[];
}

/** Where records with this result are found. What a plan stores and a simulation finds counts as what it would be, as in statistics. */
export function seriesOf(result: RecordedResult): readonly Series[] {
  switch (result) {
    case 'failed':
      return [SOURCE_FAILURES, attempts(result), simulated(result)];
    case 'skipped':
      return [SOURCE_SKIPS, attempts(result), TARGET_SKIPS, simulated(result)];
    case 'created':
    case 'updated':
    case 'deleted':
      return [attempts(result), planned(result), simulated(result)];
  }
}

/**
 * From `x`, which has the columns of every series. A content is found under (`content_no`, `content_place`); what it holds is read later, a few
 * at a time.
 */
function records(result: RecordedResult, position: string, rows: string, order: string): string {
  return `
    select x.type, coalesce(s.name, 'system ' || x.system_no) as "systemName", x.source_key as "sourceKey", x.target_key as "targetKey", x.operation,
           x.at, x.duration_ms as "durationMs", x.code, x.message, x.counts, json_build_array(${position}) as position, c.content
      from (${rows}) x left join system s on s.no = x.system_no
      ${contentOf(result)}
     order by ${order}`;
}

/** Of what was never tried there is neither time nor duration. */
const UNTRIED = 'null::int as duration_ms, null::text as code, true as counts';
/** Plans and simulations have contents of their own (PLN-6, JOB-9). */
const NO_CONTENT = 'null::bigint as content_no, null::text as content_place';

/**
 * Final results of entities that were tried, of each of their accounts where one entity has several (LNK-3): several attempts count once, Created stays Created, else the last one counts (STA-10). Entities
 * come in the order of the index of the log, so that a portion reads the rows of its own entities only.
 */
function attempts(result: RecordedResult): Series {
  const rows = `
    select k.target_id as system_no, k.type, k.entity_no, k.part, a.operation, a.at, a.duration_ms, a.code, coalesce(a.message, a.code) as message,
           case when a.was_created and a.result <> 'deleted' then 'created' else a.result end = '${result}' as counts,
           coalesce(a.source_key, e.source_key) as source_key, coalesce(a.target_key, l.target_key) as target_key,
           k.entity_no as content_no, k.part as content_place
      from (select distinct target_id, type, entity_no, coalesce(part, '') as part from entity_log
             where run_key = $1 and result = '${result}' and (target_id, type, entity_no) >= ($3::int, $4::smallint, $5::bigint)
               and (target_id, type, entity_no, coalesce(part, '')) > ($3::int, $4::smallint, $5::bigint, $6::text)
             order by 1, 2, 3, 4 limit $2) k
     cross join lateral (
       select g.*, bool_or(g.result = 'created') over () as was_created from entity_log g
        where g.run_key = $1 and g.target_id = k.target_id and g.type = k.type and g.entity_no = k.entity_no
          and coalesce(g.part, '') = k.part
        order by g.at desc limit 1) a
      left join entity e on e.entity_no = k.entity_no
      left join link l on l.target_id = k.target_id and l.entity_no = k.entity_no and case when k.part = '' then l.ord = 0 else l.part = k.part end`;
  const position = 'x.system_no, x.type, x.entity_no, x.part';
  return { text: records(result, position, rows, position), start: [0, 0, 0, ''] };
}

/** Entities that a target skipped without an attempt. */
const TARGET_SKIPS: Series = {
  text: records(
    'skipped',
    'x.system_no, x.type, x.page_no, x.reason, x.entity_no',
    `select k.target_id as system_no, k.type, k.page_no, k.reason, u.entity_no, 'skip' as operation, nullif(k.reason, '') as message,
            null::timestamptz as at, e.source_key, l.target_key, ${UNTRIED}, u.entity_no as content_no, '' as content_place
       from run_skip k cross join lateral unnest(k.entity_nos) as u (entity_no)
       left join entity e on e.entity_no = u.entity_no
       left join link l on l.target_id = k.target_id and l.entity_no = u.entity_no and l.ord = 0
      where k.run_key = $1 and (k.target_id, k.type, k.page_no) >= ($3::int, $4::smallint, $5::int)
        and (k.target_id, k.type, k.page_no, k.reason, u.entity_no) > ($3::int, $4::smallint, $5::int, $6::text, $7::bigint)
      order by k.target_id, k.type, k.page_no, k.reason, u.entity_no limit $2`,
    'x.system_no, x.type, x.page_no, x.reason, x.entity_no',
  ),
  start: [0, 0, 0, '', 0],
};

/** Pages of the winning epochs of a read. */
const PAGES = `
  run r join run_type t on t.run_key = r.run_key
  join run_page p on p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch`;
const TYPE_NAME = `case p.type ${ENTITY_TYPES.map((type) => `when ${entityTypeCode(type)} then '${type}'`).join(' ')} end`;

/** Entities that do not meet the condition of the source, as the job knew it (SKP-9). */
const SOURCE_SKIPS: Series = {
  text: records(
    'skipped',
    'x.type, x.page_no, x.entity_no',
    `select r.source_id as system_no, p.type, p.page_no, u.entity_no, 'read' as operation, p.at, e.source_key, null::text as target_key, ${UNTRIED},
            u.entity_no as content_no, '' as content_place,
            'Entity condition [' || (r.frozen #>> array['source', 'transformation', ${TYPE_NAME}, 'condition']) || '] is not fulfilled' as message
       from ${PAGES} cross join lateral unnest(p.skipped) as u (entity_no)
       left join entity e on e.entity_no = u.entity_no
      where r.run_key = $1 and (p.type, p.page_no) >= ($3::smallint, $4::int) and (p.type, p.page_no, u.entity_no) > ($3::smallint, $4::int, $5::bigint)
      order by p.type, p.page_no, u.entity_no limit $2`,
    'x.type, x.page_no, x.entity_no',
  ),
  start: [0, -1, 0],
};

/** Entities that could not be read or mapped. */
const SOURCE_FAILURES: Series = {
  text: records(
    'failed',
    'x.type, x.page_no, x.place',
    `select r.source_id as system_no, p.type, p.page_no, f.place, 'read' as operation, p.at, f.value->>'key' as source_key, null::text as target_key,
            ${UNTRIED}, f.value->>'message' as message, ${UNREAD}::bigint as content_no, p.epoch || '/' || p.page_no || '/' || f.place as content_place
       from ${PAGES} cross join lateral json_array_elements(p.failures) with ordinality as f (value, place)
      where r.run_key = $1 and p.failed_count > 0
        and (p.type, p.page_no, f.place) > ($3::smallint, $4::int, $5::bigint)
      order by p.type, p.page_no, f.place limit $2`,
    'x.type, x.page_no, x.place',
  ),
  start: [0, -1, 0],
};

/** What a plan would do (PLN-3). */
function planned(result: 'created' | 'updated' | 'deleted'): Series {
  const rows = `
    select c.target_id as system_no, c.type, c.change_no, c.verb as operation, null::timestamptz as at, e.source_key, c.target_key,
           'planned' as message, ${UNTRIED}, ${NO_CONTENT}
      from plan p join change c on c.plan_no = p.plan_no left join entity e on e.entity_no = c.entity_no
     where p.run_key = $1 and p.kind = 'plan' and c.change_no > $3::bigint
       and case when c.verb = 'create' then 'created' when c.verb = 'delete' or c.cause is not null then 'deleted' else 'updated' end = '${result}'
     order by c.change_no limit $2`;
  return { text: records(result, 'x.change_no', rows, 'x.change_no'), start: [0] };
}

/** What a Resync would do (JOB-9). */
function simulated(result: RecordedResult): Series {
  const rows = `
    select m.target_id as system_no, m.type, m.result_no, m.operation, m.at, m.source_key, m.target_key, null::int as duration_ms, m.code,
           coalesce(m.reason, m.code) as message, true as counts, ${NO_CONTENT}
      from simulated_result m where m.run_key = $1 and m.result = '${result}' and m.result_no > $3::bigint
     order by m.result_no limit $2`;
  return { text: records(result, 'x.result_no', rows, 'x.result_no'), start: [0] };
}
