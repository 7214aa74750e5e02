import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import { isConnectorError } from '../../errors.js';
import type { HttpResponse } from '../../http/http-response.js';
import { attribute, resourceId } from '../scim-envelope.js';
import { scimError } from '../scim-error.js';
import type { ScimHttp } from '../scim-http.js';
import type { ScimReader } from '../scim-reader.js';
import type { ScimType } from '../scim-settings.js';
import { bodyOf, idFromLocation } from '../write-answer.js';

/** Names of test entities: nothing else is ever removed. */
const MARKED = /^muster-probe-[a-z0-9]{8}$/;
/** Pages that are looked through for leftovers. */
const SWEEP_PAGES = 50;
/** Removing must be possible when the caller has given up. */
const CLEAN_UP_MS = 30_000;
const NAME: Readonly<Record<ScimType, string>> = { user: 'userName', group: 'displayName' };

/** The marked entities of one probe: raw requests, and the promise that nothing stays. */
export class TestEntities {
  private readonly made: { readonly type: ScimType; readonly id: string }[] = [];

  constructor(
    private readonly http: ScimHttp,
    private readonly reader: ScimReader,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** POST; whatever comes to exist is remembered. */
  async post(
    type: ScimType,
    body: JsonObject,
  ): Promise<{ readonly response: HttpResponse; readonly id: string | undefined }> {
    const path = this.http.collectionPath(type);
    const response = await this.http.write({
      label: `create ${type}`,
      method: 'POST',
      path,
      body,
      options: this.options(),
    });
    const isNew = response.status >= 200 && response.status < 300 && !response.isHtml;
    const id = isNew ? (resourceId(bodyOf(response)) ?? idFromLocation(response.header('location'))) : undefined;
    if (id !== undefined && !this.made.some((known) => known.id === id)) this.made.push({ type, id });
    return { response, id };
  }

  /** PUT or PATCH, any status. */
  change(method: 'PUT' | 'PATCH', type: ScimType, id: string, body: JsonObject, etag?: string): Promise<HttpResponse> {
    const label = `update ${type}`;
    const path = this.http.entityPath(type, id, label);
    return this.http.write({ label, method, path, body, etag, options: this.options() });
  }

  /** What is stored now, asked for by id. Throws `notFound` when it is gone. */
  async stored(type: ScimType, id: string, attributes?: string): Promise<JsonObject> {
    const label = `read ${type}`;
    const path = this.http.entityPath(type, id, label);
    const response = await this.http.get({ label, kind: 'read', path, query: { attributes }, signal: this.signal });
    if (response.status !== 200) throw scimError(response, [id]);
    return bodyOf(response);
  }

  async remove(type: ScimType, id: string): Promise<HttpResponse> {
    return this.delete(type, id, this.signal);
  }

  /** Removes what earlier probes have left, as far as the lists show it. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (const type of ['group', 'user'] as const) {
      for (const id of await this.leftovers(type)) {
        const { status } = await this.remove(type, id);
        if (status < 300) removed += 1;
      }
    }
    return removed;
  }

  /** Removes everything of this probe; gives a line for each that could not be removed. Never throws. */
  async cleanUp(): Promise<string[]> {
    const left: string[] = [];
    for (const { type, id } of this.made.reverse()) {
      try {
        const { status } = await this.delete(type, id, AbortSignal.timeout(CLEAN_UP_MS));
        if (status >= 300 && status !== 404) left.push(`${type} ${id}: status ${status}`);
      } catch (error) {
        left.push(`${type} ${id}: ${isConnectorError(error) ? error.safeMessage : String(error)}`);
      }
    }
    return left;
  }

  /** Nobody where the list cannot be read: many systems have no groups. */
  private async leftovers(type: ScimType): Promise<string[]> {
    try {
      return await this.marked(type);
    } catch (error) {
      if (!isConnectorError(error) || error.kind === 'cancelled' || error.kind === 'auth') throw error;
      return [];
    }
  }

  private async marked(type: ScimType): Promise<string[]> {
    const found: string[] = [];
    let page = await this.reader.readPage(type, { type, mode: 'full', cursor: null, ...this.options() });
    for (let pages = 1; ; pages++) {
      found.push(...page.items.filter(({ body }) => isMarked(attribute(body, NAME[type]))).map(({ id }) => id));
      if (page.next === null || pages >= SWEEP_PAGES) return found;
      page = await this.reader.readPage(type, { type, mode: 'full', cursor: page.next, ...this.options() });
    }
  }

  private delete(type: ScimType, id: string, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const label = `delete ${type}`;
    const path = this.http.entityPath(type, id, label);
    return this.http.write({ label, method: 'DELETE', path, options: signal === undefined ? {} : { signal } });
  }

  private options(): { readonly signal?: AbortSignal } {
    return this.signal === undefined ? {} : { signal: this.signal };
  }
}

function isMarked(name: JsonValue | undefined): boolean {
  return typeof name === 'string' && MARKED.test(name);
}

/** A name that no other probe has. `random`: uniform in [0, 1). */
export function probeName(random: () => number): string {
  return `muster-probe-${Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36)).join('')}`;
}

/** Status and the server's own word for it. */
export function answerText(response: HttpResponse): string {
  const { vendorCode } = scimError(response);
  return vendorCode === undefined ? `${response.status}` : `${response.status} ${vendorCode}`;
}

/** Identifiers in `members`, sorted. */
export function memberIdsOf(group: JsonObject): string[] {
  const members = attribute(group, 'members');
  const list = Array.isArray(members) ? members.filter(isJsonObject) : [];
  return list.flatMap((member) => resourceId({ id: attribute(member, 'value') ?? null }) ?? []).sort();
}
