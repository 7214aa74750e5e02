import type { JsonObject } from '../../core/json.js';
import type { CallOptions, Match, NativeEntity, Resolution } from '../contract.js';
import { isConnectorError } from '../errors.js';
import { BlindFilter } from './blind-filter.js';
import type { Resolve } from './blind-filter.js';
import { anyOf } from './scim-filter.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';
import { keysFilter, matchesKeys, uniqueKey } from './unique-key.js';
import type { UniqueKey } from './unique-key.js';

/** Entities that one request looks for. */
const MAX_TOGETHER = 20;
/** Far below what servers take as an address, encoded. */
const MAX_FILTER_LENGTH = 2_000;
/** So many may be found for each: one more than one is enough to know that it is ambiguous. */
const FOUND_PER_ENTITY = 2;
/** Unique in every service provider (RFC 7643 §4.1.1), whatever entities are looked up by. */
const USER_NAME = 'userName';

/** What a matcher needs of its surroundings. */
export interface MatcherOptions {
  readonly reader: ScimReader;
  /** What user names are unique within; empty: the whole server (CONN-SCIM-101). */
  readonly namesWithin: readonly string[];
  /** The server takes `or`. */
  readonly takesAlternatives: boolean;
  /** The look-up of a single entity, with everything a system does beyond its keys. */
  readonly resolve: Resolve;
}

/** One entity in hand. */
interface Wanted {
  readonly body: JsonObject;
  /** Undefined: a key without a value, so that there is nothing to look for (CNF-8). */
  readonly keys: readonly UniqueKey[] | undefined;
}

/** Looks many entities up for a match report (PLN-14), several in one request where the server takes that. */
export class ScimMatcher {
  private takesAlternatives: boolean;

  private readonly blind: BlindFilter;

  constructor(private readonly options: MatcherOptions) {
    this.takesAlternatives = options.takesAlternatives;
    this.blind = new BlindFilter(options.reader, options.resolve);
  }

  /** What is there for each body, in their order. Throws what a single look-up throws. */
  async match(
    type: ScimType,
    bodies: readonly JsonObject[],
    keys: readonly string[],
    options: CallOptions,
  ): Promise<Match[]> {
    const found: Match[] = await this.byKeys(type, bodies, keys, options);
    await this.findHidden(type, bodies, found, keys, options);
    return found;
  }

  /** What was not found and yet stands in the way: a name that another attribute does not show, or whatever filters do not show at all. */
  private async findHidden(
    type: ScimType,
    bodies: readonly JsonObject[],
    found: Match[],
    keys: readonly string[],
    options: CallOptions,
  ): Promise<void> {
    const open = [...bodies.keys()].filter((index) => found[index]?.outcome === 'none');
    const bodyOf = (index: number): JsonObject => bodies[index] ?? {};
    const names = [USER_NAME, ...this.options.namesWithin];
    const isByName = keys.length === names.length && keys.every((key) => names.includes(key));
    const named = type !== 'user' || isByName ? [] : await this.byKeys(type, open.map(bodyOf), names, options);
    for (const [at, index] of open.entries()) {
      const holder = idOf(named[at]);
      if (holder !== undefined) found[index] = { outcome: 'hidden', id: holder, by: USER_NAME };
      const unseen = holder === undefined ? await this.blind.hiddenBy(type, bodyOf(index), keys, options) : undefined;
      if (unseen !== undefined) found[index] = { outcome: 'hidden', id: unseen.id, by: keys.join(', ') };
    }
  }

  private async byKeys(
    type: ScimType,
    bodies: readonly JsonObject[],
    keys: readonly string[],
    options: CallOptions,
  ): Promise<Resolution[]> {
    const wanted = bodies.map((body) => ({ body, keys: keysOf(keys, body) }));
    const found: Resolution[] = [];
    for (const portion of portions(wanted)) {
      const together =
        portion.length > 1 && this.takesAlternatives ? await this.together(type, portion, options) : null;
      found.push(...(together ?? (await this.oneByOne(type, portion, keys, options))));
    }
    return found;
  }

  /** Null when the answer cannot be trusted to be all: then each is looked up alone. */
  private async together(
    type: ScimType,
    portion: readonly Wanted[],
    { signal }: CallOptions,
  ): Promise<Resolution[] | null> {
    const filter = anyOf(portion.map(({ keys }) => keysFilter(keys ?? [])));
    const sent = portion.flatMap(({ keys }) => (keys ?? []).flatMap(({ values }) => [...values]));
    try {
      const label = `find existing ${type}s`;
      const most = portion.length * FOUND_PER_ENTITY;
      const answer = await this.options.reader.search(type, filter, most, { label, signal, sent });
      const isAll = (answer.totalResults ?? answer.resources.length) <= answer.entities.length;
      const isHonest = answer.entities.every(({ body }) => portion.some(({ keys }) => matchesKeys(body, keys ?? [])));
      if (!isAll || !isHonest) return null;
      return portion.map(({ keys }) => resolution(answer.entities.filter(({ body }) => matchesKeys(body, keys ?? []))));
    } catch (error) {
      if (!isConnectorError(error) || error.vendorCode !== 'invalidFilter') throw error;
      this.takesAlternatives = false;
      return null;
    }
  }

  private async oneByOne(
    type: ScimType,
    portion: readonly Wanted[],
    keys: readonly string[],
    options: CallOptions,
  ): Promise<Resolution[]> {
    const found: Resolution[] = [];
    for (const { body } of portion) found.push(await this.options.resolve(type, body, keys, options));
    return found;
  }
}

function keysOf(keys: readonly string[], body: JsonObject): readonly UniqueKey[] | undefined {
  const parsed = keys.map((key) => uniqueKey(key, body));
  const usable = parsed.filter((key) => key !== undefined && key.values.length > 0);
  return usable.length === keys.length && usable.length > 0 ? usable.filter((key) => key !== undefined) : undefined;
}

/** What one request looks for; an entity that cannot be looked for stands alone. */
function* portions(wanted: readonly Wanted[]): Generator<Wanted[]> {
  let portion: Wanted[] = [];
  let length = 0;
  for (const one of wanted) {
    const own = one.keys === undefined ? Infinity : encodeURIComponent(keysFilter(one.keys)).length;
    if (portion.length > 0 && (portion.length >= MAX_TOGETHER || length + own > MAX_FILTER_LENGTH)) {
      yield portion;
      [portion, length] = [[], 0];
    }
    portion.push(one);
    length += own;
  }
  if (portion.length > 0) yield portion;
}

function idOf(found: Resolution | undefined): string | undefined {
  if (found?.outcome === 'one') return found.entity.id;
  return found?.outcome === 'many' ? found.ids[0] : undefined;
}

function resolution(entities: readonly NativeEntity[]): Resolution {
  const [first] = entities;
  if (first === undefined) return { outcome: 'none' };
  const ids = [...new Set(entities.map(({ id }) => id))];
  return ids.length > 1 ? { outcome: 'many', ids } : { outcome: 'one', entity: first };
}
