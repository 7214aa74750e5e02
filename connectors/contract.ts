import type { NativeFilter } from '../core/filter/filter-model.js';
import type { EntityType } from '../core/entity-type.js';
import type { JsonObject, JsonValue } from '../core/json.js';
import type { ConfirmationLimit, SplitRule } from './capability-rules.js';
import type { ConnectorDescriptor, EditableProfile, PropertyFinding } from './descriptor.js';
import type { EntitySamples } from './entity-samples.js';
import type { ProbeOptions, ProbeReport } from './probe-report.js';
import type { ReachGuard } from './reach-guard.js';

export type { ConnectorDescriptor, EditableProfile, PropertyDescriptor, PropertyFinding } from './descriptor.js';

/**
 * What a connector promises (specification: connectors/contract.md). A connector knows one protocol and one system; it knows no
 * jobs, transformations, links or database (CONN-CORE-01). It throws nothing but {@link ConnectorError}.
 */
export interface Connector {
  /** Authenticates and reads one entity at most; never writes (CONN-SCIM-18). */
  testConnection(options: CallOptions): Promise<ConnectionReport>;
  /** One page. The same cursor may be read again after a failure and gives the same logical position (CONN-CORE-20). */
  readPage(request: ReadPageRequest): Promise<Page>;
  /** One entity by id; `null` when the system says it does not exist, an error for everything else (CONN-CORE-27). */
  readOne(type: EntityType, id: string, options: ReadOneOptions): Promise<NativeEntity | null>;
  /**
   * Which of these entities are there, asked with one request under the configured filter (DEL-23). `null`: the request is not understood, or
   * its answer is none that could be believed. The caller adds ids that are known to be there: an answer without them proves nothing of
   * the others. Absent: they can only be asked for one by one.
   */
  readPresent?(type: EntityType, ids: readonly string[], options: CallOptions): Promise<ReadonlySet<string> | null>;
  /**
   * `applied: 'created'` only when the system said that the entity is new (HTTP 201); `updated` when it accepted the request
   * without saying so, because then an existing entity may have been overwritten and must not count as ours. Where only members of the type
   * are written ({@link Capabilities.membersOnly}) one that exists gets the members of `body`, and one that does not is `unsupported`.
   */
  create(type: EntityType, body: JsonObject, options: CallOptions): Promise<WriteResult>;
  /**
   * Finishes an entity that a create of *ours* has left half made, for systems where a create takes several requests (CONN-AD-33). `body`
   * is what a create would send. Absent where a create is one request.
   */
  completeCreate?(type: EntityType, id: string, body: JsonObject, options: CallOptions): Promise<void>;
  /** `id` of the result differs where the change has renamed or moved the entity and its identifier is its name. */
  update(type: EntityType, id: string, change: Change, options: WriteOptions): Promise<WriteResult>;
  /**
   * An absent entity is success with `applied: 'already-absent'` (CONN-CORE-54). Where only members of the type are written it stays, and loses
   * the members that `options` names and nobody else: `applied: 'members-removed'` (CONN-CORE-12).
   */
  delete(type: EntityType, id: string, options: DeleteOptions): Promise<WriteResult>;
  /**
   * Makes users members of a group and takes members out, all others stay (VAR-10). Whoever is in it, or is not, already is a success with
   * `applied: 'none'` where nothing had to be sent; kind `notFound` when there is no such group. Absent: the system cannot (VAR-15).
   */
  changeMembers?(groupId: string, change: MemberChange, options: CallOptions): Promise<WriteResult>;
  /** Looks an existing entity up by the unique keys as sent (CONN-CORE-50, CNF-3, CNF-4). */
  resolveExisting(
    type: EntityType,
    body: JsonObject,
    keys: readonly string[],
    options: CallOptions,
  ): Promise<Resolution>;
  /**
   * The same for many entities, for a match report (PLN-14), with as few requests as the system takes; one answer for each body, in their
   * order. Never writes. Absent: each is looked up alone.
   */
  matchExisting?(
    type: EntityType,
    bodies: readonly JsonObject[],
    keys: readonly string[],
    options: CallOptions,
  ): Promise<readonly Match[]>;
  /** Unique attributes in force for a type, from the properties or the preset (CNF-3). */
  uniqueKeys(type: EntityType): readonly string[];
  /**
   * Who else has a value that `body` gives to the entity `id` and that the entity does not have yet. Asked when an update was refused as a
   * conflict: servers keep more values unique than the configured attributes, and few say which one it was. Absent: only the configured
   * attributes are looked at.
   */
  findHolders?(type: EntityType, id: string, body: JsonObject, options: WriteOptions): Promise<readonly ValueHolder[]>;
  /** Finds out what the system really does, by its effects. Absent where a connector has nothing to find out. */
  probe?(options: ProbeOptions): Promise<ProbeReport>;
  /** Releases connections. Idempotent, never throws. */
  close(): Promise<void>;
}

