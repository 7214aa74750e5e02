import type { Filter } from 'ldapts';
import type { ConnectorContext, NativeEntity, Page, ReadOneOptions, ReadPageRequest, Watermark } from '../contract.js';
import { changesFromAccessLog } from './access-log.js';
import { formatDn, parseDn, DnSyntaxError, isAtOrBelow } from './dn/dn.js';
import type { Entry } from './entry.js';
import { imageKey } from './delivered-entry.js';
import { deliver, type DeliveryTools } from './entry-delivery.js';
import { matchesFilter } from '../../core/filter/matches-filter.js';
import { allOf, atLeast, equals } from './filter/build.js';
import { toLdapFilter } from './filter/translate.js';
import { formatGeneralizedTime } from './generalized-time.js';
import { connectorError, type Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import { MemberNames } from './member-names.js';
import { bodyMaker, identifierValue, isBinaryAttribute, projectionOf, type Projection } from './native-entity.js';
import { PagedRead } from './paged-read.js';
import { NO_SCHEMA, readSchema, withBytes, type Schema } from './schema.js';
import { DOMAIN_SCOPE, readEntry, searchAll, searchFew, type Query } from './search.js';
import { SeenIds } from './seen-ids.js';
import type { OpenedSession, Sessions } from './sessions.js';

/** Where the server's clock is not known, ours may be ahead of it (CONN-LDAP-50). */
const UNKNOWN_CLOCK_MS = 60_000;

/** Reads users and groups of a directory. */
export class LdapReader {
  protected readonly names: MemberNames;
  protected readonly seen = new SeenIds();
  private readonly paged: PagedRead;
  private readonly projections: Readonly<Record<LdapType, Projection>>;
  private readonly tools = new Map<LdapType, { readonly schema: Schema; readonly tools: DeliveryTools }>();
  private schema: Schema | undefined;
  private watermark: Watermark | undefined;

  constructor(
    protected readonly context: ConnectorContext,
    protected readonly settings: LdapSettings,
    protected readonly sessions: Sessions,
  ) {
    this.names = new MemberNames(sessions, settings);
    this.projections = { user: projectionOf(settings, 'user'), group: projectionOf(settings, 'group') };
    this.paged = new PagedRead(sessions, settings.pageSizeEntities, settings.failOnReferral);
  }

  /** One page of a full or delta read; the pages of one read come over one connection. */
  async readPage(type: LdapType, request: ReadPageRequest): Promise<Page> {
    const operation: Operation = { label: `list ${type}s`, kind: 'page' };
    const { cursor, signal } = request;
    if (cursor === null) {
      if (request.mode === 'delta' && this.settings.accessLog !== undefined) return this.changedEntries(type, request);
      this.beginRead();
      await this.paged.begin(operation, signal, async (opened) => {
        this.watermark = this.markOf(opened);
        await this.loadSchema(opened, signal);
        return this.query(type, opened, this.changedSince(request), this.whereOf(operation, request));
      });
    }
    const { entries, next, bytes } = await this.paged.page(operation, cursor, request.pageSizeEntities, signal);
    const { items, failures } = await this.delivered(type, entries, signal);
    if (next === null) this.logDropped(type);
    return {
      items: this.matching(items, request),
      failures,
      tombstones: [],
      next,
      sizeBytes: bytes,
      ...(next === null && this.watermark !== undefined ? { watermark: this.watermark } : {}),
    };
  }

  /** One entity by identifier (CONN-LDAP-45); two hits are `ambiguous`. */
  async readOne(type: LdapType, id: string, options: ReadOneOptions): Promise<NativeEntity | null> {
    const operation: Operation = { label: `read ${type}`, kind: 'entity' };
    const entry = await this.findEntry(
      type,
      id,
      operation,
      { withFilter: options.withFilter === true },
      options.signal,
    );
    if (entry === undefined) return null;
    const { items, failures } = await this.delivered(type, [entry], options.signal, false);
    const [problem] = failures;
    if (problem !== undefined) throw connectorError('protocol', operation, problem.message, { scope: 'entity' });
    return items[0] ?? null;
  }

  /** Entries of a type below its path that fit a filter, whatever the filter of reads says; for searches that find few. */
  async readMatching(
    type: LdapType,
    filter: Filter,
    operation: Operation,
    signal: AbortSignal | undefined,
  ): Promise<readonly NativeEntity[]> {
    const entries = await this.sessions.use(operation, signal, async (opened) => {
      await this.loadSchema(opened, signal);
      const isType = equals('objectClass', this.settings.types[type].objectClass);
      const query = { ...this.query(type, opened), filter: allOf(isType, filter) };
      return searchAll(opened.session, query, signal);
    });
    const { items, failures } = await this.delivered(type, entries, signal, false);
    const [problem] = failures;
    if (problem !== undefined) throw connectorError('protocol', operation, problem.message, { scope: 'entity' });
    return items;
  }

  /** The entry of an identifier below the path of its type. Throws `ambiguous` for two. */
  async findEntry(
    type: LdapType,
    id: string,
    operation: Operation,
    options: { readonly withFilter?: boolean; readonly projection?: Projection },
    signal: AbortSignal | undefined,
  ): Promise<Entry | undefined> {
    const settings = this.settings.types[type];
    if (id === '') throw connectorError('invalid', operation, 'the identifier is empty');
    return this.sessions.use(operation, signal, async (opened) => {
      await this.loadSchema(opened, signal);
      const filter = allOf(
        equals('objectClass', settings.objectClass),
        options.withFilter === true ? settings.filter : undefined,
      );
      const { requested } = options.projection ?? this.projections[type];
      const query = { attributes: requested, controls: domainScope(opened) };
      if (settings.id.toLowerCase() === DN_ATTRIBUTE.toLowerCase())
        return this.entryByDn(opened, type, id, { ...query, filter }, operation, signal);
      const found = await searchFew(
        opened.session,
        {
          ...query,
          base: formatDn(settings.base),
          scope: this.settings.scope,
          filter: allOf(filter, equals(settings.id, identifierValue(id, settings.id))),
          sizeLimit: 2,
        },
        signal,
      );
      if (found.length > 1) throw connectorError('ambiguous', operation, `two entries have the same ${settings.id}`);
      return found[0];
    });
  }

  /** Makes sure that {@link knownSchema} is what this server says. */
  async loadSchema(opened: OpenedSession, signal: AbortSignal | undefined): Promise<void> {
    this.schema ??= withBytes(await readSchema(opened, signal), this.settings.binaryAttributes);
  }

  /** What is known of classes and attributes; empty before the first request. */
  get knownSchema(): Schema {
    return this.schema ?? NO_SCHEMA;
  }

  /** Releases what a read holds. Never throws. */
  close(): void {
    this.paged.close();
  }

  protected beginRead(): void {
    this.names.reset();
    this.seen.reset();
  }

  /** Entries as the engine takes them. `check`: two entries of one read under one identifier are failures. */
  protected async delivered(
    type: LdapType,
    entries: readonly Entry[],
    signal: AbortSignal | undefined,
    check = true,
  ): Promise<{ items: readonly NativeEntity[]; failures: Page['failures'] }> {
    const unique = check ? this.seen.check(type, this.settings.types[type].id, entries) : { entries, failures: [] };
    const delivery = await deliver(this.toolsFor(type), type, unique.entries, signal);
    return { items: delivery.items, failures: [...unique.failures, ...delivery.failures] };
  }

  /** The search of a read. */
  protected query(type: LdapType, opened: OpenedSession, ...more: readonly (Filter | undefined)[]): Query {
    const settings = this.settings.types[type];
    return {
      base: formatDn(settings.base),
      scope: this.settings.scope,
      filter: allOf(equals('objectClass', settings.objectClass), settings.filter, ...more),
      attributes: this.projections[type].requested,
      controls: domainScope(opened),
    };
  }

  /** What of the filter of a request the server is asked for (CONN-LDAP-46); the schema is loaded. */
  protected whereOf(operation: Operation, { where }: ReadPageRequest): Filter | undefined {
    const { settings, knownSchema: schema } = this;
    return where === undefined ? undefined : toLdapFilter(where, { settings, schema, operation });
  }

  /** Who really fulfils the filter of a request. */
  protected matching(items: readonly NativeEntity[], { where }: ReadPageRequest): readonly NativeEntity[] {
    if (where === undefined) return items;
    const { knownSchema: schema } = this;
    const isCaseExact = (name: string): boolean => schema.caseExact.has(name) || isBinaryAttribute(name, schema);
    return items.filter((entity) => matchesFilter(where, entity, isCaseExact));
  }

  protected logDropped(type: LdapType): void {
    const { unreadable, foreign } = this.names.dropped;
    if (type !== 'group' || unreadable + foreign === 0) return;
    this.context.log.warn(
      { unreadable, foreign },
      'members were left out: they cannot be read, or belong to another forest',
    );
  }

  private toolsFor(type: LdapType): DeliveryTools {
    const { settings, sessions, names, knownSchema: schema } = this;
    const known = this.tools.get(type);
    if (known?.schema === schema) return known.tools;
    const maker = bodyMaker(this.projections[type], schema.binary);
    const tools = { settings, sessions, names, maker, imageKey: imageKey(settings, type, schema) };
    this.tools.set(type, { schema, tools });
    return tools;
  }

  /** The server's time before the first page (CONN-CORE-43). */
  private markOf({ rootDse }: OpenedSession): Watermark | undefined {
    const { deltaAttribute, accessLog } = this.settings;
    if (deltaAttribute === undefined && accessLog === undefined) return undefined;
    const now = rootDse.currentTimeMs ?? this.context.clock().getTime() - UNKNOWN_CLOCK_MS;
    return { v: 1, time: formatGeneralizedTime(now), configuration: this.settings.fingerprint };
  }

  private changedSince(request: ReadPageRequest): Filter | undefined {
    const { deltaAttribute } = this.settings;
    if (request.mode !== 'delta' || deltaAttribute === undefined) return undefined;
    return atLeast(deltaAttribute, this.timeOf(request));
  }

  /** A delta by the access log: one page with everything that was written since (it names deletions and moves, too). */
  private async changedEntries(type: LdapType, request: ReadPageRequest): Promise<Page> {
    const operation: Operation = { label: `list changed ${type}s`, kind: 'page' };
    const { signal } = request;
    this.beginRead();
    const { entries, tombstones, watermark } = await this.sessions.use(operation, signal, async (opened) => {
      await this.loadSchema(opened, signal);
      const mark = this.markOf(opened);
      const query = this.query(type, opened, this.whereOf(operation, request));
      return {
        ...(await changesFromAccessLog(opened, this.settings, type, query, this.timeOf(request), signal)),
        watermark: mark,
      };
    });
    const { items, failures } = await this.delivered(type, entries, signal);
    const matching = this.matching(items, request);
    return { items: matching, failures, tombstones, next: null, ...(watermark === undefined ? {} : { watermark }) };
  }

  private timeOf({ watermark }: ReadPageRequest): string {
    const time = watermark?.['time'];
    const configuration = watermark?.['configuration'];
    if (typeof time === 'string' && configuration === this.settings.fingerprint) return time;
    const text = 'the mark was made under another configuration, or is none of this connector';
    throw connectorError('deltaLost', { label: 'delta read', kind: 'page' }, text);
  }

  private async entryByDn(
    { session }: OpenedSession,
    type: LdapType,
    id: string,
    query: Omit<Query, 'base' | 'scope'>,
    operation: Operation,
    signal: AbortSignal | undefined,
  ): Promise<Entry | undefined> {
    try {
      // Outside the path it is not an entity of this system, whoever asks.
      if (!isAtOrBelow(parseDn(id), this.settings.types[type].base)) return undefined;
    } catch (error) {
      if (!(error instanceof DnSyntaxError)) throw error;
      throw connectorError('invalid', operation, 'the identifier is not a DN');
    }
    return readEntry(session, { ...query, base: id }, signal);
  }
}

/** Keeps Active Directory from answering with references to other domains (CONN-LDAP-15). */
export function domainScope({ rootDse }: OpenedSession): string[] {
  return rootDse.isActiveDirectory && rootDse.controls.has(DOMAIN_SCOPE) ? [DOMAIN_SCOPE] : [];
}
