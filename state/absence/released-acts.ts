import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { LINK_STATE, ORIGIN, PRESENCE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { claimTargetKey, releaseTargetKey } from '../drain/claims.js';
import { forgetReleased, IS_MANAGED } from './released.js';

/** A target entity that is no longer managed (DEL-22). */
export interface ReleasedEntity {
  readonly id: number;
  readonly targetNo: number;
  readonly typeCode: number;
  readonly type: EntityType;
  readonly targetKey: string;
  readonly sourceNo: number;
  /** Public id and name of the source. */
  readonly sourceId: string;
  readonly sourceName: string;
  readonly sourceEnabled: boolean;
  readonly sourceKey: string;
  /** The connector's id where it differs from the source key. */
  readonly nativeId: string | null;
  /** Which of several target entities of the source entity it was (LNK-3). */
  readonly part: string | null;
  readonly releasedAt: Date;
}

const COLUMNS = `r.id, r.target_id as "targetNo", r.type as "typeCode", r.target_key as "targetKey", r.source_id as "sourceNo",
  s.id as "sourceId", s.name as "sourceName", s.enabled as "sourceEnabled", r.source_key as "sourceKey", r.native_id as "nativeId",
  r.part,
  r.released_at as "releasedAt"`;

/** The list of a target, newest first, after the entry `before`; what has a link again is not in it. */
export async function listReleased(
  sql: Sql,
  targetNo: number,
  page: { readonly before: number | null; readonly limit: number },
): Promise<ReleasedEntity[]> {
  const rows = await sql.query<Omit<ReleasedEntity, 'type'>>(
    `select ${COLUMNS} from released_entity r join system s on s.no = r.source_id
      where r.target_id = $1 and ($2::bigint is null or r.id < $2) and not ${IS_MANAGED}
      order by r.id desc limit $3`,
    [targetNo, page.before, page.limit],
  );
  return rows.map((row) => ({ ...row, type: entityTypeOfCode(row.typeCode) }));
}

/** Why nothing may be done with an entry at this moment. */
export type ReleasedObstacle =
  /** There is no such entry. */
  | 'unknown'
  /** Somebody has a link on the target entity, or the source entity has another account. */
  | 'managed'
  /** A run works on the pair or the target entity, or a create of unknown outcome may have met it. */
  | 'busy'
  /** The source has the entity again: the next job takes care of it. */
  | 'returned'
  /** The source does not feed the target any more. */
  | 'disconnected';

/** An entry in hand: its target entity is claimed under the token until {@link letGo}, or for `forMs`. */
export interface ClaimedRelease {
  readonly entity: ReleasedEntity;
  readonly token: number;
}

/**
 * Takes an entry in hand for a deletion. The claim keeps runs from adopting the target entity meanwhile; they look for links under the same
 * claim, so that whoever comes first is seen by the other.
 */
export async function claimReleased(
  pool: SqlPool,
  targetNo: number,
  id: number,
  forMs: number,
): Promise<ClaimedRelease | ReleasedObstacle> {
  return pool.transaction(async (sql) => {
    const entity = await lockEntry(sql, targetNo, id);
    if (entity === undefined) return 'unknown';
    const token = await nextToken(sql);
    if (!(await claimTargetKey(sql, keyOf(entity), token, forMs))) return 'busy';
    const obstacle = await obstacleOf(sql, entity);
    if (obstacle === undefined) return { entity, token };
    await releaseTargetKey(sql, keyOf(entity), token);
    return obstacle;
  });
}

/** Ends what {@link claimReleased} began. `deleted`: the target entity does not exist any more, and the entry goes. */
export async function letGo(pool: SqlPool, { entity, token }: ClaimedRelease, deleted: boolean): Promise<void> {
  await pool.transaction(async (sql) => {
    if (deleted) await forgetReleased(sql, { targetNo: entity.targetNo, type: entity.typeCode }, [entity.targetKey]);
    await releaseTargetKey(sql, keyOf(entity), token);
  });
}

/**
 * Links an entry again, as existing before. The pair is on its way out, because the source does not have the entity: the next job that may
 * delete decides by the properties of then (DEL-6).
 */
export async function readoptReleased(
  pool: SqlPool,
  targetNo: number,
  id: number,
): Promise<ReleasedEntity | ReleasedObstacle> {
  return pool.transaction(async (sql) => {
    const entity = await lockEntry(sql, targetNo, id);
    if (entity === undefined) return 'unknown';
    const token = await nextToken(sql);
    // Held to the commit: a run that adopts the entity at this moment waits for its row.
    if (!(await claimTargetKey(sql, keyOf(entity), token, 1_000))) return 'busy';
    const obstacle = (await isConnected(sql, entity)) ? await obstacleOf(sql, entity) : 'disconnected';
    if (obstacle === undefined) await link(sql, entity);
    await releaseTargetKey(sql, keyOf(entity), token);
    return obstacle ?? entity;
  });
}

async function lockEntry(sql: Sql, targetNo: number, id: number): Promise<ReleasedEntity | undefined> {
  const [row] = await sql.query<Omit<ReleasedEntity, 'type'>>(
    `select ${COLUMNS} from released_entity r join system s on s.no = r.source_id where r.target_id = $1 and r.id = $2 for update of r`,
    [targetNo, id],
  );
  return row && { ...row, type: entityTypeOfCode(row.typeCode) };
}

async function nextToken(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ token: number }>(`select next_lease_token() as token`);
  return row?.token ?? 0;
}

