import { Pool } from 'undici';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';

/** One page of a list. */
export interface RawPage {
  readonly resources: readonly JsonObject[];
  /** Index of the first entity of the next page; undefined at the end. */
  readonly next: number | undefined;
}

const CONTENT_TYPE = 'application/scim+json';

/** Just enough SCIM for the raw loops, over a pool like the one of the connectors: keep-alive, one request at a time each. */
export class RawScim {
  readonly #pool: Pool;
  readonly #basePath: string;

  /** @param url address with base path, such as `http://127.0.0.1:40123/scim/v2` */
  constructor(url: string, connections: number) {
    const { origin, pathname } = new URL(url);
    this.#pool = new Pool(origin, { connections, pipelining: 1 });
    this.#basePath = pathname;
  }

  async page(type: 'Users' | 'Groups', startIndex: number, count: number, filter?: string): Promise<RawPage> {
    const condition = filter === undefined ? '' : `&filter=${encodeURIComponent(filter)}`;
    const answer = await this.#send('GET', `/${type}?startIndex=${startIndex}&count=${count}${condition}`);
    const list = Array.isArray(answer['Resources']) ? answer['Resources'] : [];
    const resources = list.filter(isJsonObject);
    const next = startIndex + resources.length;
    return { resources, next: next > Number(answer['totalResults']) || resources.length === 0 ? undefined : next };
  }

  /** Creates an entity; its id in the target. */
  async create(type: 'Users' | 'Groups', body: JsonObject): Promise<string> {
    return idOf(await this.#send('POST', `/${type}`, JSON.stringify(body)));
  }

  async replace(type: 'Users' | 'Groups', id: string, body: JsonObject): Promise<void> {
    await this.#send('PUT', `/${type}/${id}`, JSON.stringify({ ...body, id }));
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #send(method: 'GET' | 'POST' | 'PUT', path: string, body?: string): Promise<JsonObject> {
    const { statusCode, body: stream } = await this.#pool.request({
      method,
      path: this.#basePath + path,
      headers: { accept: CONTENT_TYPE, ...(body !== undefined && { 'content-type': CONTENT_TYPE }) },
      body: body ?? null,
    });
    const text = await stream.text();
    if (statusCode >= 300) throw new Error(`${method} ${path} was answered with ${statusCode}: ${text.slice(0, 200)}`);
    const answer: unknown = JSON.parse(text);
    if (!isJsonObject(answer)) throw new Error(`${method} ${path} was not answered with a JSON object`);
    return answer;
  }
}

/** The id of a resource. Throws when it has none. */
export function idOf(resource: JsonObject): string {
  const id = resource['id'];
  if (typeof id !== 'string') throw new Error('a resource has no id');
  return id;
}
