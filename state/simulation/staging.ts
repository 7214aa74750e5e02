import { PRESENCE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { recordPage } from '../intake/commit-page.js';
import type { EntityChange, PageRecord } from '../intake/commit-page.js';
import { holdFence } from '../runs/fence.js';
import type { RunFence } from '../runs/fence.js';

/** An entity as a simulation has read it. */
export type StagedEntity = Pick<EntityChange, 'sourceKey' | 'nativeId' | 'presence' | 'commonHash' | 'body'>;

/**
 * The page of a simulated read: what was delivered goes to rows of this run alone, under the same proof of completeness as every read. The
 * numbers in `run_page` are those of these rows. Repeating a page under a newer fence gives the same state.
 */
export async function stagePage(
  pool: SqlPool,
  fence: RunFence,
  page: PageRecord,
  entities: readonly StagedEntity[],
): Promise<void> {
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    const rows = await upsertStaged(sql, fence.runKey, page, entities);
    const numbers = (presence: number): number[] =>
      rows.filter((row) => row.presence === presence).map((row) => row.simNo);
    await recordPage(sql, fence.runKey, page, numbers(PRESENCE.present), numbers(PRESENCE.skipped));
  });
}

/** In the order of keys; the stored entity of a key is noted once, so that links are found by number later. */
async function upsertStaged(
  sql: Sql,
  runKey: string,
  page: PageRecord,
  entities: readonly StagedEntity[],
): Promise<{ simNo: number; presence: number }[]> {
  if (entities.length === 0) return [];
  return sql.query(
    `insert into simulated_entity (run_key, type, epoch, source_key, native_id, presence, common_hash, body, entity_no)
     select $1, $2, $3, n.source_key, n.native_id, n.presence, n.common_hash, n.body, e.entity_no
       from unnest($5::text[], $6::text[], $7::smallint[], $8::bytea[], $9::bytea[]) as n (source_key, native_id, presence, common_hash, body)
       left join lateral (select entity_no from entity where source_id = $4 and type = $2 and source_key = n.source_key limit 1) e on true
      order by n.source_key
     on conflict (run_key, type, source_key) do update
        set epoch = excluded.epoch, native_id = excluded.native_id, presence = excluded.presence, common_hash = excluded.common_hash,
            body = excluded.body, entity_no = excluded.entity_no
     returning sim_no as "simNo", presence`,
    [
      runKey,
      page.type,
      page.epoch,
      page.sourceNo,
      entities.map((entity) => entity.sourceKey),
      entities.map((entity) => entity.nativeId),
      entities.map((entity) => PRESENCE[entity.presence]),
      entities.map((entity) => entity.commonHash),
      entities.map((entity) => entity.body),
    ],
  );
}

/** The planner knows nothing of rows that have come in this very run. */
export async function analyzeStaged(sql: Sql): Promise<void> {
  await sql.query('analyze simulated_entity');
}

/** What was read is needed by the run only; what it has found stays. */
export async function forgetStaged(sql: Sql, runKey: string): Promise<void> {
  await sql.query('delete from simulated_entity where run_key = $1', [runKey]);
  await sql.query('delete from simulated_position where run_key = $1', [runKey]);
}
