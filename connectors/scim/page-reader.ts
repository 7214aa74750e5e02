import type { ConnectorLog, NativeEntity, Page, ReadPageRequest } from '../contract.js';
import { ConnectorError, isConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import * as byCursor from './cursor-paging.js';
import { deltaLost, DeltaMarks } from './delta-mark.js';
import type { Discovery } from './discovery.js';
import * as byIndex from './index-paging.js';
import type { MemberPages } from './member-pages.js';
import type { ScimProfile } from './profile.js';
import { listEnvelope, type ListEnvelope } from './scim-envelope.js';
import { allOf, modifiedAfterFilter } from './scim-filter.js';
import type { ScimHttp } from './scim-http.js';
import { resourcesOf } from './scim-resource.js';
import type { ScimType } from './scim-settings.js';
import { hidesChanges } from './silent-delta.js';

/** What reading pages needs of its surroundings. */
export interface PageReaderOptions {
  readonly http: ScimHttp;
  readonly profile: ScimProfile;
  readonly discovery: Discovery;
  readonly members: MemberPages;
  readonly clock: () => Date;
  readonly log: ConnectorLog;
}

type Position =
  ({ readonly method: 'index' } & byIndex.IndexPosition) | ({ readonly method: 'cursor' } & byCursor.CursorPosition);

/** An answer, and how many entities it was asked for. */
interface Fetched {
  readonly response: HttpResponse;
  readonly envelope: ListEnvelope;
  readonly requested: number;
}

/** Pages of a list, by index or by cursor (scim.md §4). */
export class PageReader {
  private readonly marks: DeltaMarks;

  constructor(private readonly options: PageReaderOptions) {
    this.marks = new DeltaMarks(options);
  }

  /** One page; {@link byIndex.nextStep} and {@link byCursor.nextCursorStep} say how the read goes on. */
  async read(type: ScimType, request: ReadPageRequest): Promise<Page> {
    const since = request.mode === 'delta' ? this.marks.lowerBound(type, request.watermark) : undefined;
    const position = await this.positionOf(request);
    const fetched = await this.fetch(type, request, position, since);
    const { response, envelope } = fetched;
    const marked = { ...position, mark: position.mark ?? this.marks.capture(response) };
    const { items, failures } = resourcesOf(type, envelope.resources, this.options.profile);
    const paging = await this.paging(request.signal);
    await this.mustBeDelta(type, request, position, items, since);
    const next = this.nextOf(marked, fetched, items, paging);
    if (next.kind === 'broken') throw protocolError(response.operation, next.reason, { status: response.status });
    const completed = await this.options.members.complete(type, items, request.signal);
    const { total } = paging;
    return {
      items: completed.items,
      failures: [...failures, ...completed.failures],
      tombstones: [],
      next: next.kind === 'next' ? next.cursor : null,
      ...(envelope.totalResults === undefined ? {} : { total: { value: envelope.totalResults, quality: total } }),
      ...(next.kind === 'end' ? { watermark: this.marks.watermark(type, marked.mark) } : {}),
      ...('drift' in next ? { drift: next.drift } : {}),
    };
  }

  /** CONN-SCIM-25: a proxy of Muster needs no settings. */
  private async paging(signal: AbortSignal | undefined): Promise<ScimProfile['paging']> {
    const { paging } = this.options.profile;
    const { isMusterProxy } = await this.options.discovery.features(signal);
    return isMusterProxy ? { ...paging, total: 'estimate', advanceByItemsPerPage: true } : paging;
  }

  private nextOf(
    position: Position & { mark: string },
    fetched: Fetched,
    items: readonly NativeEntity[],
    paging: ScimProfile['paging'],
  ) {
    const { envelope, requested } = fetched;
    if (position.method === 'cursor') {
      const { method: _, ...at } = position;
      const step = byCursor.nextCursorStep({ ...at, countEntities: requested }, envelope.nextCursor);
      return step.kind === 'next' ? { kind: step.kind, cursor: byCursor.toCursor(step.position) } : step;
    }
    const { method: _, ...at } = position;
    const facts = {
      returned: envelope.resources.length,
      requested,
      totalResults: envelope.totalResults,
      itemsPerPage: envelope.itemsPerPage,
      ids: items.map(({ id }) => id),
    };
    const step = byIndex.nextStep(at, facts, paging);
    if (step.kind !== 'next') return step;
    const { position: to, ...rest } = step;
    return { ...rest, cursor: byIndex.toCursor({ ...to, countEntities: requested }) };
  }

  private async positionOf(request: ReadPageRequest): Promise<Position> {
    const wanted = request.pageSizeEntities ?? this.options.http.settings.pageSizeEntities;
    const { cursor } = request;
    if (cursor === null) return this.firstPosition(wanted, request.signal);
    const capped = (count: number): number => Math.max(1, Math.min(wanted, count));
    const at = byIndex.fromCursor(cursor);
    if (at !== undefined) return { method: 'index', ...at, countEntities: capped(at.countEntities) };
    const after = byCursor.fromCursor(cursor);
    if (after !== undefined) return { method: 'cursor', ...after, countEntities: capped(after.countEntities) };
    const safeMessage = 'the stored position of the read is not from this version; start the read again';
    throw new ConnectorError({ kind: 'protocol', scope: 'page', outcome: 'not-applied', safeMessage });
  }

  private async firstPosition(wanted: number, signal: AbortSignal | undefined): Promise<Position> {
    const { paging } = this.options.profile;
    const features = await this.options.discovery.features(signal);
    const limit = Math.min(features.maxPageSizeEntities ?? wanted, paging.maxPageEntities ?? wanted);
    const countEntities = Math.max(1, Math.min(wanted, limit));
    const isByCursor = paging.method === 'cursor' || (paging.method === 'auto' && features.cursorPaging === true);
    return isByCursor
      ? { method: 'cursor', cursor: undefined, countEntities, pages: 0 }
      : { method: 'index', startIndex: 1, countEntities, pages: 0 };
  }

  /** Asks once more for half a page when the answer is too large, or the server takes no page of this size (CONN-CORE-26). */
  private async fetch(
    type: ScimType,
    request: ReadPageRequest,
    position: Position,
    since: Date | undefined,
  ): Promise<Fetched> {
    try {
      return await this.fetchCount(type, request, position, position.countEntities, since);
    } catch (error) {
      if (!isConnectorError(error) || position.countEntities < 2) throw error;
      if (error.kind !== 'tooLarge' && error.vendorCode !== 'invalidCount') throw error;
      const half = Math.floor(position.countEntities / 2);
      this.options.log.warn({ type, countEntities: half }, 'page too large, asking for half of it');
      return this.fetchCount(type, request, position, half, since);
    }
  }

  private async fetchCount(
    type: ScimType,
    request: ReadPageRequest,
    position: Position,
    requested: number,
    since: Date | undefined,
  ): Promise<Fetched> {
    const { http, profile } = this.options;
    const { settings } = http;
    const changed = since === undefined ? undefined : modifiedAfterFilter(since, profile.delta.milliseconds);
    try {
      const response = await http.list({
        label: `list ${type}s`,
        kind: 'list',
        path: http.collectionPath(type),
        query: {
          ...(position.method === 'index' ? { startIndex: position.startIndex } : { cursor: position.cursor ?? '' }),
          count: requested,
          filter: allOf([settings.filters[type], changed]),
          sortBy: settings.sortBy,
          sortOrder: settings.sortBy === undefined ? undefined : 'ascending',
          ...http.projection(type),
          membersAdditionalAttributes: type === 'group' ? settings.memberAttributes : undefined,
        },
        signal: request.signal,
      });
      return { response, envelope: listEnvelope(response), requested };
    } catch (error) {
      throw betterKnown(error, type, since !== undefined);
    }
  }

  /**
   * A server that ignores the time in the filter gives everybody or nobody: what it gives is no delta (RDM-5). Entities without a time
   * say nothing.
   */
  private async mustBeDelta(
    type: ScimType,
    request: ReadPageRequest,
    position: Position,
    items: readonly NativeEntity[],
    since: Date | undefined,
  ): Promise<void> {
    if (since === undefined) return;
    const stale = items.some(({ lastModified }) => lastModified !== undefined && Date.parse(lastModified) < cut(since));
    if (stale) throw deltaLost(`list ${type}s: the server ignores meta.lastModified in filters; a full read is needed`);
    if (items.length > 0 || position.pages > 0) return;
    const { http, profile } = this.options;
    if (!(await hidesChanges(http, type, profile.delta.milliseconds, request.signal))) return;
    throw deltaLost(
      `list ${type}s: the server answers every filter by meta.lastModified with nothing; a full read is needed`,
    );
  }
}

/** Filters carry whole seconds, and so do the times of many servers. */
function cut(since: Date): number {
  return Math.floor(since.getTime() / 1000) * 1000;
}

/** The error of a page, with what it means for the read as a whole. */
function betterKnown(error: unknown, type: ScimType, isDelta: boolean): unknown {
  if (!isConnectorError(error)) return error;
  if (error.vendorCode === 'expiredCursor' || error.vendorCode === 'invalidCursor') {
    return deltaLost(`list ${type}s: the server does not know the position of the read any more`, error);
  }
  if (!isDelta || error.kind !== 'invalid') return error;
  return deltaLost(`list ${type}s: the server does not filter by meta.lastModified; a full read is needed`, error);
}
