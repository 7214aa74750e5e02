import { entityTypeCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { BACKLOG_STATE } from '../codes.js';
import type { SqlPool } from '../database.js';

/** One entity in one target. */
export interface PairKey {
  readonly targetNo: number;
  readonly sourceNo: number;
  readonly type: EntityType;
  readonly sourceKey: string;
}

/** Finds the entity of a pair whose systems are connected. */
const ENTITY = `
  select e.entity_no from entity e join connected_pair p on p.source_id = e.source_id and p.target_id = $1
   where e.source_id = $2 and e.type = $3 and e.source_key = $4`;

function params({ targetNo, sourceNo, type, sourceKey }: PairKey): unknown[] {
  return [targetNo, sourceNo, entityTypeCode(type), sourceKey];
}

/**
 * HEA-5: the pair is left alone, by jobs, deletions and healing, until somebody releases it. A request that is under way ends; `gen` moves,
 * so that its settle leaves the row. False when the source never delivered such an entity.
 */
export async function quarantinePair(pool: SqlPool, pair: PairKey, note: string, author: string): Promise<boolean> {
  return pool.transaction(async (sql) => {
    const rows = await sql.query(
      `insert into backlog as b (target_id, entity_no, source_id, type, reason, state)
       select $1, n.entity_no, $2, $3, 'quarantine', ${BACKLOG_STATE.quarantined} from (${ENTITY}) n
       on conflict (target_id, entity_no) do update
          set state = excluded.state, gen = b.gen + 1, next_at = null returning 1`,
      params(pair),
    );
    if (rows.length === 0) return false;
    await sql.query(
      `insert into quarantine (target_id, entity_no, note, author) select $1, n.entity_no, $5, $6 from (${ENTITY}) n
       on conflict (target_id, entity_no) do update set note = excluded.note, author = excluded.author, at = now()`,
      [...params(pair), note, author],
    );
    return true;
  });
}

/**
 * Ends a quarantine: the pair is due, and in step after a look if nothing has changed. What was held or rejected before is held again by that look: to
 * leave somebody alone for a while approves nothing (GOV-8). False when there was none.
 */
export async function releasePair(pool: SqlPool, pair: PairKey): Promise<boolean> {
  return pool.transaction(async (sql) => {
    const rows = await sql.query(
      `update backlog set state = ${BACKLOG_STATE.due}, attempts = 0, next_at = null, failed_at = null, error_class = null,
              gen = gen + 1, last_run = null, tried_at = null
        where target_id = $1 and entity_no in (${ENTITY}) and state = ${BACKLOG_STATE.quarantined} returning 1`,
      params(pair),
    );
    await sql.query(`delete from quarantine where target_id = $1 and entity_no in (${ENTITY})`, params(pair));
    return rows.length > 0;
  });
}
