import { canonicalJson } from '../../core/canonical-json.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { attributeOf, project } from './attributes.js';
import type { ScimDialect } from './dialects.js';
import { discoveryBody } from './discovery.js';
import type { HiddenEntities } from './hidden-entities.js';
import type { Journal } from './journal.js';
import { Lister, parseListQuery, type ListPage, type ListQuery } from './list.js';
import { applyPartialResource } from './patch-1-1.js';
import { applyPatch } from './patch.js';
import { searchParameters, type ScimAnswer, type ScimRequest } from './request.js';
import { COLLECTIONS, ScimProblem, type ScimResourceType } from './scim-model.js';
import { membersOf, type StoreEntry } from './store-entry.js';
import type { ScimStore } from './store.js';

/** Told about each page after it was read from the store and before it is sent; may change it. */
export type PageObserver = (type: ScimResourceType, query: ListQuery, page: ListPage, request: ScimRequest) => void;

/** Carries requests out on the store, in the manner of a dialect. Throws ScimProblem for what is refused. */
export class ResourceHandlers {
  readonly #store: ScimStore;
  readonly #dialect: ScimDialect;
  readonly #journal: Journal;
  readonly #lister: Lister;
  readonly #baseUrl: string;
  readonly #onPage: PageObserver;

  readonly #hidden: HiddenEntities;

  constructor(
    store: ScimStore,
    dialect: ScimDialect,
    journal: Journal,
    baseUrl: string,
    hidden: HiddenEntities,
    onPage: PageObserver,
  ) {
    this.#store = store;
    this.#hidden = hidden;
    this.#dialect = dialect;
    this.#journal = journal;
    this.#baseUrl = baseUrl;
    this.#onPage = onPage;
    this.#lister = new Lister(store, dialect, hidden);
  }

  handle(request: ScimRequest): ScimAnswer {
    const { operation, type } = request;
    if (operation === 'discovery') return this.#discovery(request.path);
    if (type === undefined) throw new ScimProblem(404, `there is nothing at ${request.path}`);
    switch (operation) {
      case 'list':
        return this.#list(type, request);
      case 'get':
        return this.#get(type, request);
      case 'create':
        return this.#create(type, request);
      case 'replace':
        return this.#replace(type, request);
      case 'patch':
        return this.#patch(type, request);
      case 'delete':
        return this.#delete(type, request);
      case 'member':
        return this.#member(type, request);
      case 'token':
      case 'bulk':
      case undefined:
        throw new ScimProblem(405, `${request.method} is not possible at ${request.path}`);
    }
  }

