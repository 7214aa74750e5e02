import { entityTypeCode, entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { Sql } from '../database.js';
import type { EntityResultKind } from '../runs/run-views.js';

/** What a Resync would do with one entity (JOB-9); its values stay sealed. */
export interface SimulatedResultView {
  readonly resultNo: number;
  readonly targetNo: number;
  readonly targetId: string | null;
  readonly targetName: string;
  readonly entity: EntityType;
  readonly sourceKey: string;
  readonly targetKey: string | null;
  readonly result: EntityResultKind;
  readonly operation: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attributes: readonly string[];
  readonly risks: readonly string[];
  readonly facet: string | null;
  /** What the target said when it was asked; null: it was not asked. */
  readonly compared: 'none' | 'one' | 'many' | 'hidden' | null;
  readonly placeNo: number;
  /** Sealed; the place is `change/<target>/<placeNo>`. */
  readonly content: Buffer | null;
}

/** Which results are wanted. */
export interface SimulatedFilter {
  readonly targetNo?: number;
  readonly type?: EntityType;
  readonly result?: EntityResultKind;
  /** Part of the id in the source or the target, in any case. */
  readonly text?: string;
}

/** Results in the order they were found, from after a position. */
export async function listSimulatedResults(
  sql: Sql,
  runKey: string,
  filter: SimulatedFilter,
  page: { readonly after?: number; readonly limit: number },
): Promise<SimulatedResultView[]> {
  const rows = await sql.query<Omit<SimulatedResultView, 'entity'> & { type: number }>(
    `select m.result_no as "resultNo", m.target_id as "targetNo", s.id as "targetId", coalesce(s.name, 'system ' || m.target_id) as "targetName",
            m.type, m.source_key as "sourceKey", m.target_key as "targetKey", m.result, m.operation, m.code, m.reason, m.attributes, m.risks,
            m.facet, m.compared, m.place_no as "placeNo", m.content
       from simulated_result m left join system s on s.no = m.target_id
      where m.run_key = $1 and ($2::int is null or m.target_id = $2) and ($3::smallint is null or m.type = $3)
        and ($4::text is null or m.result = $4)
        and ($5::text is null or position(lower($5) in lower(m.source_key)) > 0 or position(lower($5) in lower(m.target_key)) > 0)
        and m.result_no > $6
      order by m.result_no limit $7`,
    [
      runKey,
      filter.targetNo ?? null,
      filter.type === undefined ? null : entityTypeCode(filter.type),
      filter.result ?? null,
      filter.text ?? null,
      page.after ?? 0,
      page.limit,
    ],
  );
  return rows.map(({ type, ...row }) => ({ ...row, entity: entityTypeOfCode(type) }));
}
