import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type {
  ConnectorLog,
  EntityFailure,
  NativeEntity,
  Page,
  ReadOneOptions,
  ReadPageRequest,
  Watermark,
} from '../contract.js';
import { ConnectorError, isConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import type { Discovery } from './discovery.js';
import { fromCursor, nextStep, toCursor, type IndexPosition } from './index-paging.js';
import type { ScimProfile } from './profile.js';
import { jsonBody, listEnvelope, metaInstant, metaText, resourceId, type ListEnvelope } from './scim-envelope.js';
import { scimError } from './scim-error.js';
import { allOf, equalsFilter, modifiedAfterFilter } from './scim-filter.js';
import type { ScimHttp } from './scim-http.js';
import type { ScimType } from './scim-settings.js';

/** Difference between the server's clock and ours above which it is logged (CONN-SCIM-38). */
const CLOCK_SKEW_MS = 300_000;

/** What the reader needs of its surroundings. */
export interface ReaderOptions {
  readonly http: ScimHttp;
  readonly profile: ScimProfile;
  readonly discovery: Discovery;
  readonly clock: () => Date;
  readonly log: ConnectorLog;
}

/** Lists and single entities of a SCIM system. */
export class ScimReader {
  constructor(private readonly options: ReaderOptions) {}

  /** Our clock. */
  now(): Date {
    return this.options.clock();
  }

  /** One page; see {@link nextStep} for how the read goes on. */
  async readPage(type: ScimType, request: ReadPageRequest): Promise<Page> {
    const since = request.mode === 'delta' ? this.lowerBound(type, request.watermark) : undefined;
    const position = await this.positionOf(request);
    const { response, envelope, requested } = await this.fetchPage(type, request, position, since);
    const marked = position.mark === undefined ? { ...position, mark: this.captureMark(response) } : position;
    const { items, failures } = splitResources(type, envelope.resources);
    const next = nextStep(
      marked,
      {
        returned: envelope.resources.length,
        requested,
        totalResults: envelope.totalResults,
        itemsPerPage: envelope.itemsPerPage,
        ids: items.map(({ id }) => id),
      },
      this.options.profile.paging,
    );
    if (next.kind === 'broken') throw protocolError(response.operation, next.reason, { status: response.status });
    return {
      items,
      failures,
      tombstones: [],
      next: next.kind === 'next' ? toCursor({ ...next.position, countEntities: requested }) : null,
      ...(envelope.totalResults === undefined
        ? {}
        : { total: { value: envelope.totalResults, quality: this.options.profile.paging.total } }),
      ...(next.kind === 'end' ? { watermark: this.watermark(type, marked.mark) } : {}),
      ...(next.drift === undefined ? {} : { drift: next.drift }),
    };
  }

  /** One entity by id, also under the configured filter (DEL-23). */
  async readOne(type: ScimType, id: string, options: ReadOneOptions): Promise<NativeEntity | null> {
    const filter = options.withFilter === true ? this.options.http.settings.filters[type] : undefined;
    return filter === undefined ? this.readById(type, id, options) : this.readUnderFilter(type, id, filter, options);
  }

  /** Entities that match a filter, at most `countEntities` of them. */
  async search(
    type: ScimType,
    filter: string,
    countEntities: number,
    options: { readonly label: string; readonly signal?: AbortSignal | undefined; readonly sent: readonly JsonValue[] },
  ): Promise<ListEnvelope & { readonly entities: readonly NativeEntity[]; readonly response: HttpResponse }> {
    const response = await this.options.http.getOk({
      label: options.label,
      kind: 'lookup',
      path: this.options.http.collectionPath(type),
      query: { filter, startIndex: 1, count: countEntities },
      signal: options.signal,
      sent: options.sent,
    });
    const envelope = listEnvelope(response);
    return { ...envelope, response, entities: splitResources(type, envelope.resources).items };
  }

  private async readById(type: ScimType, id: string, options: ReadOneOptions): Promise<NativeEntity | null> {
    const { http } = this.options;
    const label = `read ${type}`;
    const path = http.entityPath(type, id, label);
    const response = await http.get({ label, kind: 'read', path, query: this.projection(), signal: options.signal });
    if (response.status !== 200) {
      const error = scimError(response, [id]);
      if (error.kind === 'notFound') return null;
      throw error;
    }
    const entity = entityOf(type, jsonBody(response));
    // Anything else says nothing about the entity that was asked for.
    if (entity === undefined || entity.id.toLowerCase() !== id.toLowerCase()) {
      throw protocolError(response.operation, 'the answer is another entity than the one asked for');
    }
    return entity;
  }

  private async readUnderFilter(
    type: ScimType,
    id: string,
    filter: string,
    options: ReadOneOptions,
  ): Promise<NativeEntity | null> {
    const label = `read ${type} under the filter`;
    const combined = allOf([filter, equalsFilter('id', id)]) ?? '';
    try {
      const found = await this.search(type, combined, 2, { label, signal: options.signal, sent: [id] });
      const entity = found.entities.find((candidate) => candidate.id === id);
      if (entity !== undefined) return entity;
      if (found.resources.length === 0 && (found.totalResults ?? 0) === 0) return null;
      throw protocolError(found.response.operation, 'the server does not apply the filter');
    } catch (error) {
      if (!isConnectorError(error) || error.vendorCode !== 'invalidFilter') throw error;
    }
    // Gone altogether is gone under any filter as well; more cannot be said without the filter.
    if ((await this.readById(type, id, options)) === null) return null;
    const safeMessage = `${label}: the server cannot combine the filter with an identifier`;
    throw new ConnectorError({ kind: 'unsupported', scope: 'entity', outcome: 'not-applied', safeMessage });
  }

  private async positionOf(request: ReadPageRequest): Promise<IndexPosition> {
    const { settings } = this.options.http;
    const wanted = request.pageSizeEntities ?? settings.pageSizeEntities;
    if (request.cursor === null) {
      const { maxPageSizeEntities } = await this.options.discovery.features(request.signal);
      const countEntities = Math.max(1, Math.min(wanted, maxPageSizeEntities ?? wanted));
      return { startIndex: 1, countEntities, pages: 0 };
    }
    const position = fromCursor(request.cursor);
    if (position !== undefined)
      return { ...position, countEntities: Math.max(1, Math.min(wanted, position.countEntities)) };
    const safeMessage = 'the stored position of the read is not from this version; start the read again';
    throw new ConnectorError({ kind: 'protocol', scope: 'page', outcome: 'not-applied', safeMessage });
  }

  /** Asks once more for half a page when the answer is too large (CONN-CORE-26). */
  private async fetchPage(type: ScimType, request: ReadPageRequest, position: IndexPosition, since: Date | undefined) {
    try {
      return await this.fetchCount(type, request, position, position.countEntities, since);
    } catch (error) {
      if (!isConnectorError(error) || error.kind !== 'tooLarge' || position.countEntities < 2) throw error;
      const half = Math.floor(position.countEntities / 2);
      this.options.log.warn({ type, countEntities: half }, 'page too large, asking for half of it');
      return this.fetchCount(type, request, position, half, since);
    }
  }

  private async fetchCount(
    type: ScimType,
    request: ReadPageRequest,
    position: IndexPosition,
    requested: number,
    since: Date | undefined,
  ) {
    const { http } = this.options;
    const { settings } = http;
    const filter = allOf([settings.filters[type], since === undefined ? undefined : modifiedAfterFilter(since)]);
    try {
      const response = await http.getOk({
        label: `list ${type}s`,
        kind: 'list',
        path: http.collectionPath(type),
        query: {
          startIndex: position.startIndex,
          count: requested,
          filter,
          sortBy: settings.sortBy,
          sortOrder: settings.sortBy === undefined ? undefined : 'ascending',
          ...this.projection(),
          membersAdditionalAttributes: type === 'group' ? settings.memberAttributes : undefined,
        },
        signal: request.signal,
      });
      return { response, envelope: listEnvelope(response), requested };
    } catch (error) {
      if (since === undefined || !isConnectorError(error) || error.kind !== 'invalid') throw error;
      const safeMessage = `list ${type}s: the server does not filter by meta.lastModified; a full read is needed`;
      throw new ConnectorError(
        { kind: 'deltaLost', scope: 'system', outcome: 'not-applied', safeMessage },
        { cause: error },
      );
    }
  }

  private projection(): { attributes: string | undefined; excludedAttributes: string | undefined } {
    const { attributes, excludedAttributes } = this.options.http.settings;
    // Never both (CONN-SCIM-31); the validator refuses it.
    return { attributes, excludedAttributes: attributes === undefined ? excludedAttributes : undefined };
  }

  /** CONN-SCIM-37: the server's clock, before the overlap is taken off. */
  private captureMark(response: HttpResponse): string {
    const now = this.options.clock();
    const date = Date.parse(response.header('date') ?? '');
    if (Number.isNaN(date)) return now.toISOString();
    const skewMs = date - now.getTime();
    if (Math.abs(skewMs) > CLOCK_SKEW_MS) {
      this.options.log.warn({ skewSeconds: Math.round(skewMs / 1000) }, 'the clock of the system differs from ours');
    }
    return new Date(date).toISOString();
  }

  private watermark(type: ScimType, mark: string | undefined): Watermark {
    const at = Date.parse(mark ?? this.options.clock().toISOString()) - this.options.http.settings.deltaOverlapMs;
    return { v: 1, since: new Date(at).toISOString(), reads: this.fingerprint(type) };
  }

  private lowerBound(type: ScimType, watermark: Watermark | undefined): Date {
    const since = watermark?.['since'];
    const at = typeof since === 'string' ? Date.parse(since) : Number.NaN;
    if (watermark?.v === 1 && !Number.isNaN(at) && watermark['reads'] === this.fingerprint(type)) return new Date(at);
    const safeMessage = `list ${type}s: the mark of the last read does not fit address, filter and attributes; a full read is needed`;
    throw new ConnectorError({ kind: 'deltaLost', scope: 'system', outcome: 'not-applied', safeMessage });
  }

  /** What a mark depends on (CONN-CORE-47). */
  private fingerprint(type: ScimType): string {
    const { http } = this.options;
    const { attributes, excludedAttributes } = this.projection();
    const parts = [http.collectionPath(type), http.settings.filters[type], attributes, excludedAttributes];
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
  }
}

/** Resources that can be used, and a failure for each of the others (CONN-SCIM-30). */
function splitResources(
  type: ScimType,
  resources: readonly JsonValue[],
): { items: NativeEntity[]; failures: EntityFailure[] } {
  const items: NativeEntity[] = [];
  const failures: EntityFailure[] = [];
  for (const resource of resources) {
    const entity = isJsonObject(resource) ? entityOf(type, resource) : undefined;
    if (entity !== undefined) items.push(entity);
    else
      failures.push({ message: isJsonObject(resource) ? `${type} without a usable id` : `${type} that is no object` });
  }
  return { items, failures };
}

/** A resource as the engine sees it; undefined without a usable identifier. */
export function entityOf(type: ScimType, resource: JsonObject): NativeEntity | undefined {
  const id = resourceId(resource);
  if (id === undefined) return undefined;
  const version = metaText(resource, 'version');
  const lastModified = metaInstant(resource, 'lastModified');
  return {
    type,
    id,
    body: resource,
    ...(version === undefined ? {} : { version }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}
