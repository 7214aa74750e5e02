import type { JsonObject } from '../../core/json.js';
import { isConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import { jsonBody, metaText, resourceId } from './scim-envelope.js';

/**
 * 202 counts as success too (CONN-SCIM-65). Throws `protocol` for a success in HTML: a login page answers everything with 200, and
 * nothing has been written.
 */
export function isSuccess(response: HttpResponse): boolean {
  if (response.status < 200 || response.status >= 300) return false;
  if (!response.isHtml) return true;
  const text = 'HTML instead of JSON: a login page or a wrong URL';
  throw protocolError(response.operation, text, { status: response.status, outcome: 'unknown' });
}

/** Only 201 is proof that the entity is new: servers that adopt what exists answer 200, and what exists is not ours. */
export function appliedByPost(response: HttpResponse): 'created' | 'updated' {
  return response.status === 201 ? 'created' : 'updated';
}

/** The body of an answer to a write that has succeeded whatever the body looks like. */
export function bodyOf(response: HttpResponse): JsonObject {
  if (response.text === '') return {};
  try {
    return jsonBody(response);
  } catch (error) {
    if (isConnectorError(error)) return {};
    throw error;
  }
}

/** Version tag of the entity after the write, if the server tells. */
export function versionOf(response: HttpResponse, resource: JsonObject): { version?: string } {
  const version = response.header('etag') ?? metaText(resource, 'version');
  return version === undefined ? {} : { version };
}

/** The entity itself, where the answer is one and not a note that everything went well. */
export function entityIn(resource: JsonObject): { entity?: JsonObject } {
  return resourceId(resource) === undefined ? {} : { entity: resource };
}

/** Last segment of a `Location`; only the identifier is taken, the address is never followed. */
export function idFromLocation(location: string | undefined): string | undefined {
  const last = location?.split(/[?#]/)[0]?.split('/').at(-1);
  if (last === undefined) return undefined;
  try {
    return resourceId({ id: decodeURIComponent(last) });
  } catch {
    return resourceId({ id: last });
  }
}
