import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { Operation } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import { attribute } from './scim-envelope.js';
import type { ScimWrite } from './scim-http.js';

const BULK_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** A bulk request (CONN-SCIM-80); `failOnErrors` is left out, so that one refused operation stops no other. */
export function bulkRequest(writes: readonly ScimWrite[], rootPath: string): JsonObject {
  return {
    schemas: [BULK_SCHEMA],
    Operations: writes.map((write, index) => bulkOperation(write, bulkIdOf(index), rootPath)),
  };
}

function bulkOperation({ method, path, body, etag }: ScimWrite, bulkId: string, rootPath: string): JsonObject {
  return {
    method,
    bulkId,
    // Relative to the base of the server.
    path: path.startsWith(rootPath) ? path.slice(rootPath.length) : path,
    ...(etag === undefined ? {} : { version: etag }),
    ...(body === undefined ? {} : { data: body }),
  };
}

function bulkIdOf(index: number): string {
  return `op${index + 1}`;
}

/**
 * The answer of each operation, in the order of the request; undefined where the server gave none (CONN-SCIM-83). By `bulkId`; by
 * position only where no item carries one and none is missing.
 */
export function bulkAnswers(
  answer: JsonObject,
  writes: readonly ScimWrite[],
  envelope: HttpResponse,
): (HttpResponse | undefined)[] {
  const given = attribute(answer, 'Operations');
  const items = (Array.isArray(given) ? given : []).filter(isJsonObject);
  const byId = new Map(items.map((item) => [attribute(item, 'bulkId'), item]));
  const byPosition = items.length === writes.length && items.every((item) => attribute(item, 'bulkId') === undefined);
  return writes.map((write, index) => {
    const item = byPosition ? items[index] : byId.get(bulkIdOf(index));
    const status = item === undefined ? undefined : statusOf(item);
    return item === undefined || status === undefined ? undefined : new ItemResponse(item, status, write, envelope);
  });
}

/** `"201"`, `201` or `{"code": "201"}`: all three are met. */
function statusOf(item: JsonObject): number | undefined {
  const given = attribute(item, 'status');
  const code = isJsonObject(given) ? attribute(given, 'code') : given;
  const status = Number(typeof code === 'string' || typeof code === 'number' ? code : NaN);
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** One item of a bulk answer, as if it had been an answer of its own. */
class ItemResponse implements HttpResponse {
  readonly operation: Operation;
  readonly text: string;
  readonly isHtml = false;

  constructor(
    private readonly item: JsonObject,
    readonly status: number,
    write: ScimWrite,
    private readonly envelope: HttpResponse,
  ) {
    this.operation = { ...envelope.operation, label: write.label };
    const response = attribute(item, 'response');
    this.text = isJsonObject(response) ? JSON.stringify(response) : '';
  }

  header(name: string): string | undefined {
    if (name === 'location') return textOf(attribute(this.item, 'location'));
    return name === 'etag' ? textOf(attribute(this.item, 'version')) : undefined;
  }

  headerValues(name: string): readonly string[] {
    const value = this.header(name);
    return value === undefined ? [] : [value];
  }

  get secrets(): readonly string[] {
    return this.envelope.secrets;
  }

  /** Items carry no header of their own. */
  get retryAfterMs(): number | undefined {
    return this.status === 429 || this.status === 503 ? this.envelope.retryAfterMs : undefined;
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
