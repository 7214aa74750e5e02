import type { JsonValue } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import type { ConnectorError } from '../errors.js';
import { protocolError, statusError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import { maskedDetail } from './mask.js';
import { attribute } from './scim-envelope.js';

/**
 * The error of an answer that is no success (scim.md §11). `sent`: values of the request that must not show up in the message; nor do
 * credentials.
 */
export function scimError(response: HttpResponse, sent: readonly JsonValue[] = []): ConnectorError {
  const { status, retryAfterMs } = response;
  if ((status === 404 || status === 410) && response.isHtml && !isAboutCollection(response)) {
    // A web server that does not know the path is no statement about the entity.
    return protocolError(response.operation, 'HTML instead of JSON: a login page or a wrong URL', { status });
  }
  const { scimType, detail } = errorBody(response);
  return statusError(
    {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(scimType === undefined ? {} : { vendorCode: scimType }),
      ...(detail === undefined ? {} : { maskedDetail: maskedDetail(detail, [...sent, ...response.secrets]) }),
    },
    response.operation,
  );
}

function isAboutCollection({ operation: { kind } }: HttpResponse): boolean {
  return kind === 'list' || kind === 'lookup';
}

/** The error message of RFC 7644 §3.12; tolerant, because this is what breaks first. */
export function errorBody(response: HttpResponse): { scimType?: string; detail?: string } {
  if (response.text === '' || response.isHtml) return {};
  let body: unknown;
  try {
    body = JSON.parse(response.text);
  } catch {
    return {};
  }
  if (!isJsonObject(body)) return {};
  const scimType = attribute(body, 'scimType');
  const detail = attribute(body, 'detail') ?? attribute(body, 'message') ?? attribute(body, 'error_description');
  return {
    // A word, never free text: it goes into messages without a mask.
    ...(typeof scimType === 'string' && /^[A-Za-z]{1,40}$/.test(scimType) ? { scimType } : {}),
    ...(typeof detail === 'string' && detail !== '' ? { detail } : {}),
  };
}