/** Options of every call that may touch the network. */
export interface CallOptions {
  /**
   * Aborted on stop and shutdown: the connector gives up before its next network call and throws kind `cancelled`. Reads that
   * are under way are cut at once; a write that is under way may finish for 20 s, because its outcome is worth knowing.
   */
  readonly signal?: AbortSignal;
  /**
   * Called before each single request that may change the system, also before the second of a sequence (slices, repetition after
   * 401 or 412) and after waiting for a token. What it throws ends the call unchanged, and that request is not sent: the place to
   * check that a lease still covers `requestTimeoutMs`.
   */
  readonly beforeWrite?: () => void;
}

/** Options of calls that change or delete one entity. */
export interface WriteOptions extends CallOptions {
  /**
   * {@link WriteResult.version} of the entity as last seen: for `If-Match` (CONN-SCIM-64), or to tell who is meant where the identifier is a
   * name (ADR 0070).
   */
  readonly etag?: string;
}

/** Options of {@link Connector.delete}. */
export interface DeleteOptions extends WriteOptions {
  /** Ids of the members that go, where only members of the type are written; absent: none. */
  readonly members?: readonly string[];
}

/** Options of {@link Connector.readOne}. */
export interface ReadOneOptions extends CallOptions {
  /** Also demand that the configured filter of the type matches: filtered by filter *and* id (DEL-23). */
  readonly withFilter?: boolean;
}

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

/** One call of {@link Connector.readPage}. */
export interface ReadPageRequest extends CallOptions {
  readonly type: EntityType;
  /** `null` for the first page. */
  readonly cursor: Cursor | null;
  readonly mode: 'full' | 'delta';
  /** Required when `mode` is `delta`. */
  readonly watermark?: Watermark;
  /** Entities wanted at most; absent: the system's configured page size (CONN-CORE-25). The server may return fewer. */
  readonly pageSizeEntities?: number;
  /**
   * Only entities that fulfil it, beside the configured filter: the filter of somebody who asks in SCIM, translated through the read mapping. The same for
   * all pages of a read, of which some may be empty. Who is missing in such a read is not absent. Kind `unsupported` for what the system would
   * answer wrongly, and where {@link Capabilities.filtersReads} is not set.
   */
  readonly where?: NativeFilter;
}

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

/** What a configured system can do; derived from properties without I/O (CONN-CORE-10). */
export interface Capabilities {
  readonly types: readonly EntityType[];
  /**
   * `always`: any cursor may be resumed by any process; `connection`: only by the connector that gave it, while its connection lasts. Such a
   * read is one long activity, and begins again when it is interrupted.
   */
  readonly cursorResume: 'always' | 'connection';
  /** An entity that changes while it is read may be delivered twice; repetitions are then no sign of a list that moved. */
  readonly repeatsEntities?: boolean;
  /** Pages are cut by position, so changes during the read can shift them (CONN-CORE-24). */
  readonly paging: 'index' | 'cursor';
  /** The system is spoken to in SCIM: the reference repeats more of its requests (CONN-CORE-73). */
  readonly speaksScim?: boolean;
  /** The server keeps the order of a list while it is read. */
  readonly stableOrder: boolean;
  /** One entity can be read by id, also under the filter (DEL-23). */
  readonly readOne: boolean;
  /**
   * How many entities of a type one request may ask for, where that is as good a question as one for each; types that are missing are asked
   * for one by one (DEL-23).
   */
  readonly confirmsTogether?: Readonly<Partial<Record<EntityType, ConfirmationLimit>>>;
  readonly delta: 'none' | 'modified-filter' | 'usn' | 'delta-link' | 'change-log';
  /** Types that `delta` covers; the others are read fully for change detection (RDM-5). */
  readonly deltaTypes: readonly EntityType[];
  /** Reads take a filter ({@link ReadPageRequest.where}, CONN-LDAP-46). Absent: they do not. */
  readonly filtersReads?: boolean;
  readonly updateMode: 'replace' | 'patch';
  /** CNF-6: false turns adoption of users after a conflict off. */
  readonly conflictResolution: boolean;
  /** DEL-11: a deletion that becomes a PATCH message needs this property; absent: it needs none. */
  readonly updateInsteadOfDelete?: { readonly property: string; readonly enabled: boolean };
  /** Users can be put into groups one by one: the connector has `changeMembers` (VAR-15). Absent: it has not. */
  readonly changesMembers?: boolean;
  /**
   * Types whose entities exist or not, whatever a job wants: Muster neither creates nor deletes them, and of one that exists it writes the members
   * alone (CONN-CORE-12). Absent: there are none.
   */
  readonly membersOnly?: readonly EntityType[];
  /** Groups are deleted by taking their assignments away: a threshold counts these and not the groups (DEL-8). Absent: they are deleted. */
  readonly deletesAssignments?: boolean;
  /** One user of a source becomes several users here (LNK-3). Absent: one. */
  readonly splitsUsers?: SplitRule;
  /** In-flight writes at most, per process. */
  readonly maxConcurrentWrites: number;
  /** Entities that the connector writes with one request, if they are written at the same time (WRT-3); absent: one. */
  readonly entitiesPerWrite?: number;
  /** Limit for one write request, milliseconds: a lease must outlive it (engine invariant 3). */
  readonly requestTimeoutMs: number;
  /** Step of the target's creation times, milliseconds; `undefined` where its clock is not known to be comparable (RTY-5). */
  readonly creationTimeGranularityMs?: number;
}