  #discovery(path: string): ScimAnswer {
    const body = this.#dialect.discovery ? discoveryBody(path, this.#dialect, this.#baseUrl) : undefined;
    if (body === undefined) throw new ScimProblem(404, `there is nothing at ${path}`);
    return { status: 200, body: JSON.stringify(body) };
  }

  #list(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    const parameters = request.method === 'POST' ? searchParameters(bodyOf(request)) : request.query;
    const query = parseListQuery(parameters);
    const page = this.#lister.page(type, query);
    this.#onPage(type, query, page, request);
    return { status: 200, body: this.#lister.render(page) };
  }

  #get(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    const entry = this.#existing(type, request);
    const query = parseListQuery(request.query);
    const isWhole = query.attributes.length === 0 && query.excluded.length === 0;
    const body = isWhole
      ? this.#store.jsonOf(entry)
      : JSON.stringify(project(this.#store.resourceOf(entry), query.attributes, query.excluded));
    return { status: 200, body, headers: this.#etagOf(entry) };
  }

  #create(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    const content = { ...bodyOf(request) };
    delete content['id'];
    this.#checkFixed(type, 'created');
    this.#check(type, content);
    if (type === 'Group' && content['members'] !== undefined) {
      const refused = this.#dialect.membersOnCreate === 'refused' && membersOf(content['members']).size > 0;
      if (refused) throw new ScimProblem(400, 'a group is created without members', 'invalidValue');
      if (this.#dialect.membersOnCreate === 'ignored') delete content['members'];
    }
    const taken = this.#dialect.adoptOnPost ? this.#store.conflictOf(type, content) : undefined;
    if (taken !== undefined) {
      this.#store.replaceContent(taken, content);
      // Nobody new: counted as a replacement, so that the journal's creates stay true.
      request.record.operation = 'replace';
      this.#applied(request, taken);
      return { status: 200, body: this.#store.jsonOf(taken), headers: this.#etagOf(taken) };
    }
    const entry = this.#store.addEntry(type, content);
    this.#applied(request, entry);
    const headers = { location: `${this.#baseUrl}/${COLLECTIONS[type]}/${entry.id}`, ...this.#etagOf(entry) };
    if (this.#dialect.createAnswer === 'location-only') return { status: 201, headers };
    return { status: 201, body: this.#store.jsonOf(entry), headers };
  }

  #replace(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    if (!this.#dialect.put) throw new ScimProblem(501, 'PUT is not supported');
    const entry = this.#existing(type, request);
    this.#checkVersion(entry, request);
    const content = bodyOf(request);
    this.#check(type, content);
    this.#checkAttributes(type, entry, content);
    this.#store.replaceContent(entry, this.#dialect.putKeepsAbsent ? this.#merged(entry, content) : content);
    this.#applied(request, entry);
    return { status: 200, body: this.#store.jsonOf(entry), headers: this.#etagOf(entry) };
  }

  #patch(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    if (!this.#dialect.patch) throw new ScimProblem(501, 'PATCH is not supported');
    const entry = this.#existing(type, request);
    this.#checkVersion(entry, request);
    const apply = this.#dialect.patchForm === '1.1' ? applyPartialResource : applyPatch;
    const { attributes, members } = apply(entry, bodyOf(request));
    if (members !== undefined) {
      if (members.namedValues > this.#dialect.maxMembersPerPatch) {
        throw new ScimProblem(400, `at most ${this.#dialect.maxMembersPerPatch} members in one PATCH`, 'tooMany');
      }
      this.#checkMemberIds(members.addedIds);
    }
    this.#checkRequired(type, attributes);
    this.#checkAttributes(type, entry, attributes);
    this.#store.replaceAttributes(entry, attributes);
    if (members !== undefined) entry.changeMembers((map) => members.commit(map));
    this.#applied(request, entry);
    if (this.#dialect.patchAnswer === 'no-content') return { status: 204, headers: this.#etagOf(entry) };
    return { status: 200, body: this.#store.jsonOf(entry), headers: this.#etagOf(entry) };
  }

  /** `POST /Groups/{id}/members` and `DELETE /Groups/{id}/members/{member}`, as UAA has them. */
  #member(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    if (type !== 'Group' || this.#dialect.memberTypes === 'any')
      throw new ScimProblem(404, `there is nothing at ${request.path}`);
    const group = this.#existing(type, request);
    const removed = request.path.split('/')[4];
    if (request.method === 'DELETE' && removed !== undefined) {
      const id = decodeURIComponent(removed);
      if (!group.members.has(id)) throw new ScimProblem(404, 'it is no member');
      group.changeMembers((members) => members.delete(id));
    } else if (request.method === 'POST' && removed === undefined) {
      const added = membersOf([bodyOf(request)]);
      this.#checkMemberTypes(added.values());
      this.#checkMemberIds(added.keys());
      for (const [id, member] of added) {
        if (group.members.has(id)) throw new ScimProblem(409, 'it is a member already');
        group.changeMembers((members) => members.set(id, member));
      }
    } else throw new ScimProblem(405, `${request.method} is not possible at ${request.path}`);
    this.#store.touch(group);
    this.#applied(request, group);
    return { status: request.method === 'POST' ? 201 : 200, body: '{}' };
  }

  #delete(type: ScimResourceType, request: ScimRequest): ScimAnswer {
    this.#checkFixed(type, 'deleted');
    const entry = this.#existing(type, request);
    this.#checkVersion(entry, request);
    this.#store.remove(type, entry.id);
    this.#applied(request, entry);
    return { status: this.#dialect.deleteStatus };
  }

  #existing(type: ScimResourceType, request: ScimRequest): StoreEntry {
    const id = request.entityId ?? '';
    const entry = this.#hidden.isGone(type, id) ? undefined : this.#store.entry(type, id);
    if (entry === undefined) throw new ScimProblem(404, `there is no ${type} with this id`);
    return entry;
  }

  #merged(entry: StoreEntry, content: JsonObject): JsonObject {
    const members: JsonObject = entry.members.size > 0 ? { members: [...entry.members.values()] } : {};
    return { ...entry.attributes(), ...members, ...content };
  }

  #check(type: ScimResourceType, content: JsonObject): void {
    this.#checkRequired(type, content);
    if (type !== 'Group') return;
    const members = membersOf(content['members']);
    this.#checkMemberTypes(members.values());
    this.#checkMemberIds(members.keys());
  }

  #checkFixed(type: ScimResourceType, what: string): void {
    if (type === 'Group' && this.#dialect.groups === 'fixed') throw new ScimProblem(501, `groups are not ${what} here`);
  }

  /** Of a fixed group nothing but its members may change. */
  #checkAttributes(type: ScimResourceType, entry: StoreEntry, wanted: JsonObject): void {
    if (type !== 'Group' || this.#dialect.groups !== 'fixed') return;
    const plain = ({ id: _id, meta: _meta, members: _members, ...rest }: JsonObject): string => canonicalJson(rest);
    if (plain(wanted) !== plain(entry.attributes()))
      throw new ScimProblem(400, 'of a group only its members change', 'mutability');
  }

  #checkMemberTypes(members: Iterable<JsonObject>): void {
    if (this.#dialect.memberTypes === 'any') return;
    for (const { type } of members)
      if (type !== 'USER' && type !== 'GROUP') throw new ScimProblem(400, 'a member is USER or GROUP', 'invalidValue');
  }

  #checkRequired(type: ScimResourceType, content: JsonObject): void {
    const required = type === 'User' ? 'userName' : 'displayName';
    const value = attributeOf(content, required);
    if (typeof value !== 'string' || value === '') {
      throw new ScimProblem(400, `${required} is required`, 'invalidValue');
    }
  }

  #checkMemberIds(ids: Iterable<string>): void {
    if (!this.#dialect.checksMembers) return;
    for (const id of ids) {
      if (!this.#store.isKnownMember(id)) throw new ScimProblem(400, `there is no member ${id}`, 'invalidValue');
    }
  }

  /** RFC 7644 §3.14. */
  #checkVersion(entry: StoreEntry, request: ScimRequest): void {
    if (this.#dialect.etags === 'none') return;
    const wanted = request.headers['if-match'];
    if (wanted === undefined) {
      if (this.#dialect.etags === 'required') throw new ScimProblem(428, 'If-Match is required');
      return;
    }
    if (wanted !== '*' && wanted !== entry.etag()) throw new ScimProblem(412, 'the entity has changed', 'invalidVers');
  }

  #etagOf(entry: StoreEntry): Record<string, string> {
    return this.#dialect.etags === 'none' ? {} : { etag: entry.etag() };
  }

  #applied(request: ScimRequest, entry: StoreEntry): void {
    request.record.entityId = entry.id;
    request.record.key = entry.key;
    this.#journal.noteApplied(request.record);
  }
}

function bodyOf(request: ScimRequest): JsonObject {
  if (request.bodyProblem !== undefined) throw request.bodyProblem;
  if (!isJsonObject(request.body)) throw new ScimProblem(400, 'a body is required', 'invalidSyntax');
  return request.body;
}
