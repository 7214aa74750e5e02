import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { ScimDialect } from './dialects.js';
import { faultAnswer } from './exchange.js';
import type { Strike } from './faults.js';
import type { Journal } from './journal.js';
import { keyOfBody, routeOf, type ScimAnswer, type ScimRequest } from './request.js';
import { ScimProblem } from './scim-model.js';
import type { ScimStore } from './store.js';

const BULK_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

/** What bulk requests need of the server. */
export interface BulkParts {
  readonly dialect: ScimDialect;
  readonly store: ScimStore;
  readonly journal: Journal;
  readonly strike: (request: ScimRequest) => Strike | undefined;
  readonly work: (request: ScimRequest) => ScimAnswer;
  readonly nowMs: () => number;
}

/**
 * A bulk request (RFC 7644 §3.7): each operation is a request of its own, in the journal too, and meets faults of kind `status`. Throws
 * ScimProblem when the server does not take it as a whole.
 */
export function handleBulk(parts: BulkParts, request: ScimRequest): ScimAnswer {
  const { dialect } = parts;
  if (dialect.bulkOperations === 0) throw new ScimProblem(501, 'bulk requests are not supported');
  const operations = request.body?.['Operations'];
  if (!Array.isArray(operations)) throw new ScimProblem(400, '"Operations" is required', 'invalidSyntax');
  if (operations.length > dialect.bulkOperations)
    throw new ScimProblem(413, `at most ${dialect.bulkOperations} operations in one request`);
  const items = operations.map((operation) => item(parts, request, operation));
  return { status: 200, body: JSON.stringify({ schemas: [BULK_RESPONSE], Operations: items }) };
}

function item(parts: BulkParts, envelope: ScimRequest, given: JsonValue): JsonObject {
  const operation = isJsonObject(given) ? given : {};
  const { bulkId, version, data } = operation;
  const [method, path] = [textOf(operation['method']), textOf(operation['path'])];
  const request = innerRequest(parts, envelope, method, path, version, data);
  const answer = answerOf(parts, request);
  parts.journal.end(request.record, answer.status);
  const { location, etag } = answer.headers ?? {};
  const body: unknown = answer.body === undefined ? undefined : JSON.parse(String(answer.body));
  const self = isJsonObject(body) && isJsonObject(body['meta']) ? body['meta']['location'] : undefined;
  return {
    method,
    ...(bulkId === undefined || parts.dialect.bulkAnswer === 'bare' ? {} : { bulkId }),
    status: parts.dialect.bulkAnswer === 'bare' ? { code: answer.status } : String(answer.status),
    ...(location === undefined && self === undefined ? {} : { location: location ?? self ?? null }),
    ...(etag === undefined ? {} : { version: etag }),
    // Only failures have to say more (RFC 7644 §3.7.3).
    ...(answer.status < 300 || !isJsonObject(body) ? {} : { response: body }),
  };
}

function innerRequest(
  { store, journal }: BulkParts,
  envelope: ScimRequest,
  method: string,
  path: string,
  version: JsonValue | undefined,
  data: JsonValue | undefined,
): ScimRequest {
  const record = journal.begin(method, path, '');
  const { operation, type, entityId } = routeOf(method, path);
  const body = isJsonObject(data) ? data : undefined;
  const existing = type !== undefined && entityId !== undefined ? store.entry(type, entityId) : undefined;
  const key = existing?.key ?? keyOfBody(type, body);
  if (operation !== undefined) record.operation = operation;
  if (type !== undefined) record.type = type;
  if (entityId !== undefined) record.entityId = entityId;
  if (key !== undefined) record.key = key;
  if (body !== undefined) journal.noteBody(record, JSON.stringify(body));
  const headers = { ...envelope.headers, ...(typeof version === 'string' ? { 'if-match': version } : {}) };
  const rest = { startIndex: undefined, query: new URLSearchParams(), bodyProblem: undefined };
  return { method, path, operation, type, entityId, key, headers, body, record, ...rest };
}

function answerOf({ strike, work, nowMs }: BulkParts, request: ScimRequest): ScimAnswer {
  const fault = strike(request);
  if (fault === undefined) return work(request);
  request.record.fault = fault.name;
  if (fault.effect.kind !== 'status') return work(request);
  if (fault.effect.apply === true) work(request);
  return faultAnswer(fault.effect, nowMs());
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
