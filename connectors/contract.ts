import type { NativeFilter } from '../core/filter/filter-model.js';
import type { EntityType } from '../core/entity-type.js';
import type { JsonObject } from '../core/json.js';
import type { ConfirmationLimit, SplitRule } from './capability-rules.js';
import type { ConnectorContext } from './connector-context.js';
import type { ConnectorDescriptor, EditableProfile, PropertyFinding } from './descriptor.js';
import type {
  Change,
  ConnectionReport,
  Cursor,
  Match,
  MemberChange,
  NativeEntity,
  Page,
  Resolution,
  ValueHolder,
  Watermark,
  WriteResult,
} from './entities.js';
import type { EntitySamples } from './entity-samples.js';
import type { ProbeOptions, ProbeReport } from './probe-report.js';

export type {
  ClientCertificate,
  ConnectorContext,
  ConnectorLimits,
  ConnectorLog,
  ConnectorMemory,
  ResolvedConfig,
} from './connector-context.js';
export type { ConnectorDescriptor, EditableProfile, PropertyDescriptor, PropertyFinding } from './descriptor.js';
export type {
  Change,
  ConnectionReport,
  Cursor,
  EntityFailure,
  Match,
  MemberChange,
  NativeEntity,
  Page,
  Resolution,
  ValueHolder,
  Watermark,
  WriteResult,
} from './entities.js';

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

/** What a configured system can do; derived from properties without I/O (CONN-CORE-10). */
export interface Capabilities {
  readonly types: readonly EntityType[];
  /**
   * `always`: any cursor may be resumed by any process; `connection`: only by the connector that gave it, while its connection lasts. Such a
   * read is one long activity, and begins again when it is interrupted. Its connector may ask the source for the page behind the one it gives, and for no
   * more: what it gives then may be as old as the answer before.
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
