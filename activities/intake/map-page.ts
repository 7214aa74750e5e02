import type { NativeEntity, Page } from '../../connectors/contract.js';
import type { EntityType } from '../../core/entity-type.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { TypeProgram } from '../../core/transform/program.js';
import type { EntityChange } from '../../state/intake/commit-page.js';
import type { KnownEntity } from '../../state/intake/lookup.js';
import type { PageContents } from '../logs/page-contents.js';
import { Breather } from '../support/breather.js';
import { sameHash } from '../support/hashing.js';
import type { Hasher } from '../support/hashing.js';
import { entityPlace } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';
import { codeOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import { isStorableKey } from '../support/storable-key.js';
import { identityHashes } from './identity-hashes.js';
import { valuesFor } from './source-values.js';

/** A delivered entity under the key it is stored by. */
export interface KeyedEntity {
  readonly sourceKey: string;
  readonly nativeId: string | null;
  readonly body: JsonObject;
  /** Of the entity as it was delivered. */
  readonly sourceHash: Buffer;
  /** The source did not tell the members of this group, or a part of them (UNK-5). */
  readonly membersUnknown?: 'cut' | 'notShown';
}

/** An entity that could not be read or mapped. */
export interface ReadFailure {
  /** Source key where it is known. */
  readonly key: string | null;
  readonly message: string;
}

/** Delivered entities by source key; an id that names two different entities is a failure of the source. */
export interface KeyedPage {
  readonly entities: readonly KeyedEntity[];
  readonly failures: readonly ReadFailure[];
  /** Keys of several entities. */
  readonly ambiguous: ReadonlySet<string>;
}

const UNSTORABLE =
  'the identifier cannot be stored: it is longer than 2,000 bytes, or holds NUL or half of a surrogate pair';

/** An entity as its source delivered it. */
export interface DeliveredEntity {
  readonly item: NativeEntity;
  readonly sourceHash: Buffer;
}

/**
 * Finds the source key of each item (VAR-3). Equal repetitions inside a page are one entity.
 *
 * @param taken keys that belong to other entities of the page
 */
export function keyPage(
  context: RunContext,
  program: TypeProgram,
  {
    delivered,
    failures: unread,
  }: { readonly delivered: readonly DeliveredEntity[]; readonly failures: Page['failures'] },
  taken: { has(key: string): boolean } = new Set(),
): KeyedPage {
  const byKey = new Map<string, KeyedEntity>();
  const ambiguous = new Set<string>();
  const failures: ReadFailure[] = unread.map(({ id = null, message }) => ({
    key: id !== null && isStorableKey(id) ? id : null,
    message,
  }));
  for (const one of delivered) {
    const entity = keyItem(context, program, one);
    const { sourceKey, nativeId } = entity;
    if (!isStorableKey(sourceKey) || !isStorableKey(one.item.id)) {
      failures.push({ key: null, message: UNSTORABLE });
      continue;
    }
    const twin = byKey.get(sourceKey);
    if (taken.has(sourceKey) || (twin !== undefined && twin.nativeId !== nativeId)) ambiguous.add(sourceKey);
    byKey.set(sourceKey, entity);
  }
  for (const key of ambiguous) {
    byKey.delete(key);
    failures.push({ key, message: 'ambiguous: the source delivered two different entities under this id' });
  }
  return { entities: [...byKey.values()], failures, ambiguous };
}

/** An item under the key that its entity is stored by. */
export function keyItem(context: RunContext, program: TypeProgram, { item, sourceHash }: DeliveredEntity): KeyedEntity {
  const { id, body, membersUnknown } = item;
  const sourceKey = program.sourceIdOf(body, context.evaluation) ?? id;
  const isUnknown = membersUnknown === 'cut' || (membersUnknown !== undefined && context.safety.guardsMembers);
  return {
    sourceKey,
    nativeId: sourceKey === id ? null : id,
    body,
    sourceHash,
    ...(isUnknown && { membersUnknown }),
  };
}

/** What mapping a page needs. */
export interface PageTools extends MappingTools {
  /** Sealed common JSON of stored entities by number. */
  readonly storedBodies: (entityNos: readonly number[]) => Promise<ReadonlyMap<number, Buffer>>;
  /** Takes what is skipped or fails, where the run traces its content (TRC-9). */
  readonly contents?: PageContents | undefined;
}

/** CONN-SCIM-48: nothing is known to fall back on. */
const CUT =
  'the group shows as many members as the source shows at most, so some may be missing; switch paging of members on';

/** What became of the entities of a page. */
export interface MappedPage {
  readonly changes: readonly EntityChange[];
  readonly seen: readonly number[];
  readonly skipped: readonly number[];
  readonly failures: readonly ReadFailure[];
  readonly failedNos: readonly number[];
  /** Groups that keep the members they had, because the source did not tell theirs (UNK-5). */
  readonly unknownMembers: readonly number[];
  /** Who is present and has the common JSON that he or she had: candidates for a look at time-dependent target programs. */
  readonly unchanged: readonly number[];
}

/** Maps what differs from its stored row, or has none. */
export async function mapPage(
  tools: PageTools,
  type: EntityType,
  program: TypeProgram,
  page: Omit<KeyedPage, 'ambiguous'>,
  known: ReadonlyMap<string, KnownEntity>,
): Promise<MappedPage> {
  const programNumber = tools.context.source.snapshot.programNumber;
  const result = {
    changes: [] as EntityChange[],
    seen: [] as number[],
    skipped: [] as number[],
    failedNos: [] as number[],
    unknownMembers: [] as number[],
    unchanged: [] as number[],
  };
  const failures = [...page.failures];
  page.failures.forEach((_failure, index) => tools.contents?.failed(index + 1, null));
  const members = await knownMembers(tools, type, page.entities, known);
  const breather = new Breather();
  for (const entity of page.entities) {
    await breather.breathe();
    const stored = known.get(entity.sourceKey);
    const { sourceHash } = entity;
    const unchanged =
      stored !== undefined &&
      stored.presence !== 'absent' &&
      stored.program === programNumber &&
      !program.timeDependent &&
      sameHash(stored.sourceHash, sourceHash);
    if (unchanged) {
      (stored.presence === 'present' ? result.seen : result.skipped).push(stored.entityNo);
      if (stored.presence === 'present') result.unchanged.push(stored.entityNo);
      else tools.contents?.skipped(entity.sourceKey, stored.entityNo, entity.body);
      continue;
    }
    const kept = members.get(entity.sourceKey);
    const change = mapEntity(tools, type, program, entity, stored, kept);
    if (typeof change === 'string') {
      failures.push({ key: entity.sourceKey, message: change });
      tools.contents?.failed(failures.length, entity.body);
      if (stored !== undefined) result.failedNos.push(stored.entityNo);
    } else {
      result.changes.push(change);
      if (stored !== undefined && change.presence === 'present' && !change.changed)
        result.unchanged.push(stored.entityNo);
      if (change.presence === 'skipped')
        tools.contents?.skipped(entity.sourceKey, stored?.entityNo ?? null, entity.body);
      if (kept !== undefined && stored !== undefined) result.unknownMembers.push(stored.entityNo);
    }
  }
  return { ...result, failures };
}

/** What mapping an entity needs. */
export interface MappingTools {
  readonly context: RunContext;
  readonly hasher: Hasher;
  readonly bodies: BodySealer;
}

/** The change, or the message of a failed read mapping. */
export function mapEntity(
  tools: MappingTools,
  type: EntityType,
  program: TypeProgram,
  entity: KeyedEntity,
  stored: KnownEntity | undefined,
  kept?: readonly JsonValue[],
): EntityChange | string {
  const outcome = program.read(entity.body, tools.context.evaluation);
  if (outcome.kind === 'failed') return outcome.message;
  if (entity.membersUnknown === 'cut' && kept === undefined) return CUT;
  // What was not told is asked for again by the next read, whatever the rest of the group is like.
  const base = {
    sourceKey: entity.sourceKey,
    nativeId: entity.nativeId,
    sourceHash: kept === undefined ? entity.sourceHash : null,
  };
  if (outcome.kind === 'skipped') {
    const changed = stored === undefined || stored.presence !== 'skipped';
    const nothing = { commonHash: null, identities: null, body: null, members: null, leaves: false };
    return { ...base, ...nothing, presence: 'skipped', changed };
  }
  const common = kept === undefined ? outcome.common : { ...outcome.common, members: [...kept] };
  const commonHash = tools.hasher.canonical(common);
  const changed = stored === undefined || stored.presence !== 'present' || !sameHash(stored.commonHash, commonHash);
  const sourceValues = valuesFor(tools, type, program, { entity, from: stored?.commonHash ?? null, to: commonHash });
  const place = entityPlace(tools.context.source.snapshot.no, codeOf(type), entity.sourceKey);
  return {
    ...base,
    presence: 'present',
    commonHash,
    body: changed ? tools.bodies.seal(common, place) : null,
    members: type === 'group' && changed && kept === undefined ? memberKeys(common) : null,
    changed,
    leaves: common['active'] === false,
    identities: identityHashes(tools.hasher, outcome.correlation),
    ...(sourceValues.length > 0 && { sourceValues }),
  };
}

/** Source keys in `members[*].value` of common JSON; null when the group came without a member list (UNK-5). */
function memberKeys(common: JsonObject): string[] | null {
  const members = common['members'];
  if (!Array.isArray(members)) return null;
  return members.flatMap((member) => {
    const value = isJsonObject(member) ? member['value'] : member;
    // Nobody can be stored under another one.
    return typeof value === 'string' && isStorableKey(value) ? [value] : [];
  });
}

/**
 * UNK-5: the members that groups had when they were last told, of those whose members this page does not tell. A group that had none has nothing to
 * lose: it is taken as it comes.
 */
async function knownMembers(
  tools: PageTools,
  type: EntityType,
  entities: readonly KeyedEntity[],
  known: ReadonlyMap<string, KnownEntity>,
): Promise<ReadonlyMap<string, readonly JsonValue[]>> {
  const members = new Map<string, readonly JsonValue[]>();
  const stored = entities.flatMap(({ sourceKey, membersUnknown }) => {
    const row = membersUnknown === undefined ? undefined : known.get(sourceKey);
    return row === undefined ? [] : [row];
  });
  if (stored.length === 0) return members;
  const bodies = await tools.storedBodies(stored.map((row) => row.entityNo));
  for (const { entityNo, sourceKey } of stored) {
    const body = bodies.get(entityNo);
    if (body === undefined) continue;
    const place = entityPlace(tools.context.source.snapshot.no, codeOf(type), sourceKey);
    const before = tools.bodies.open(body, place)['members'];
    if (Array.isArray(before) && before.length > 0) members.set(sourceKey, before);
  }
  return members;
}
