import type { JsonObject } from '../../core/json.js';
import type { NativeEntity, Resolution } from '../contract.js';
import { ConnectorError, isConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import { metaInstant } from './scim-envelope.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';
import { keysFilter, matchesKeys, uniqueKey, type UniqueKey } from './unique-key.js';

/** Two are enough to know that it is not one. */
const LOOKUP_COUNT = 2;
/** Resolution of the header `Date` (RFC 9110 §5.6.7). */
const DATE_STEP_MS = 1_000;
/** When only one of several keys can be filtered by, the others are compared here. */
const PARTIAL_LOOKUP_COUNT = 100;

/**
 * Finds the entity that has all keys as sent (CNF-3, CNF-4, CONN-SCIM-52). What the server returns is compared once more here:
 * a server that ignores the filter must not make us adopt a stranger. Throws `protocol` for such a server and `unsupported` when
 * it cannot filter by the keys at all, so that "not found" is always a finding.
 */
export async function resolveByKeys(
  reader: ScimReader,
  type: ScimType,
  body: JsonObject,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Resolution> {
  const parsed = keys.map((key) => parse(type, key, body));
  // Without a value there is nothing to look for (CNF-8).
  if (parsed.length === 0 || parsed.some(({ values }) => values.length === 0)) return { outcome: 'none' };
  const lookup = new Lookup(reader, type, parsed, signal);
  return (await lookup.byAll()) ?? (await lookup.byOne());
}

function parse(type: ScimType, key: string, body: JsonObject): UniqueKey {
  const parsed = uniqueKey(key, body);
  if (parsed !== undefined) return parsed;
  const safeMessage = `find existing ${type}: the unique attribute "${key}" is not an attribute path`;
  throw new ConnectorError({ kind: 'fatal', scope: 'system', outcome: 'not-applied', safeMessage });
}

class Lookup {
  private readonly label: string;

  constructor(
    private readonly reader: ScimReader,
    private readonly type: ScimType,
    private readonly keys: readonly UniqueKey[],
    private readonly signal: AbortSignal | undefined,
  ) {
    this.label = `find existing ${type}`;
  }

  /** Undefined when the server does not take the filter. */
  async byAll(): Promise<Resolution | undefined> {
    const found = await this.search(this.keys, LOOKUP_COUNT);
    if (found === undefined) return undefined;
    const strangers = found.entities.filter(({ body }) => !matchesKeys(body, this.keys));
    const unusable = found.entities.length < Math.min(found.totalResults ?? 0, LOOKUP_COUNT);
    if (unusable) throw protocolError(found.response.operation, 'the answer promises entities that it does not hold');
    if (strangers.length > 0) throw protocolError(found.response.operation, 'the server does not apply the filter');
    return resolution(found.entities, this.clockOffsetMs(found.response));
  }

  /** Some servers know only one comparison: then one key is asked for and the rest is compared here. */
  async byOne(): Promise<Resolution> {
    for (const key of this.keys.length > 1 ? this.keys : []) {
      const found = await this.search([key], PARTIAL_LOOKUP_COUNT);
      if (found === undefined) continue;
      const complete = (found.totalResults ?? found.resources.length) <= found.resources.length;
      const honest = found.entities.every(({ body }) => matchesKeys(body, [key]));
      if (!complete || !honest) continue;
      const matching = found.entities.filter(({ body }) => matchesKeys(body, this.keys));
      return resolution(matching, this.clockOffsetMs(found.response));
    }
    const names = this.keys.map(({ filterAttribute }) => filterAttribute).join(', ');
    const safeMessage = `${this.label}: the server cannot filter by ${names}`;
    throw new ConnectorError({ kind: 'unsupported', scope: 'entity', outcome: 'not-applied', safeMessage });
  }

  /** How far the server's clock was ahead of ours at most, by the header `Date` of this answer; undefined without one. */
  private clockOffsetMs(response: { header(name: string): string | undefined }): number | undefined {
    const serverMs = Date.parse(response.header('date') ?? '');
    // The header is cut to the second: the true time lies up to a second later, and an account must not look younger than it is.
    return Number.isNaN(serverMs) ? undefined : serverMs + DATE_STEP_MS - this.reader.now().getTime();
  }

  private async search(keys: readonly UniqueKey[], countEntities: number) {
    const sent = keys.flatMap(({ values }) => [...values]);
    try {
      return await this.reader.search(this.type, keysFilter(keys), countEntities, {
        label: this.label,
        signal: this.signal,
        sent,
      });
    } catch (error) {
      if (isConnectorError(error) && error.vendorCode === 'invalidFilter') return undefined;
      throw error;
    }
  }
}

function resolution(entities: readonly NativeEntity[], clockOffsetMs: number | undefined): Resolution {
  const [first] = entities;
  if (first === undefined) return { outcome: 'none' };
  const ids = [...new Set(entities.map(({ id }) => id))];
  if (ids.length > 1) return { outcome: 'many', ids };
  const created = metaInstant(first.body, 'created');
  // A creation time says nothing while the clock that gave it is not known (RTY-5).
  if (created === undefined || clockOffsetMs === undefined) return { outcome: 'one', entity: first };
  return { outcome: 'one', entity: first, createdAt: new Date(Date.parse(created) - clockOffsetMs).toISOString() };
}