function keyOf({ targetNo, typeCode, targetKey }: ReleasedEntity): {
  targetNo: number;
  type: number;
  targetKey: string;
} {
  return { targetNo, type: typeCode, targetKey };
}

async function isConnected(sql: Sql, { sourceNo, targetNo }: ReleasedEntity): Promise<boolean> {
  const rows = await sql.query('select 1 from connected_pair where source_id = $1 and target_id = $2', [
    sourceNo,
    targetNo,
  ]);
  return rows.length > 0;
}

async function obstacleOf(sql: Sql, entity: ReleasedEntity): Promise<ReleasedObstacle | undefined> {
  const [row] = await sql.query<{ managed: boolean; busy: boolean; returned: boolean }>(
    `with known as (select entity_no, presence from entity where source_id = $4 and type = $2 and source_key = $5)
     select exists (select from link l where l.target_id = $1 and l.type = $2 and l.target_key = $3 and l.state = ${LINK_STATE.linked})
            or exists (select from link l join known k on k.entity_no = l.entity_no where l.target_id = $1 and l.state = ${LINK_STATE.linked}) as managed,
            exists (select from backlog b join known k on k.entity_no = b.entity_no
                     where b.target_id = $1 and b.lease_until > clock_timestamp())
            or exists (select from link l join entity e on e.entity_no = l.entity_no and e.presence = ${PRESENCE.present}
                        where l.target_id = $1 and l.type = $2 and l.state = ${LINK_STATE.creating}) as busy,
            exists (select from known where presence = ${PRESENCE.present}) as returned`,
    [entity.targetNo, entity.typeCode, entity.targetKey, entity.sourceNo, entity.sourceKey],
  );
  if (row?.managed === true) return 'managed';
  if (row?.busy === true) return 'busy';
  return row?.returned === true ? 'returned' : undefined;
}

/** A pair that is out of scope is in step, so that no row is due; what was known of the entity went with the release. */
async function link(sql: Sql, entity: ReleasedEntity): Promise<void> {
  await sql.query(
    `with known as (
       insert into entity (source_id, type, source_key, native_id, presence, read_seq) values ($4, $2, $5, $6, ${PRESENCE.absent}, 0)
       on conflict (source_id, type, source_key) do update set native_id = excluded.native_id returning entity_no)
     insert into link as l (target_id, type, entity_no, state, origin, target_key, out_of_scope, version, part)
     select $1, $2, entity_no, ${LINK_STATE.linked}, ${ORIGIN.existedBefore}, $3, true, 1, $7::text from known
     on conflict (target_id, entity_no, ord) do update
        set state = excluded.state, origin = excluded.origin, target_key = excluded.target_key, out_of_scope = true, gone_at = null,
            version = l.version + 1, part = excluded.part`,
    [
      entity.targetNo,
      entity.typeCode,
      entity.targetKey,
      entity.sourceNo,
      entity.sourceKey,
      entity.nativeId,
      entity.part,
    ],
  );
  await forgetReleased(sql, { targetNo: entity.targetNo, type: entity.typeCode }, [entity.targetKey]);
}
