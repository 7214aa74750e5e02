import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { attributeOf, elementsOf, keyOf, type AttributePath } from './attributes.js';
import { matchesElement } from './filter-match.js';
import { parsePatchPath, type FilterNode } from './filter-parser.js';
import { MemberDraft } from './member-draft.js';
import { ScimProblem } from './scim-model.js';
import type { StoreEntry } from './store-entry.js';

/** One operation as clients send it; `op` in any case (old Entra clients write `Add`). */
interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string | undefined;
  readonly value: JsonValue | undefined;
}

/** What a PATCH makes of an entry: nothing is changed before all its operations were understood (RFC 7644 §3.5.2). */
export interface PatchResult {
  readonly attributes: JsonObject;
  /** Present when the member list of a group changes. */
  readonly members: MemberDraft | undefined;
}

const READ_ONLY = ['id', 'meta', 'groups'];

/** Applies a PatchOp message to copies. Throws ScimProblem 400 with the RFC's keyword for what cannot be done. */
export function applyPatch(entry: StoreEntry, message: JsonObject): PatchResult {
  const draft = entry.type === 'Group' ? new MemberDraft(entry.members) : undefined;
  const attributes = entry.attributes();
  for (const operation of operationsOf(message)) {
    if (operation.path !== undefined) {
      applyAt(attributes, draft, { ...operation, path: operation.path });
    } else if (operation.op === 'remove') {
      throw new ScimProblem(400, 'a remove operation needs a path', 'noTarget');
    } else {
      applyPathless(attributes, draft, operation);
    }
  }
  return { attributes, members: draft?.isChanged === true ? draft : undefined };
}

function operationsOf(message: JsonObject): Operation[] {
  const operations = attributeOf(message, 'Operations');
  if (!Array.isArray(operations)) throw new ScimProblem(400, 'a PATCH needs "Operations"', 'invalidSyntax');
  return operations.map((item) => {
    const given = isJsonObject(item) ? attributeOf(item, 'op') : undefined;
    const op = typeof given === 'string' ? given.toLowerCase() : undefined;
    if (!isJsonObject(item) || (op !== 'add' && op !== 'replace' && op !== 'remove')) {
      throw new ScimProblem(400, 'op must be add, replace or remove', 'invalidSyntax');
    }
    const path = attributeOf(item, 'path');
    if (path !== undefined && typeof path !== 'string') throw new ScimProblem(400, 'path must be text', 'invalidPath');
    return { op, path, value: attributeOf(item, 'value') };
  });
}

/** Keys of a path-less value may be plain, dotted or extension URNs. What the server owns is passed over. */
function applyPathless(attributes: JsonObject, draft: MemberDraft | undefined, operation: Operation): void {
  if (!isJsonObject(operation.value)) {
    throw new ScimProblem(400, 'an operation without path needs an object as value', 'invalidValue');
  }
  for (const [path, value] of Object.entries(operation.value)) {
    if (path === 'schemas' || READ_ONLY.includes(path.toLowerCase())) continue;
    applyAt(attributes, draft, { op: operation.op, path, value });
  }
}

function applyAt(
  attributes: JsonObject,
  draft: MemberDraft | undefined,
  operation: Operation & { path: string },
): void {
  const { path, filter, sub } = parsePatchPath(operation.path);
  const name = path.attribute?.toLowerCase();
  if (path.extension === undefined && name !== undefined && READ_ONLY.includes(name)) {
    throw new ScimProblem(400, `${path.attribute ?? ''} is read-only`, 'mutability');
  }
  if (operation.op !== 'remove' && operation.value === undefined) {
    throw new ScimProblem(400, `${operation.op} of ${operation.path} needs a value`, 'invalidValue');
  }
  if (draft !== undefined && path.extension === undefined && name === 'members') {
    draft.apply(operation.op, filter, operation.value);
    return;
  }
  const { holder, key } = locate(attributes, path, operation.op !== 'remove');
  if (holder === undefined) return;
  if (filter !== undefined) changeMatching(holder, key, filter, sub, operation);
  else changeValue(holder, key, operation);
}

