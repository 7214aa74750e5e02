import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { Sql } from '../database.js';
import { contentOf, UNREAD } from '../logs/contents.js';
import type { ContentKey } from '../logs/contents.js';

/** An entity that could not be read, or not be written to a target, in a job. */
export interface FailedEntity {
  readonly entity: EntityType;
  readonly systemId: string | null;
  /** Where it failed: the source or a target (ORD-11). */
  readonly systemName: string;
  /** Id in the source; null when the source delivered none. */
  readonly sourceKey: string | null;
  readonly at: Date;
  readonly message: string;
  /** Where its content is stored; null: it is hidden (LOG-5). */
  readonly content: ContentKey | null;
}

/** Failed entities shown with a job (STA-11, LIM-9); all of them are in the list of results and in the downloads. */
export const SHOWN_FAILED_ENTITIES = 10;

/**
 * The first failed entities of a job: those of the source by its winning pages, then those whose final result in a target is a failure.
 * Fast also while a large job runs: failures have an index of their own.
 */
export async function listFailedEntities(sql: Sql, runKey: string): Promise<FailedEntity[]> {
  const rows = await sql.query<Omit<FailedEntity, 'entity'> & { type: number }>(
    `with failure as (
       (select 0 as place, r.source_id as system_no, p.type, f.value->>'key' as key, null::bigint as entity_no, p.at, f.value->>'message' as message,
               ${UNREAD}::bigint as content_no, p.epoch || '/' || p.page_no || '/' || f.position as content_place
          from run_page p
          join run r on r.run_key = p.run_key
          join run_type t on t.run_key = p.run_key and t.type = p.type and t.epoch = p.epoch
         cross join lateral json_array_elements(p.failures) with ordinality as f (value, position)
         where p.run_key = $1 and p.failed_count > 0
         order by p.type, p.page_no limit ${SHOWN_FAILED_ENTITIES})
       union all
       (select 1, g.target_id, g.type, null, g.entity_no, g.at, coalesce(g.message, g.code, ''), g.entity_no, coalesce(g.part, '')
          from entity_log g
         where g.run_key = $1 and g.result = 'failed'
           and not exists (select from entity_log n where n.run_key = $1 and n.target_id = g.target_id and n.type = g.type
                              and n.entity_no = g.entity_no and (n.part is not distinct from g.part or g.part is null) and (n.at > g.at or n.result = 'created'))
         order by g.at limit ${SHOWN_FAILED_ENTITIES})
       union all
       (select 1, m.target_id, m.type, m.source_key, null, m.at, coalesce(m.reason, m.code, ''), null, null
          from simulated_result m where m.run_key = $1 and m.result = 'failed'
         order by m.target_id, m.result_no limit ${SHOWN_FAILED_ENTITIES}))
     select x.type, s.id as "systemId", coalesce(s.name, 'system ' || x.system_no) as "systemName",
            coalesce(x.key, e.source_key) as "sourceKey", x.at, x.message, c.content
       from failure x
       left join system s on s.no = x.system_no
       left join entity e on e.entity_no = x.entity_no
       ${contentOf('failed')}
      order by x.place, x.at limit ${SHOWN_FAILED_ENTITIES}`,
    [runKey],
  );
  return rows.map(({ type, ...row }) => ({ ...row, entity: entityTypeOfCode(type) }));
}

/** A target that took no further part in a job. */
export interface EndedTarget {
  readonly systemId: string | null;
  readonly systemName: string;
  readonly reason: string;
  /** Paused for maintenance, which is no error. */
  readonly isPaused: boolean;
}

/** Targets that an error, or their pause, has ended in a job (ORD-7). */
export async function listEndedTargets(sql: Sql, runKey: string): Promise<EndedTarget[]> {
  return sql.query<EndedTarget>(
    `select s.id as "systemId", coalesce(s.name, 'system ' || t.target_id) as "systemName", t.ended_reason as reason, t.ended_by_pause as "isPaused"
       from run_target t left join system s on s.no = t.target_id
      where t.run_key = $1 and t.ended_reason is not null order by 2`,
    [runKey],
  );
}

/** The configuration of one system that a job worked with (JOB-15). */
export interface UsedConfiguration {
  readonly systemId: string;
  readonly systemName: string;
  readonly transformationVersion: number;
}

/** Versions of the transformations that a job was frozen with, the source first; empty before it was opened. */
export async function listUsedConfigurations(sql: Sql, runKey: string): Promise<UsedConfiguration[]> {
  return sql.query<UsedConfiguration>(
    `select c->>'id' as "systemId", c->>'name' as "systemName", (c->>'transformationVersion')::int as "transformationVersion"
       from run r
      cross join lateral (select r.frozen->'source' as c, 0 as place
                          union all select t.value, 1 from json_array_elements(r.frozen->'targets') t where (t.value->>'enabled')::boolean) x
      where r.run_key = $1 and r.frozen is not null
      order by place, 2`,
    [runKey],
  );
}
