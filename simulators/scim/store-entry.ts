import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { attributeOf, elementsOf } from './attributes.js';
import type { ScimDialect } from './dialects.js';
import { COLLECTIONS, GROUP_SCHEMA, USER_SCHEMA, type ScimResourceType } from './scim-model.js';

/** Attributes that the server owns: what a client sends for them is ignored (RFC 7643 §2.2, readOnly). */
const SERVER_OWNED = new Set(['id', 'meta', 'groups']);

/**
 * One stored resource. Members of a group are a map, so that changing one of 100,000 costs nothing; the JSON text is made when first
 * asked for and kept, because lists are served far more often than resources change.
 */
export class StoreEntry {
  readonly type: ScimResourceType;
  readonly id: string;
  readonly createdMs: number;
  modifiedMs: number;
  version = 1;
  /** Value by which people know the entity: userName, displayName or externalId. */
  key = '';
  externalId: string | undefined;
  /** Identity provider of a user, where the server knows several. */
  origin: JsonValue | undefined;
  #attributes: JsonObject | undefined;
  #members: Map<string, JsonObject>;
  /** UTF-8, so that a list is put together by copying bytes and one million people stay outside the heap. */
  #json: Buffer | undefined;

  constructor(type: ScimResourceType, id: string, content: JsonObject, nowMs: number) {
    this.type = type;
    this.id = id;
    this.createdMs = nowMs;
    this.modifiedMs = nowMs;
    this.#members = new Map();
    this.setContent(content);
  }

  get members(): ReadonlyMap<string, JsonObject> {
    return this.#members;
  }

  /** Replaces everything but id and creation time. The caller has checked uniqueness. */
  setContent(content: JsonObject): void {
    if (this.type === 'Group') this.#members = membersOf(content['members']);
    this.setAttributes(content);
  }

  /** Replaces everything but id, creation time and the members of a group. */
  setAttributes(content: JsonObject): void {
    const attributes: JsonObject = {
      schemas: content['schemas'] ?? [this.type === 'User' ? USER_SCHEMA : GROUP_SCHEMA],
    };
    for (const key of Object.keys(content)) {
      const value = content[key];
      const isElsewhere = SERVER_OWNED.has(key) || (this.type === 'Group' && key === 'members');
      if (value !== undefined && value !== null && !isElsewhere && key !== '__proto__') attributes[key] = value;
    }
    this.#attributes = attributes;
    this.#json = undefined;
    this.key = keyOfContent(this.type, attributes);
    const externalId = attributeOf(attributes, 'externalId');
    this.origin = attributeOf(attributes, 'origin');
    this.externalId = typeof externalId === 'string' ? externalId : undefined;
  }

  /** Changes the member list only; the map is changed in place. */
  changeMembers(change: (members: Map<string, JsonObject>) => void): void {
    change(this.#members);
    // Once the members change, the JSON is made again from the attributes, so these must be at hand.
    this.#attributes ??= this.attributes();
    this.#json = undefined;
  }

  /** Attributes without id, meta and members; a copy the caller may change. */
  attributes(): JsonObject {
    if (this.#attributes !== undefined) return structuredClone(this.#attributes);
    const parsed: unknown = JSON.parse(this.#json?.toString() ?? '{}');
    if (!isJsonObject(parsed)) return {};
    const { id: _id, meta: _meta, ...attributes } = parsed;
    return attributes;
  }

  /** Marks the change in version and time. */
  touch(nowMs: number): void {
    this.modifiedMs = nowMs;
    this.version += 1;
    this.#attributes ??= this.attributes();
    this.#json = undefined;
  }

  /** The resource as JSON in the dialect's form. Not to be changed. */
  json(dialect: ScimDialect, baseUrl: string): Buffer {
    if (this.#json !== undefined) return this.#json;
    const text = Buffer.from(JSON.stringify(this.#shape(this.#attributes ?? {}, dialect, baseUrl)));
    // A user's JSON says everything, so the object can go: one million people are kept as text. The string form of booleans
    // cannot be turned back, and groups are edited too often.
    const isReversible = this.type === 'User' && dialect.booleans === 'json';
    if (isReversible) this.#attributes = undefined;
    this.#json = text;
    return text;
  }

  /** The resource as an object that the caller may change, except for the member objects. */
  resource(dialect: ScimDialect, baseUrl: string): JsonObject {
    return this.#shape(this.attributes(), dialect, baseUrl);
  }

  #shape(source: JsonObject, dialect: ScimDialect, baseUrl: string): JsonObject {
    const { schemas = [], ...attributes } = source;
    const resource: JsonObject = { schemas, id: this.id, ...attributes };
    if (this.#members.size > 0 && dialect.returnsMembers) resource['members'] = [...this.#members.values()];
    resource['meta'] = {
      resourceType: this.type,
      created: instant(this.createdMs, dialect),
      lastModified: instant(this.modifiedMs, dialect),
      location: `${baseUrl}/${COLLECTIONS[this.type]}/${this.id}`,
      ...(dialect.etags === 'none' ? {} : { version: this.etag() }),
    };
    return dialect.booleans === 'string' ? withStringBooleans(resource) : resource;
  }

  etag(): string {
    return `W/"${this.version}"`;
  }
}

/** userName or displayName, else externalId, else the empty text. */
export function keyOfContent(type: ScimResourceType, content: JsonObject): string {
  const name = attributeOf(content, type === 'User' ? 'userName' : 'displayName');
  if (typeof name === 'string') return name;
  const externalId = attributeOf(content, 'externalId');
  return typeof externalId === 'string' ? externalId : '';
}

/** Members by their id; elements without a text `value` are left out. */
export function membersOf(value: JsonValue | undefined): Map<string, JsonObject> {
  const members = new Map<string, JsonObject>();
  for (const element of elementsOf(value)) {
    const member = isJsonObject(element) ? element : { value: element };
    const id = attributeOf(member, 'value');
    if (typeof id === 'string') members.set(id, member);
  }
  return members;
}

function instant(timeMs: number, dialect: ScimDialect): string {
  const text = new Date(timeMs).toISOString();
  return dialect.timestamps === 'seconds' ? `${text.slice(0, 19)}Z` : text;
}

function withStringBooleans(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, stringBoolean(value)]));
}

function stringBoolean(value: JsonValue): JsonValue {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return value.map(stringBoolean);
  return isJsonObject(value) ? withStringBooleans(value) : value;
}
