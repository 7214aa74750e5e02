import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** What a read transformation gives. */
export interface HandRead {
  readonly sourceId: string;
  readonly common: JsonObject;
  readonly correlation: readonly string[];
}

/**
 * The default read transformation of SCIM users as somebody would write it in TypeScript. Like ours, its result is a document of its
 * own: nothing of the input can be changed through it.
 */
export function handRead(person: JsonObject): HandRead {
  const { id, userName, emails } = person;
  if (typeof id !== 'string' || id === '') throw new Error('a person without id');
  const common: JsonObject = {};
  for (const [name, value] of Object.entries(person)) {
    if (name !== 'id' && name !== 'meta' && value !== undefined) common[name] = copy(value);
  }
  const correlation: string[] = [];
  if (typeof userName === 'string' && userName !== '') correlation.push(userName);
  for (const email of Array.isArray(emails) ? emails : []) {
    if (!isJsonObject(email) || email['primary'] !== true) continue;
    const { value } = email;
    if (typeof value === 'string' && value !== '' && !correlation.includes(value)) correlation.push(value);
  }
  return { sourceId: id, common, correlation };
}

/** The default write transformation of SCIM users, under the same terms. */
export function handWrite(common: JsonObject, targetId: string | undefined): JsonObject {
  const target: JsonObject = {};
  for (const [name, value] of Object.entries(common)) {
    if (name === ENTERPRISE || name === 'groups' || value === undefined) continue;
    target[name] = name === 'schemas' && Array.isArray(value) ? value.filter(isKeptSchema) : copy(value);
  }
  if (targetId !== undefined) target['id'] = targetId;
  const { emails } = target;
  const [first] = Array.isArray(emails) ? emails : [];
  if (isJsonObject(first) && Array.isArray(emails) && !emails.some(isPrimary)) first['primary'] = true;
  return target;
}

function isKeptSchema(schema: JsonValue): boolean {
  return schema !== ENTERPRISE;
}

function isPrimary(email: JsonValue): boolean {
  return isJsonObject(email) && email['primary'] === true;
}

function copy(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member !== undefined) result[name] = copy(member);
  }
  return result;
}