/** The object that holds the last part of a path, made on the way when `create`. */
function locate(
  attributes: JsonObject,
  path: AttributePath,
  create: boolean,
): { holder: JsonObject | undefined; key: string } {
  const names = [path.extension, path.attribute, path.sub].filter((name) => name !== undefined);
  const last = names.pop() ?? '';
  let holder = attributes;
  for (const name of names) {
    const key = keyOf(holder, name) ?? name;
    const inner = holder[key];
    if (isJsonObject(inner)) {
      holder = inner;
    } else if (Array.isArray(inner)) {
      throw new ScimProblem(400, `${name} has several values; say which in brackets`, 'invalidPath');
    } else if (create) {
      const made: JsonObject = {};
      holder[key] = made;
      holder = made;
    } else {
      return { holder: undefined, key: last };
    }
  }
  return { holder, key: keyOf(holder, last) ?? last };
}

function changeValue(holder: JsonObject, key: string, operation: Operation): void {
  const current = holder[key];
  const { value } = operation;
  if (operation.op === 'remove') {
    // Old Entra clients name the elements in the value; without one the whole attribute goes.
    const rest = value === undefined || !Array.isArray(current) ? [] : current.filter((item) => !isListed(item, value));
    if (rest.length > 0) holder[key] = rest;
    else delete holder[key];
  } else if (value === null || value === undefined) {
    delete holder[key];
  } else if (operation.op === 'add' && Array.isArray(current)) {
    holder[key] = [...current, ...elementsOf(value).filter((item) => !isListed(item, current))];
  } else if (isJsonObject(current) && isJsonObject(value)) {
    merge(current, value);
  } else {
    holder[key] = value;
  }
}

/** `attr[filter]` and `attr[filter].sub`. */
function changeMatching(
  holder: JsonObject,
  key: string,
  filter: FilterNode,
  sub: string | undefined,
  operation: Operation,
): void {
  const elements = elementsOf(holder[key]);
  const matching = elements.filter((element) => matchesElement(element, filter));
  if (operation.op === 'remove' && sub === undefined) {
    const rest = elements.filter((element) => !matching.includes(element));
    if (rest.length > 0) holder[key] = rest;
    else delete holder[key];
    return;
  }
  if (matching.length === 0) {
    if (operation.op === 'remove') return;
    if (operation.op === 'replace') throw new ScimProblem(400, `nothing in ${key} matches the path`, 'noTarget');
    const made = elementFromFilter(filter);
    elements.push(made);
    matching.push(made);
  }
  for (const element of matching) {
    if (!isJsonObject(element)) throw new ScimProblem(400, `${key} has no sub-attributes`, 'invalidPath');
    if (sub !== undefined) changeValue(element, keyOf(element, sub) ?? sub, operation);
    else if (isJsonObject(operation.value)) merge(element, operation.value);
    else throw new ScimProblem(400, `${key} needs an object as value`, 'invalidValue');
  }
  holder[key] = elements;
}

/** `emails[type eq "work"]` without such an element: an element with that type (what Entra clients count on). */
function elementFromFilter(filter: FilterNode): JsonObject {
  if (filter.kind === 'and') return { ...elementFromFilter(filter.left), ...elementFromFilter(filter.right) };
  if (filter.kind === 'compare' && filter.operator === 'eq' && filter.path.attribute !== undefined) {
    return { [filter.path.attribute]: filter.value };
  }
  throw new ScimProblem(400, 'nothing matches the path, and no element can be made from it', 'noTarget');
}

function merge(target: JsonObject, change: JsonObject): void {
  for (const [name, value] of Object.entries(change)) {
    const key = keyOf(target, name) ?? name;
    if (value === null) delete target[key];
    else if (key !== '__proto__') target[key] = value;
  }
}

/** Equal as a whole, or by `value` where both have one. */
function isListed(item: JsonValue, list: JsonValue): boolean {
  return elementsOf(list).some((other) => {
    const left = isJsonObject(item) ? attributeOf(item, 'value') : undefined;
    const right = isJsonObject(other) ? attributeOf(other, 'value') : undefined;
    if (left !== undefined && right !== undefined) return left === right;
    return JSON.stringify(item) === JSON.stringify(other);
  });
}
