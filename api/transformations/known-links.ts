import { entityTypeCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { Sql } from '../../state/database.js';
import { referenceKey, resolveTargetKeys } from '../../state/drain/references.js';

/** Ids in the target, by type and source id. */
export type KnownLinks = (type: EntityType, sourceId: string) => readonly string[];

/** Looks up the links of entities in one go. Only two stored systems have any; without them nothing is known. */
export async function knownLinks(
  sql: Sql,
  sourceNo: number | undefined,
  targetNo: number | undefined,
  wanted: readonly { readonly type: EntityType; readonly sourceId: string }[],
): Promise<KnownLinks> {
  if (sourceNo === undefined || targetNo === undefined) return () => [];
  const keys = wanted.map(({ type, sourceId }) => ({ type: entityTypeCode(type), sourceKey: sourceId }));
  const found = await resolveTargetKeys(sql, targetNo, sourceNo, keys);
  return (type, sourceId) => found.get(referenceKey(entityTypeCode(type), sourceId)) ?? [];
}
