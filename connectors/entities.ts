import type { EntityType } from '../core/entity-type.js';
import type { JsonObject } from '../core/json.js';

/** Entity in the native shape of the system (CONN-CORE-02). */
export interface NativeEntity {
  readonly type: EntityType;
  /** Native identifier exactly as the system spells it (CONN-CORE-06). */
  readonly id: string;
  readonly body: JsonObject;
  /**
   * Bytes that decide `id` and `body`, and need not be kept: equal images of one system are equal entities, whichever process has read them. What
   * the connector's configuration has to do with the body is part of it. With an image the body is made when it is asked for, which an unchanged entity
   * never is: then it is an accessor, which a copy by spread may leave out. Absent: the body speaks for itself.
   */
  readonly image?: Buffer | undefined;
  /** ETag or the like. */
  readonly version?: string;
  /** ISO 8601 UTC. */
  readonly lastModified?: string | undefined;
  /**
   * The members of this group are not known from this answer (UNK-5). `cut`: it may show a part of them only; `notShown`: it has no list, and
   * nothing says that the list is empty.
   */
  readonly membersUnknown?: 'cut' | 'notShown' | undefined;
}

/** Opaque position in a read, at most 8 KiB of JSON, with a version `v`, without secrets (CONN-CORE-09). */
export type Cursor = JsonObject & { v: number };
/** Opaque mark up to which a source was read; same limits as {@link Cursor}. */
export type Watermark = JsonObject & { v: number };

/** A page of a read, with everything the engine needs to go on and to judge completeness (CONN-CORE-22). */
export interface Page {
  readonly items: readonly NativeEntity[];
  /** Entities of this page that could not be read (CONN-CORE-21). */
  readonly failures: readonly EntityFailure[];
  /** Deletions that the source itself reports. */
  readonly tombstones: readonly { readonly id: string }[];
  /** `null` = end of this read. */
  readonly next: Cursor | null;
  readonly total?: { readonly value: number; readonly quality: 'exact' | 'estimate' };
  /** The mark captured before the first page was asked for (CONN-CORE-43); only on the last page. */
  readonly watermark?: Watermark;
  /** Bytes of the answer where the connector knows them: small pages of a read over one connection are stored together. */
  readonly sizeBytes?: number;
  /** Something moved under the read (CONN-CORE-24). */
  readonly drift?: 'total-shrank' | 'total-grew';
}

/** One entity that was there but could not be read; it makes the read incomplete. */
export interface EntityFailure {
  readonly id?: string;
  /** Without personal data and secrets. */
  readonly message: string;
}

/** What shall become of an existing entity. */
export interface Change {
  /**
   * `replace`: the entity as it shall be (PUT); `before`, where known, lets the connector write large member lists in slices. `patch`: only what
   * differs from `before`; without `before` all attributes of `body` are set (WRT-2).
   */
  readonly mode: 'replace' | 'patch';
  readonly body: JsonObject;
  readonly before?: JsonObject;
  /** Of a group nothing else is written: its members, or those of them that are users (WRT-8). */
  readonly only?: 'members' | 'userMembers';
  /** Members that are known to be groups, whatever the body says of them (CONN-CORE-58). */
  readonly memberGroups?: ReadonlySet<string>;
}

/** Ids of users of the system, none in both lists. */
export interface MemberChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** What a write has done. */
export interface WriteResult {
  readonly id: string;
  /** `none`: the change was empty, nothing was sent (CONN-SCIM-63). `members-removed`: see {@link Connector.delete}. */
  readonly applied: 'created' | 'updated' | 'deleted' | 'already-absent' | 'members-removed' | 'none';
  /** Given back with the next write ({@link WriteOptions.etag}): an ETag, or what never changes where an update can change the identifier. */
  readonly version?: string;
  /** The entity as the system answered, where it did (CONN-CORE-56). */
  readonly entity?: JsonObject;
  /** Creation time by the target's own clock, ISO 8601 UTC, when it tells (evidence of origin, RTY-5). */
  readonly createdAt?: string;
}

/** Outcome of looking for an existing entity; `none` is a finding, not a failure to look. */
export type Resolution =
  | { readonly outcome: 'none' }
  /** `createdAt`: creation time in the target, translated to our clock and never later than it was; only where both clocks are known. */
  | { readonly outcome: 'one'; readonly entity: NativeEntity; readonly createdAt?: string }
  | { readonly outcome: 'many'; readonly ids: readonly string[] };

/** A value that exactly one other entity has. */
export interface ValueHolder {
  /** For messages. */
  readonly attribute: string;
  /** The entity that has it. */
  readonly id: string;
  /** What never changes about it, where the identifier does: {@link WriteResult.version}. */
  readonly tag?: string;
  /** It is a configured unique attribute: then it is sure that this value is in the way. */
  readonly isKey: boolean;
  /** The body with another value in its place, made of it and of `mark`, which nobody has. */
  readonly without: (body: JsonObject, mark: string) => JsonObject;
}

/**
 * What is there for an entity that has no link. `hidden`: nothing is found by the unique keys, and yet something has the value that a
 * create would claim, so that the system will refuse it (CNF-2).
 */
export type Match = Resolution | { readonly outcome: 'hidden'; readonly id: string; readonly by: string };

/** Outcome of {@link Connector.testConnection}. */
export interface ConnectionReport {
  readonly ok: boolean;
  /** One line for each thing tried: what, result, remedy if it failed. Safe to show and log. */
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
}
