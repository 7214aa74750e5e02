import type { JsonValue } from '../../core/json.js';
import type { ConnectorLog, NativeEntity, Page, ReadOneOptions, ReadPageRequest } from '../contract.js';
import { ConnectorError, isConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import type { Discovery } from './discovery.js';
import { MemberPages } from './member-pages.js';
import { PageReader } from './page-reader.js';
import type { ScimProfile } from './profile.js';
import { jsonBody, listEnvelope, type ListEnvelope } from './scim-envelope.js';
import { scimError } from './scim-error.js';
import { allOf, equalsFilter } from './scim-filter.js';
import type { ScimHttp } from './scim-http.js';
import { entityOf, resourcesOf } from './scim-resource.js';
import type { ScimType } from './scim-settings.js';

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
  private readonly members: MemberPages;
  private readonly pages: PageReader;

  constructor(private readonly options: ReaderOptions) {
    this.members = new MemberPages(options.http, options.profile);
    this.pages = new PageReader({ ...options, members: this.members });
  }

  /** Our clock. */
  now(): Date {
    return this.options.clock();
  }

  /** One page of a list. */
  readPage(type: ScimType, request: ReadPageRequest): Promise<Page> {
    return this.pages.read(type, request);
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
    const response = await this.options.http.list({
      label: options.label,
      kind: 'lookup',
      path: this.options.http.collectionPath(type),
      query: { filter, startIndex: 1, count: countEntities },
      signal: options.signal,
      sent: options.sent,
    });
    const envelope = listEnvelope(response);
    return { ...envelope, response, entities: resourcesOf(type, envelope.resources, this.options.profile).items };
  }

  private async readById(type: ScimType, id: string, options: ReadOneOptions): Promise<NativeEntity | null> {
    const { http } = this.options;
    const label = `read ${type}`;
    const path = http.entityPath(type, id, label);
    const response = await http.get({
      label,
      kind: 'read',
      path,
      query: http.projection(type),
      signal: options.signal,
    });
    if (response.status !== 200) {
      const error = scimError(response, [id]);
      if (error.kind === 'notFound') return null;
      throw error;
    }
    const entity = entityOf(type, jsonBody(response), this.options.profile);
    // Anything else says nothing about the entity that was asked for.
    if (entity === undefined || !this.isSame(entity.id, id)) {
      throw protocolError(response.operation, 'the answer is another entity than the one asked for');
    }
    return this.whole(type, entity, options.signal);
  }

  private isSame(one: string, other: string): boolean {
    return one === other || (this.options.profile.ids === 'any-case' && one.toLowerCase() === other.toLowerCase());
  }

  /** With all its members. Throws what a list that cannot be read means for the entity. */
  private async whole(type: ScimType, entity: NativeEntity, signal: AbortSignal | undefined): Promise<NativeEntity> {
    const { items, failures } = await this.members.complete(type, [entity], signal);
    const [complete] = items;
    const limit = this.options.profile.members.shownAtMost;
    if (complete !== undefined && complete.membersUnknown !== 'cut') return complete;
    const cut = `group with exactly ${limit ?? 0} members, as many as the server shows at most: members may be missing; switch paging of members on`;
    const safeMessage = complete === undefined ? (failures[0]?.message ?? `${type} that cannot be read`) : cut;
    throw new ConnectorError({ kind: 'protocol', scope: 'entity', outcome: 'not-applied', safeMessage });
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
      const entity = found.entities.find((candidate) => this.isSame(candidate.id, id));
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
}
