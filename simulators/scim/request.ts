import { isJsonObject, type JsonObject } from '../../core/json.js';
import type { FaultRequest } from './faults.js';
import type { JournalRecord, RequestOperation } from './journal.js';
import { ScimProblem, typeOfCollection, type ScimResourceType } from './scim-model.js';
import { keyOfContent } from './store-entry.js';

/** A request after routing, as handlers and faults see it. */
export interface ScimRequest extends FaultRequest {
  readonly query: URLSearchParams;
  readonly headers: NodeJS.Dict<string | string[]>;
  /** Parsed body of a write; undefined for reads, and for a body that is no JSON object ({@link bodyProblem} then says so). */
  readonly body: JsonObject | undefined;
  readonly bodyProblem: ScimProblem | undefined;
  readonly record: JournalRecord;
}

/** An answer before it goes out. */
export interface ScimAnswer {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

/** Where a path leads. */
export interface Route {
  readonly operation: RequestOperation | undefined;
  readonly type: ScimResourceType | undefined;
  readonly entityId: string | undefined;
}

const DISCOVERY = ['/ServiceProviderConfig', '/Schemas', '/ResourceTypes'];
const NOWHERE: Route = { operation: undefined, type: undefined, entityId: undefined };

/** Routes a path below the base path. An undefined operation with a type means a method that does not fit (405). */
export function routeOf(method: string, path: string): Route {
  const [, collection = '', rawId, extra] = path.split('/');
  const type = typeOfCollection(collection);
  if (type === undefined) {
    if (path === '/Bulk') return { ...NOWHERE, operation: method === 'POST' ? 'bulk' : undefined };
    const isDiscovery = DISCOVERY.some((known) => path === known || path.startsWith(`${known}/`));
    return isDiscovery && method === 'GET' ? { ...NOWHERE, operation: 'discovery' } : NOWHERE;
  }
  if (extra === 'members' && rawId !== undefined) return { operation: 'member', type, entityId: decodeId(rawId) };
  if (extra !== undefined) return NOWHERE;
  if (rawId === '.search') return { operation: method === 'POST' ? 'list' : undefined, type, entityId: undefined };
  if (rawId === undefined || rawId === '') {
    const operation = method === 'GET' ? 'list' : method === 'POST' ? 'create' : undefined;
    return { operation, type, entityId: undefined };
  }
  return { operation: entityOperation(method), type, entityId: decodeId(rawId) };
}

function entityOperation(method: string): RequestOperation | undefined {
  if (method === 'GET') return 'get';
  if (method === 'PUT') return 'replace';
  if (method === 'PATCH') return 'patch';
  return method === 'DELETE' ? 'delete' : undefined;
}

function decodeId(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Parses a JSON body; the problem is kept for the handler, because a fault may strike first. */
export function parseBody(text: string): { body: JsonObject | undefined; bodyProblem: ScimProblem | undefined } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isJsonObject(parsed)) return { body: parsed, bodyProblem: undefined };
  } catch {
    // Reported below, like any other body that is no object.
  }
  return { body: undefined, bodyProblem: new ScimProblem(400, 'the body must be a JSON object', 'invalidSyntax') };
}

/** Key of the entity that a body is about, if it names one. */
export function keyOfBody(type: ScimResourceType | undefined, body: JsonObject | undefined): string | undefined {
  const key = type === undefined || body === undefined ? '' : keyOfContent(type, body);
  return key === '' ? undefined : key;
}

/** The parameters of a `POST /.search` body as if they stood in the query (RFC 7644 §3.4.3). */
export function searchParameters(body: JsonObject): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    if (name === 'schemas' || value === null) continue;
    const isPlain = typeof value !== 'object';
    const text = Array.isArray(value)
      ? value.filter((item) => typeof item === 'string').join(',')
      : JSON.stringify(value);
    parameters.set(name, isPlain ? String(value) : text);
  }
  return parameters;
}
