import type { JsonObject, JsonValue } from '../../core/json.js';
import type { CallOptions } from '../contract.js';
import { ConnectorError } from '../errors.js';
import type { HttpClient, HttpRequest } from '../http/http-client.js';
import type { HttpResponse } from '../http/http-response.js';
import { CsrfProtection } from './csrf.js';
import { scimError } from './scim-error.js';
import type { ScimSettings, ScimType } from './scim-settings.js';
import { textBoolean } from './text-booleans.js';

/** Longest path with query that is sent; longer filters need a search by POST (CONN-SCIM-27). */
const MAX_PATH_LENGTH = 7_500;

const SEARCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** A GET. */
export interface ScimGet {
  readonly label: string;
  readonly kind: 'list' | 'lookup' | 'read' | 'system';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Values in the query that must not show up in an error message. */
  readonly sent?: readonly JsonValue[];
}

/** A request that changes something. */
export interface ScimWrite {
  readonly label: string;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: JsonObject;
  readonly etag?: string | undefined;
  readonly options: CallOptions;
}

/** Something that carries writes out. */
export interface ScimWrites {
  /** An answer of any status. Throws ConnectorError when there is none. */
  write(write: ScimWrite): Promise<HttpResponse>;
}

/** SCIM requests over HTTP: paths, media types, `If-Match`, CSRF. Answers of any status; {@link scimError} judges them. */
export class ScimHttp implements ScimWrites {
  private readonly csrf: CsrfProtection | undefined;

  constructor(
    private readonly http: HttpClient,
    readonly settings: ScimSettings,
  ) {
    this.csrf = settings.csrfPath === undefined ? undefined : new CsrfProtection(http, settings.csrfPath);
  }

  get(request: ScimGet): Promise<HttpResponse> {
    const path = request.path + queryText(request.query);
    if (path.length > MAX_PATH_LENGTH) throw tooLong(request);
    return this.http.request({ method: 'GET', path, label: request.label, kind: request.kind, signal: request.signal });
  }

  /** A list whose answer must be a success: by GET, or by POST where the address would be too long and the server takes it (CONN-SCIM-27). */
  async list(request: ScimGet): Promise<HttpResponse> {
    const isTooLong = request.path.length + queryText(request.query).length > MAX_PATH_LENGTH;
    if (!isTooLong || !this.settings.searchByPost) return this.getOk(request);
    const given = Object.entries(request.query ?? {}).filter(([, value]) => value !== undefined);
    const response = await this.http.request({
      method: 'POST',
      path: `${request.path}/.search`,
      label: request.label,
      kind: request.kind,
      headers: { 'content-type': this.settings.contentType },
      body: JSON.stringify({ schemas: [SEARCH_SCHEMA], ...Object.fromEntries(given.map(searchMember)) }),
      signal: request.signal,
    });
    if (response.status !== 200) throw scimError(response, request.sent);
    return response;
  }

  /** Attributes asked for and left out; never both (CONN-SCIM-31), the validator refuses it. */
  projection(type: ScimType): { attributes: string | undefined; excludedAttributes: string | undefined } {
    const { attributes, excludedAttributes, groupAttributes } = this.settings;
    const wanted = attributes ?? (type === 'group' ? groupAttributes : undefined);
    return { attributes: wanted, excludedAttributes: wanted === undefined ? excludedAttributes : undefined };
  }

  /** A GET whose answer must be a success. */
  async getOk(request: ScimGet): Promise<HttpResponse> {
    const response = await this.get(request);
    if (response.status !== 200) throw scimError(response, request.sent);
    return response;
  }

  async write(write: ScimWrite): Promise<HttpResponse> {
    const request: HttpRequest = {
      method: write.method,
      path: write.path,
      label: write.label,
      kind: 'write',
      headers: this.writeHeaders(write),
      signal: write.options.signal,
      beforeSend: write.options.beforeWrite,
      ...(write.body === undefined ? {} : { body: this.jsonOf(write.body) }),
    };
    return this.csrf === undefined ? this.http.request(request) : this.csrf.send(request);
  }

  /** Fetches a CSRF token if the system wants one, to see that it works. */
  async probeCsrf(signal: AbortSignal | undefined): Promise<boolean> {
    await this.csrf?.fetch(signal);
    return this.csrf !== undefined;
  }

  collectionPath(type: ScimType): string {
    return this.settings.paths[type];
  }

  /** Throws `invalid` for an identifier that would address something else, for example the whole collection. */
  entityPath(type: ScimType, id: string, label: string): string {
    if (id === '' || id === '.' || id === '..') {
      const safeMessage = `${label}: the identifier is empty or a path step`;
      throw new ConnectorError({ kind: 'invalid', scope: 'entity', outcome: 'not-applied', safeMessage });
    }
    return `${this.settings.paths[type]}/${encodeURIComponent(id)}`;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private jsonOf(body: JsonObject): string {
    return this.settings.textBooleans ? JSON.stringify(body, textBoolean) : JSON.stringify(body);
  }

  private writeHeaders(write: ScimWrite): Record<string, string> {
    const headers: Record<string, string> = {};
    if (write.body !== undefined) headers['content-type'] = this.settings.contentType;
    if (this.settings.ifMatchAny) headers['if-match'] = '*';
    else if (write.etag !== undefined) headers['if-match'] = write.etag;
    return headers;
  }
}

/** Lists of names are arrays in a search by POST (RFC 7644 §3.4.3). */
function searchMember([name, value]: [string, string | number | undefined]): [string, JsonValue] {
  const isList = name === 'attributes' || name === 'excludedAttributes';
  return [name, isList && typeof value === 'string' ? value.split(',') : (value ?? null)];
}

function tooLong({ label, kind }: ScimGet): ConnectorError {
  const safeMessage = `${label}: the filter makes the address longer than ${MAX_PATH_LENGTH} characters; shorten it`;
  const scope = kind === 'list' ? 'page' : 'entity';
  return new ConnectorError({ kind: 'invalid', scope, outcome: 'not-applied', safeMessage });
}

function queryText(query: ScimGet['query']): string {
  if (query === undefined) return '';
  const parts: string[] = [];
  for (const name of Object.keys(query)) {
    const value = query[name];
    if (value !== undefined) parts.push(`${name}=${encodeURIComponent(value)}`);
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
