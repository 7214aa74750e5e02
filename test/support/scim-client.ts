import { isJsonObject, type JsonObject } from '../../core/json.js';

/** An answer as a test looks at it. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object of the body; an empty one when the body is no JSON object. */
  readonly json: JsonObject;
}

/** Sends one request to a SCIM server, with `application/scim+json` unless another content type is given. */
export async function requestScim(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/scim+json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: objectOf(text) };
}

/** The resources of a list answer. */
export function resourcesOf(answer: HttpAnswer): JsonObject[] {
  const resources = answer.json['Resources'] ?? answer.json['resources'];
  return Array.isArray(resources) ? resources.filter(isJsonObject) : [];
}

/** A text attribute of an object; the empty text when it has none. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

function objectOf(text: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
