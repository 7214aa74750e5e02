import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';

/** List answer of RFC 7644 §3.4.2, as far as the server says it. */
export interface ListEnvelope {
  readonly resources: readonly JsonValue[];
  readonly totalResults: number | undefined;
  readonly itemsPerPage: number | undefined;
  /** RFC 9865. */
  readonly nextCursor: string | undefined;
}

/** A member of an object, its name compared without case (CONN-SCIM-100). */
export function attribute(object: JsonObject, name: string): JsonValue | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  for (const key of Object.keys(object)) if (key.toLowerCase() === wanted) return object[key];
  return undefined;
}

/** The body as a JSON object; throws `protocol` for HTML, broken JSON and anything that is no object. */
export function jsonBody(response: HttpResponse): JsonObject {
  const outcome = response.operation.kind === 'write' ? 'unknown' : 'not-applied';
  const fields = { status: response.status, outcome } as const;
  if (response.isHtml) {
    throw protocolError(response.operation, 'HTML instead of JSON: a login page or a wrong URL', fields);
  }
  const value = parse(response.text);
  if (value === undefined) throw protocolError(response.operation, 'the answer is not complete JSON', fields);
  if (!isJsonObject(value)) throw protocolError(response.operation, 'the answer is not a JSON object', fields);
  return value;
}

function parse(text: string): JsonValue | undefined {
  try {
    // A key of this name would change the prototype of whatever the entity is merged into.
    const reviver = text.includes('__proto__') ? withoutPrototypeKey : undefined;
    return JSON.parse(LONG_INTEGER.test(text) ? quoteLongIntegers(text) : text, reviver) as JsonValue;
  } catch {
    return undefined;
  }
}

const LONG_INTEGER = /\d{16}/;
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** Whole numbers that JavaScript cannot hold exactly become text, digit by digit as they were sent (CONN-CORE-07). */
function quoteLongIntegers(text: string): string {
  return text.replace(TEXT_OR_NUMBER, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

function withoutPrototypeKey(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

/** The list of an answer; throws `protocol` when it is none, so that an error page never counts as an empty list. */
export function listEnvelope(response: HttpResponse): ListEnvelope {
  const body = jsonBody(response);
  const resources = attribute(body, 'Resources');
  const totalResults = count(attribute(body, 'totalResults'));
  if (resources !== undefined && resources !== null && !Array.isArray(resources)) {
    throw protocolError(response.operation, '"Resources" is not a list', { status: response.status });
  }
  if (!Array.isArray(resources) && totalResults === undefined) {
    const text = 'the answer is no SCIM list (neither "Resources" nor "totalResults"); check URL and base path';
    throw protocolError(response.operation, text, { status: response.status });
  }
  return {
    resources: Array.isArray(resources) ? resources : [],
    totalResults,
    itemsPerPage: count(attribute(body, 'itemsPerPage')),
    nextCursor: textOrNothing(attribute(body, 'nextCursor')),
  };
}

function textOrNothing(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Some servers write numbers as text. */
function count(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : undefined;
}

/** Text of `meta.<name>`, if there is any. */
export function metaText(resource: JsonObject, name: string): string | undefined {
  const meta = attribute(resource, 'meta');
  const value = isJsonObject(meta) ? attribute(meta, name) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `meta.<name>` as ISO 8601 UTC; undefined if it is absent or no time. */
export function metaInstant(resource: JsonObject, name: string): string | undefined {
  const text = metaText(resource, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** The identifier of a resource as text; undefined if it is missing or cannot be one. */
export function resourceId(resource: JsonObject): string | undefined {
  const id = attribute(resource, 'id');
  if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id);
  if (typeof id !== 'string' || id === '' || UNUSABLE.test(id)) return undefined;
  return id;
}

/** Control characters and halves of surrogate pairs: neither a database nor a URL takes them. */
const UNUSABLE = /[\p{Cc}\p{Surrogate}]/u;
