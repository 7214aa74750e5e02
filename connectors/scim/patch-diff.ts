import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';

/** One operation of a PatchOp message (RFC 7644 §3.5.2). */
export type PatchOperation =
  { op: 'add' | 'replace'; path?: string; value: JsonValue } | { op: 'remove'; path: string; value?: JsonValue };

/** Attributes that no PATCH touches: identity, bookkeeping, and members, which are written in slices of their own. */
const NEVER_PATCHED = new Set(['id', 'schemas', 'meta']);
/** RFC 7643 §2.1; `$ref` is the one name with a dollar sign. */
const ATTRIBUTE_NAME = /^[A-Za-z$][\w$-]*$/;

/** The operations of a body that is itself the message of a PATCH (CONN-SCIM-67); undefined for an entity. */
export function messageOperations(body: JsonObject): PatchOperation[] | undefined {
  const operations = body['Operations'];
  if (!Array.isArray(operations) || operations.length === 0) return undefined;
  return operations.flatMap((operation): PatchOperation[] => {
    if (!isJsonObject(operation)) return [];
    const { op, path, value } = operation;
    const name = typeof op === 'string' ? op.toLowerCase() : '';
    if (name === 'remove' && typeof path === 'string') return [{ op: 'remove', path }];
    if ((name !== 'add' && name !== 'replace') || value === undefined) return [];
    return [{ op: name, value, ...(typeof path === 'string' && { path }) }];
  });
}

/**
 * Smallest set of operations that leads from `before` to `after` (CONN-SCIM-61): changed attributes and sub-attributes are
 * replaced, new elements of lists are added, vanished attributes are removed; a list that lost or changed elements is replaced as
 * a whole. `null`, an empty list and an absent attribute are the same (RFC 7643 §2.5). Attributes named in `except` are left out.
 */
export function patchDiff(before: JsonObject, after: JsonObject, except: readonly string[] = []): PatchOperation[] {
  const skip = new Set([...NEVER_PATCHED, ...except]);
  return membersDiff(before, after, (name) => name, skip);
}

/** All attributes of the entity as `replace`, for an entity whose last state is not known (WRT-2). */
export function patchAll(entity: JsonObject, except: readonly string[] = []): PatchOperation[] {
  const skip = new Set([...NEVER_PATCHED, ...except]);
  const operations: PatchOperation[] = [];
  for (const name of Object.keys(entity)) {
    const value = entity[name];
    if (skip.has(name) || value === undefined) continue;
    if (isUrn(name) && isJsonObject(value)) operations.push(...patchAllOfExtension(name, value));
    else operations.push(isEmpty(value) ? { op: 'remove', path: name } : set(name, name, value));
  }
  return operations;
}

function patchAllOfExtension(urn: string, extension: JsonObject): PatchOperation[] {
  return Object.keys(extension).map((name) => {
    const value = extension[name] ?? null;
    return isEmpty(value) ? { op: 'remove', path: `${urn}:${name}` } : set(`${urn}:${name}`, name, value);
  });
}

function membersDiff(
  before: JsonObject,
  after: JsonObject,
  pathOf: (name: string) => string,
  skip: ReadonlySet<string> = new Set(),
): PatchOperation[] {
  const operations: PatchOperation[] = [];
  for (const name of Object.keys(after)) {
    if (!skip.has(name)) operations.push(...valueDiff(own(before, name), own(after, name), name, pathOf(name)));
  }
  for (const name of Object.keys(before)) {
    if (skip.has(name) || Object.hasOwn(after, name)) continue;
    operations.push(...valueDiff(own(before, name), null, name, pathOf(name)));
  }
  return operations;
}

function valueDiff(before: JsonValue, after: JsonValue, name: string, path: string): PatchOperation[] {
  if (same(before, after)) return [];
  if (isUrn(name) && (isJsonObject(before) || before === null) && (isJsonObject(after) || after === null)) {
    return membersDiff(before ?? {}, after ?? {}, (sub) => `${path}:${sub}`);
  }
  if (isEmpty(after)) return [{ op: 'remove', path }];
  if (isEmpty(before)) return [set(path, name, after)];
  if (Array.isArray(before) && Array.isArray(after)) return [listDiff(before, after, path)];
  if (isJsonObject(before) && isJsonObject(after)) return complexDiff(before, after, name, path);
  return [set(path, name, after)];
}

/** Sub-attributes one by one; one level deep, which is all that SCIM has below an attribute. */
function complexDiff(before: JsonObject, after: JsonObject, name: string, path: string): PatchOperation[] {
  const names = [...Object.keys(before), ...Object.keys(after)];
  if (!names.every((sub) => ATTRIBUTE_NAME.test(sub))) return [{ op: 'remove', path }, set(path, name, after)];
  const operations: PatchOperation[] = [];
  for (const sub of new Set(names)) {
    const [old, fresh] = [own(before, sub), own(after, sub)];
    if (same(old, fresh)) continue;
    const subPath = `${path}.${sub}`;
    operations.push(isEmpty(fresh) ? { op: 'remove', path: subPath } : { op: 'replace', path: subPath, value: fresh });
  }
  return operations;
}

/** Additions are sent alone only if nothing else of the list changed; position does not count. */
function listDiff(before: readonly JsonValue[], after: readonly JsonValue[], path: string): PatchOperation {
  const rest = [...after];
  for (const element of before) {
    const position = rest.findIndex((candidate) => same(element, candidate));
    if (position < 0) return { op: 'replace', path, value: [...after] };
    rest.splice(position, 1);
  }
  return { op: 'add', path, value: rest };
}

/** A name that no path can hold is set without path, by an object with that one attribute. */
function set(path: string, name: string, value: JsonValue): PatchOperation {
  if (ATTRIBUTE_NAME.test(name)) return { op: 'replace', path, value };
  const urn = path === name ? undefined : path.slice(0, -name.length - 1);
  return { op: 'replace', value: urn === undefined ? { [name]: value } : { [urn]: { [name]: value } } };
}

function own(object: JsonObject, name: string): JsonValue {
  return Object.hasOwn(object, name) ? (object[name] ?? null) : null;
}

function isUrn(name: string): boolean {
  return /^urn:/i.test(name);
}

/** `null`, `[]` and `{}` say "no value". */
function isEmpty(value: JsonValue): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

/** Equal by content: lists as sets with repetitions, "no value" equal to an absent member. */
function same(left: JsonValue, right: JsonValue): boolean {
  if (isEmpty(left) || isEmpty(right)) return isEmpty(left) && isEmpty(right);
  if (Array.isArray(left)) return Array.isArray(right) && sameList(left, right);
  if (isJsonObject(left)) return isJsonObject(right) && sameObject(left, right);
  return left === right;
}

function sameList(left: readonly JsonValue[], right: readonly JsonValue[]): boolean {
  if (left.length !== right.length) return false;
  const rest = [...right];
  return left.every((element) => {
    const position = rest.findIndex((candidate) => same(element, candidate));
    if (position >= 0) rest.splice(position, 1);
    return position >= 0;
  });
}

function sameObject(left: JsonObject, right: JsonObject): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => same(own(left, name), own(right, name)));
}
