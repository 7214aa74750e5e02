import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { ConnectorError } from '../errors.js';
import { patchAll, patchDiff, type PatchOperation } from './patch-diff.js';

const ATTRIBUTE = /^[A-Za-z$][\w$-]*$/;
const MEMBER = /^members\[value eq (".*")\]$/;

/**
 * The difference as SCIM 1.1 can say it: attributes as a whole, because a list that a request names is added to in some servers and replaced in
 * others, and no path leads into an attribute.
 */
export function wholeAttributes(
  before: JsonObject | undefined,
  body: JsonObject,
  except: readonly string[],
): PatchOperation[] {
  if (before === undefined) return patchAll(body, except);
  return [...new Set([...Object.keys(before), ...Object.keys(body)])].flatMap((name): PatchOperation[] => {
    const only = (document: JsonObject): JsonObject => (name in document ? { [name]: document[name] ?? null } : {});
    if (patchDiff(only(before), only(body), except).length === 0) return [];
    const value = body[name];
    return isNothing(value) ? [{ op: 'remove', path: name }] : [{ op: 'replace', path: name, value }];
  });
}

function isNothing(value: JsonValue | undefined): value is undefined | null {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** A PATCH of SCIM 1.1 (CONN-SCIM-62): the partial resource; what goes, or is replaced as a whole, stands in `meta.attributes`. */
export function partialResource(operations: readonly PatchOperation[]): JsonObject {
  const resource: JsonObject = {};
  const emptied: string[] = [];
  const members: JsonValue[] = [];
  for (const operation of operations) {
    const { op, path = '', value } = operation;
    const removed = op === 'remove' ? removedMembers(path, value) : undefined;
    if (removed !== undefined) members.push(...removed.map((id) => ({ value: id, operation: 'delete' })));
    else if (op === 'add' && path === 'members' && Array.isArray(value)) members.push(...value);
    else if (!ATTRIBUTE.test(path) && !/^urn:/i.test(path)) throw notSaid(path);
    else if (op === 'remove') emptied.push(path);
    else {
      if (typeof value === 'object') emptied.push(path);
      resource[path] = value ?? null;
    }
  }
  return {
    schemas: ['urn:scim:schemas:core:1.0'],
    ...resource,
    ...(members.length > 0 && { members }),
    ...(emptied.length > 0 && { meta: { attributes: emptied } }),
  };
}

function removedMembers(path: string, value: JsonValue | undefined): string[] | undefined {
  const one = MEMBER.exec(path)?.[1];
  if (one !== undefined) return [String(JSON.parse(one))];
  if (path !== 'members' || !Array.isArray(value)) return undefined;
  return value.flatMap((member) =>
    isJsonObject(member) && typeof member['value'] === 'string' ? member['value'] : [],
  );
}

function notSaid(path: string): ConnectorError {
  const safeMessage = `a PATCH of SCIM 1.1 names whole attributes, not ${path === '' ? 'a part of a resource' : path}; correct the transformation`;
  return new ConnectorError({ kind: 'unsupported', scope: 'entity', outcome: 'not-applied', safeMessage });
}