/** A configured system as the connector sees it. */
export interface ResolvedConfig {
  /** Effective plain properties: defaults filled in, destination merged. */
  readonly properties: Readonly<Record<string, string>>;
  /** Clear text of a credential property, or undefined if it is not set. Never log it. */
  secret(name: string): string | undefined;
  /** Names of the credential properties that are set, for names with a free part or any spelling (`ips.http.header.…`). */
  readonly secretNames?: readonly string[];
}

/** Everything a connector gets from outside. */
export interface ConnectorContext {
  readonly config: ResolvedConfig;
  readonly clock: () => Date;
  /** Structured, already bound to the system; gets no personal data and no secrets. */
  readonly log: ConnectorLog;
  /** Shorter limits than those of contract.md §13, for the conformance kit and for tests. */
  readonly limits?: ConnectorLimits;
  /**
   * Passed before every single request to the system, where all processes together keep a limit (CONN-CORE-75). The resolved function gives
   * the place back when the answer is there. Rejects when the signal is aborted.
   */
  readonly pace?: (signal: AbortSignal | undefined) => Promise<() => void>;
  /**
   * What the connector has learned of the system: shared by all connectors that are opened with this very configuration, in this process.
   * Nothing of people, nothing that is missed when it is empty. Absent: there is nothing but the connector's own.
   */
  readonly memory?: ConnectorMemory;
  /**
   * The outbound certificate of the system that is active now; asked for each connection, so that a switch is felt by the next one (CRT-3).
   * Undefined, or absent: there is none.
   */
  readonly clientCertificate?: () => Promise<ClientCertificate | undefined>;
  /**
   * Passed before anything is sent to a place, the token service included; throws a ConnectorError of kind `fatal` for a place that this process may not
   * reach (CONN-CORE-94). Absent: every place may be reached.
   */
  readonly guard?: ReachGuard;
}

/** Who a system is in mutual TLS; both PEM. Never log it. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly validUntil: Date;
}

/** Values by names that the connector chooses. */
export type ConnectorMemory = Map<string, unknown>;

/** Limits that a caller may shorten. */
export interface ConnectorLimits {
  /** Milliseconds for any one request, connecting included. */
  readonly requestTimeoutMs?: number;
}

/** The log of one system. */
export interface ConnectorLog {
  debug(fields: Record<string, JsonValue>, message: string): void;
  warn(fields: Record<string, JsonValue>, message: string): void;
}

/** One system type: describes it, checks its properties and opens connectors for it. */
export interface ConnectorFactory {
  readonly descriptor: ConnectorDescriptor;
  /** Problems of the configuration beyond single values (for example a URL that is missing for this authentication). */
  validate(properties: Readonly<Record<string, string>>): readonly PropertyFinding[];
  /** What works but deserves a word. Same input as {@link validate}. */
  warnings?(properties: Readonly<Record<string, string>>): readonly PropertyFinding[];
  /** What of a change of the properties of a target needs a reset first, because its links would not fit any more (RST-4). */
  needsReset?(
    before: Readonly<Record<string, string>>,
    after: Readonly<Record<string, string>>,
  ): readonly PropertyFinding[];
  capabilities(properties: Readonly<Record<string, string>>, role: 'source' | 'target'): Capabilities;
  open(context: ConnectorContext): Connector;
  /** How its entities look, for the conformance kit. */
  readonly samples?: EntitySamples;
  readonly profile?: EditableProfile;
}
