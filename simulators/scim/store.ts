import type { JsonObject, JsonValue } from '../../core/json.js';
import { attributeOf, parseAttributePath, valuesAt } from './attributes.js';
import type { ScimDialect } from './dialects.js';
import { ScimProblem, type ScimResourceType } from './scim-model.js';
import { StoreEntry } from './store-entry.js';

/** How an entity is put into the store other than by a request. */
export interface AddOptions {
  /** Identifier to give it; otherwise `id` of the content, otherwise a new one. */
  readonly id?: string;
  /** Creation time; otherwise the server's present time. */
  readonly createdMs?: number;
  /** Allows a second entity of the same name, which no request could create. */
  readonly allowDuplicate?: boolean;
}

/** What is in the store, as a reader without limits would see it. */
export interface StoreSnapshot {
  readonly users: JsonObject[];
  readonly groups: JsonObject[];
}

export interface StoreOptions {
  readonly dialect: ScimDialect;
  /** Address that `meta.location` starts with. */
  readonly baseUrl: string;
  /** Beginning of new identifiers, so that ids of different systems can be told apart. */
  readonly idPrefix: string;
  readonly nowMs: () => number;
}

/** The entities of one simulated server, in the order in which they came. Everything is synchronous. */
export class ScimStore {
  readonly #options: StoreOptions;
  readonly #tables: Record<ScimResourceType, Table>;
  #lastNumber = 0;
  #revision = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#tables = { User: new Table(options.dialect), Group: new Table(options.dialect) };
  }

  /** Grows with each change; equal numbers mean equal content. */
  get revision(): number {
    return this.#revision;
  }

  size(type: ScimResourceType): number {
    return this.#tables[type].byId.size;
  }

  /** Adds an entity and returns its id. Throws ScimProblem 409 when its name is taken. */
  add(type: ScimResourceType, content: JsonObject, options: AddOptions = {}): string {
    return this.addEntry(type, content, options).id;
  }

  /** {@link add} for handlers that go on with the entry. */
  addEntry(type: ScimResourceType, content: JsonObject, options: AddOptions = {}): StoreEntry {
    const taken = this.conflictOf(type, content);
    if (taken !== undefined && options.allowDuplicate !== true) throw this.#conflict(type);
    const givenId = content['id'];
    const id = options.id ?? (typeof givenId === 'string' ? givenId : this.#newId());
    if (this.#tables[type].byId.has(id)) throw new RangeError(`there is a ${type} with the id ${id} already`);
    const entry = new StoreEntry(type, id, content, options.createdMs ?? this.#options.nowMs());
    this.#tables[type].insert(entry);
    this.#revision += 1;
    return entry;
  }

  addMany(type: ScimResourceType, contents: Iterable<JsonObject>): void {
    for (const content of contents) this.addEntry(type, content).json(this.#options.dialect, this.#options.baseUrl);
  }

  /** Merges top-level attributes into an entity; `null` removes one. Throws RangeError when there is no such entity. */
  update(type: ScimResourceType, id: string, change: JsonObject): void {
    const entry = this.entry(type, id);
    if (entry === undefined) throw new RangeError(`there is no ${type} with the id ${id}`);
    const members: JsonObject = entry.members.size > 0 ? { members: [...entry.members.values()] } : {};
    this.replaceContent(entry, { ...entry.attributes(), ...members, ...change });
  }

  /** Gives an entry another content. Throws ScimProblem 409 when the new name belongs to another entity. */
  replaceContent(entry: StoreEntry, content: JsonObject): void {
    if (this.conflictOf(entry.type, content, entry) !== undefined) throw this.#conflict(entry.type);
    const table = this.#tables[entry.type];
    table.unindex(entry);
    entry.setContent(content);
    table.index(entry);
    this.touch(entry);
  }

  /** {@link replaceContent} without the members of a group, which stay. */
  replaceAttributes(entry: StoreEntry, attributes: JsonObject): void {
    if (this.conflictOf(entry.type, attributes, entry) !== undefined) throw this.#conflict(entry.type);
    const table = this.#tables[entry.type];
    table.unindex(entry);
    entry.setAttributes(attributes);
    table.index(entry);
    this.touch(entry);
  }

  /** Notes a change that was made to the entry itself, such as of its members. */
  touch(entry: StoreEntry): void {
    entry.touch(this.#options.nowMs());
    this.#revision += 1;
  }

  /** Removes an entity, also from all groups; false when it was not there. */
  remove(type: ScimResourceType, id: string): boolean {
    const entry = this.entry(type, id);
    if (entry === undefined) return false;
    this.#tables[type].delete(entry);
    for (const group of this.#tables.Group.byId.values()) {
      if (group.members.has(id)) group.changeMembers((members) => members.delete(id));
    }
    this.#revision += 1;
    return true;
  }

  /** The entity as a reader sees it, or undefined. */
  get(type: ScimResourceType, id: string): JsonObject | undefined {
    const entry = this.entry(type, id);
    return entry === undefined ? undefined : this.resourceOf(entry);
  }

  /** Entities whose attribute has the value, regardless of case; by index for userName, displayName of groups and externalId. */
  find(type: ScimResourceType, attribute: string, value: JsonValue): JsonObject[] {
    const indexed = typeof value === 'string' ? this.lookup(type, attribute, value) : undefined;
    if (indexed !== undefined) return indexed.map((entry) => this.resourceOf(entry));
    const path = parseAttributePath(attribute);
    const fold = (given: JsonValue): JsonValue => (typeof given === 'string' ? given.toLowerCase() : given);
    return this.list(type).filter((resource) => valuesAt(resource, path).some((found) => fold(found) === fold(value)));
  }

  list(type: ScimResourceType): JsonObject[] {
    return this.entries(type).map((entry) => this.resourceOf(entry));
  }

  snapshot(): StoreSnapshot {
    return { users: this.list('User'), groups: this.list('Group') };
  }

  clear(): void {
    this.#tables.User = new Table(this.#options.dialect);
    this.#tables.Group = new Table(this.#options.dialect);
    this.#revision += 1;
  }

  entry(type: ScimResourceType, id: string): StoreEntry | undefined {
    return this.#tables[type].byId.get(id);
  }

  /** All entries in the order of their creation. */
  entries(type: ScimResourceType): readonly StoreEntry[] {
    return this.#tables[type].ordered();
  }

  /** Entries found by an index, or undefined where the attribute has none. */
  lookup(type: ScimResourceType, attribute: string, value: string): readonly StoreEntry[] | undefined {
    const name = attribute.toLowerCase();
    const table = this.#tables[type];
    if (name === 'id') return [table.byId.get(value)].filter((entry) => entry !== undefined);
    if (name === 'externalid') return entriesAt(table.byExternalId, value);
    const isName = name === (type === 'User' ? 'username' : 'displayname');
    return isName ? entriesAt(table.byKey, value.toLowerCase()) : undefined;
  }

  /** The other entity that has the name of this content. */
  conflictOf(type: ScimResourceType, content: JsonObject, except?: StoreEntry): StoreEntry | undefined {
    const key = attributeOf(content, type === 'User' ? 'userName' : 'displayName');
    if (typeof key !== 'string') return undefined;
    const table = this.#tables[type];
    const { keyHasOrigin } = this.#options.dialect;
    const origin = attributeOf(content, 'origin');
    return entriesAt(table.byUnique, table.fold(key)).find(
      (entry) => entry !== except && !(keyHasOrigin && type === 'User' && entry.origin !== origin),
    );
  }

  isKnownMember(id: string): boolean {
    return this.#tables.User.byId.has(id) || this.#tables.Group.byId.has(id);
  }

  jsonOf(entry: StoreEntry): Buffer {
    if (this.#showsGroups(entry)) return Buffer.from(JSON.stringify(this.resourceOf(entry)));
    return entry.json(this.#options.dialect, this.#options.baseUrl);
  }

  resourceOf(entry: StoreEntry): JsonObject {
    const resource = entry.resource(this.#options.dialect, this.#options.baseUrl);
    return this.#showsGroups(entry) ? { ...resource, groups: this.#groupsOf(entry.id) } : resource;
  }

  #showsGroups({ type }: StoreEntry): boolean {
    return type === 'User' && this.#options.dialect.showsGroups;
  }

  /** RFC 7643 §4.1.2, direct membership only. */
  #groupsOf(id: string): JsonObject[] {
    const groups = this.entries('Group').filter(({ members }) => members.has(id));
    return groups.map((group) => ({ value: group.id, display: group.key, type: 'direct' }));
  }

  #newId(): string {
    this.#lastNumber += 1;
    return `${this.#options.idPrefix}${this.#lastNumber.toString(36).padStart(8, '0')}`;
  }

  #conflict(type: ScimResourceType): ScimProblem {
    const { conflictStatus, conflictScimType } = this.#options.dialect;
    const attribute = type === 'User' ? 'userName' : 'displayName';
    const scimType = conflictScimType ? 'uniqueness' : undefined;
    return new ScimProblem(conflictStatus, `${attribute} is taken by another ${type}`, scimType);
  }
}

/** Most keys belong to one entity, so one entity is stored without an array. */
type Index = Map<string, StoreEntry | StoreEntry[]>;

function entriesAt(index: Index, key: string): readonly StoreEntry[] {
  const found = index.get(key);
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}

function addTo(index: Index, key: string, entry: StoreEntry): void {
  const found = entriesAt(index, key);
  index.set(key, found.length === 0 ? entry : [...found, entry]);
}

function removeFrom(index: Index, key: string, entry: StoreEntry): void {
  const rest = entriesAt(index, key).filter((other) => other !== entry);
  if (rest.length === 0) index.delete(key);
  else index.set(key, rest);
}

class Table {
  readonly byId = new Map<string, StoreEntry>();
  readonly byExternalId: Index = new Map();
  /** By the name in lower case, as filters compare. */
  readonly byKey: Index = new Map();
  /** By the name as uniqueness compares; the same map unless the dialect folds more. */
  readonly byUnique: Index;
  readonly fold: (key: string) => string;
  #ordered: StoreEntry[] | undefined;

  constructor(dialect: ScimDialect) {
    const foldsAccents = dialect.keyFolding === 'accents';
    this.byUnique = foldsAccents ? new Map<string, StoreEntry>() : this.byKey;
    this.fold = foldsAccents ? withoutAccents : (key) => key.toLowerCase();
  }

  insert(entry: StoreEntry): void {
    this.byId.set(entry.id, entry);
    this.#ordered?.push(entry);
    this.index(entry);
  }

  delete(entry: StoreEntry): void {
    this.byId.delete(entry.id);
    this.#ordered = undefined;
    this.unindex(entry);
  }

  index(entry: StoreEntry): void {
    addTo(this.byKey, entry.key.toLowerCase(), entry);
    if (this.byUnique !== this.byKey) addTo(this.byUnique, this.fold(entry.key), entry);
    if (entry.externalId !== undefined) addTo(this.byExternalId, entry.externalId, entry);
  }

  unindex(entry: StoreEntry): void {
    removeFrom(this.byKey, entry.key.toLowerCase(), entry);
    if (this.byUnique !== this.byKey) removeFrom(this.byUnique, this.fold(entry.key), entry);
    if (entry.externalId !== undefined) removeFrom(this.byExternalId, entry.externalId, entry);
  }

  ordered(): readonly StoreEntry[] {
    this.#ordered ??= [...this.byId.values()];
    return this.#ordered;
  }
}

function withoutAccents(key: string): string {
  return key
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/ß/g, 'ss')
    .toLowerCase();
}
