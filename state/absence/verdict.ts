import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { Sql } from '../database.js';

/** What the reading of one type came to. */
export interface TypeVerdict {
  readonly type: EntityType;
  readonly typeCode: number;
  readonly state: string;
  readonly delivered: number;
  readonly failed: number;
}

/** What a run may conclude from its reading. */
export interface ReadVerdict {
  readonly types: readonly TypeVerdict[];
  /** Why nobody may be taken for absent, in the words of STA-12; null when somebody may. */
  readonly blockedBy: string | null;
}

/**
 * DEL-1: a run may delete only after a full read in which every type was read to its end without one failed entity. One type that is
 * not complete blocks all types.
 */
export async function readVerdict(
  sql: Sql,
  runKey: string,
  mode: 'full' | 'delta',
  typeCount: number,
): Promise<ReadVerdict> {
  const rows = await sql.query<{ typeCode: number; state: string; delivered: number; failed: number }>(
    `select t.type as "typeCode", t.state,
            coalesce(sum(cardinality(p.seen) + cardinality(p.skipped)), 0)::int as delivered, coalesce(sum(p.failed_count), 0)::int as failed
       from run_type t left join run_page p on p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch
      where t.run_key = $1 group by t.type, t.state order by t.type`,
    [runKey],
  );
  const types = rows.map((row) => ({ ...row, type: entityTypeOfCode(row.typeCode) }));
  return { types, blockedBy: findBlock(types, mode, typeCount) };
}

function findBlock(types: readonly TypeVerdict[], mode: 'full' | 'delta', typeCount: number): string | null {
  if (mode === 'delta') return 'delta read';
  if (types.length < typeCount || types.some((type) => type.state !== 'complete')) {
    return 'reading from the source system was not completed';
  }
  const failed = types.reduce((sum, type) => sum + type.failed, 0);
  return failed > 0 ? `${failed} entities failed in the source system` : null;
}
