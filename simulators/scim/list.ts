import type { JsonObject } from '../../core/json.js';
import { parseAttributePath, project, valuesAt } from './attributes.js';
import type { ScimDialect } from './dialects.js';
import { equalityHints, isEqualityOnly, matchesFilter } from './filter-match.js';
import { modifiedCheck } from './filter-time.js';
import { parseFilter, type FilterNode } from './filter-parser.js';
import type { HiddenEntities } from './hidden-entities.js';
import { LIST_SCHEMA, ScimProblem, type ScimResourceType } from './scim-model.js';
import type { StoreEntry } from './store-entry.js';
import type { ScimStore } from './store.js';

/** A list request after parsing (RFC 7644 §3.4.2). */
export interface ListQuery {
  readonly filter?: string;
  readonly sortBy?: string;
  readonly isDescending: boolean;
  readonly startIndex: number;
  readonly count?: number;
  readonly cursor?: string;
  readonly attributes: readonly string[];
  readonly excluded: readonly string[];
}

/** One page before it is written: the resources as JSON, so that faults can still change them. */
export interface ListPage {
  resources: Buffer[];
  total: number;
  startIndex: number;
  itemsPerPage: number;
  nextCursor?: string;
}

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

/** Parses the query of a list; throws 400 for numbers that are none. */
export function parseListQuery(parameters: URLSearchParams): ListQuery {
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined;
  const names = (name: string): string[] =>
    (text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const filter = text('filter');
  const sortBy = text('sortBy');
  const count = integer('count', text('count'));
  const cursor = text('cursor');
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(sortBy === undefined ? {} : { sortBy }),
    isDescending: text('sortOrder')?.toLowerCase() === 'descending',
    startIndex: Math.max(1, integer('startIndex', text('startIndex')) ?? 1),
    ...(count === undefined ? {} : { count: Math.max(0, count) }),
    ...(cursor === undefined ? {} : { cursor }),
    attributes: names('attributes'),
    excluded: names('excludedAttributes'),
  };
}

function integer(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw new ScimProblem(400, `${name} must be a whole number`, 'invalidValue');
  return Number(text);
}

/** Reads lists from a store in the manner of a dialect. */
export class Lister {
  readonly #store: ScimStore;
  readonly #dialect: ScimDialect;
  /** The last selection of each type: the pages of one read ask for the same again and again. */
  readonly #selections = new Map<
    ScimResourceType,
    { name: string; revision: number; entries: readonly StoreEntry[] }
  >();

  readonly #hidden: HiddenEntities;

  constructor(store: ScimStore, dialect: ScimDialect, hidden: HiddenEntities) {
    this.#store = store;
    this.#dialect = dialect;
    this.#hidden = hidden;
  }

  page(type: ScimResourceType, query: ListQuery): ListPage {
    const entries = this.#hidden.visible(type, this.#select(type, query));
    const wanted = query.count ?? this.#dialect.defaultPageEntities;
    const size = Math.min(wanted, this.#dialect.maxPageEntities);
    const first = this.#firstIndex(query, entries);
    const resources = entries.slice(first, first + size).map((entry) => this.#json(entry, query));
    const page: ListPage = {
      resources,
      total: this.#dialect.totalResults === 'page-size' ? resources.length : entries.length,
      startIndex: query.startIndex,
      itemsPerPage: this.#dialect.echoesRequestedCount ? wanted : resources.length,
    };
    const last = entries[first + size - 1];
    if (this.#dialect.paging === 'cursor' && last !== undefined && first + size < entries.length) {
      page.nextCursor = Buffer.from(JSON.stringify([first + size, last.id])).toString('base64url');
    }
    return page;
  }

  /** The body of the answer. */
  render(page: ListPage): Buffer {
    const { totalResults, paging, resourcesKey } = this.#dialect;
    const total = totalResults === 'absent' ? '' : `"totalResults":${page.total},`;
    const position =
      paging === 'index'
        ? `"startIndex":${page.startIndex},`
        : page.nextCursor === undefined
          ? ''
          : `"nextCursor":"${page.nextCursor}",`;
    const head = `{"schemas":["${LIST_SCHEMA}"],${total}${position}"itemsPerPage":${page.itemsPerPage},"${resourcesKey}":[`;
    const parts: Buffer[] = [Buffer.from(head)];
    for (const [place, resource] of page.resources.entries()) {
      if (place > 0) parts.push(COMMA);
      parts.push(resource);
    }
    parts.push(END);
    return Buffer.concat(parts);
  }

  #json(entry: StoreEntry, query: ListQuery): Buffer {
    if (query.attributes.length === 0 && query.excluded.length === 0) return this.#store.jsonOf(entry);
    return Buffer.from(JSON.stringify(project(this.#store.resourceOf(entry), query.attributes, query.excluded)));
  }

  #firstIndex(query: ListQuery, entries: readonly StoreEntry[]): number {
    if (this.#dialect.paging === 'index') return this.#dialect.honoursStartIndex ? query.startIndex - 1 : 0;
    if (query.cursor === undefined || query.cursor === '') return 0;
    // The cursor names the last entity delivered, so that changes before it shift nothing; its place is only a guess.
    const [place, id] = decodeCursor(query.cursor);
    if (entries[place - 1]?.id === id) return place;
    const found = entries.findIndex((entry) => entry.id === id);
    if (found < 0) throw new ScimProblem(400, 'the cursor has expired', 'expiredCursor');
    return found + 1;
  }

  #select(type: ScimResourceType, query: ListQuery): readonly StoreEntry[] {
    if (query.filter === undefined && query.sortBy === undefined) return this.#store.entries(type);
    const name = JSON.stringify([query.filter, query.sortBy, query.isDescending]);
    const known = this.#selections.get(type);
    if (known?.name === name && known.revision === this.#store.revision) return known.entries;
    const entries = this.#sorted(
      query.filter === undefined ? this.#store.entries(type) : this.#filtered(type, query.filter),
      query,
    );
    this.#selections.set(type, { name, revision: this.#store.revision, entries });
    return entries;
  }

  #filtered(type: ScimResourceType, text: string): readonly StoreEntry[] {
    const filter = this.#checkedFilter(text);
    if (this.#dialect.hidesOnFilter) return [];
    const isModified = modifiedCheck(filter, this.#dialect);
    if (isModified !== undefined) return this.#store.entries(type).filter(isModified);
    let candidates = this.#store.entries(type);
    for (const hint of equalityHints(filter)) {
      const found = this.#store.lookup(type, hint.attribute, hint.value);
      if (found !== undefined && found.length < candidates.length) candidates = found;
    }
    if (isFoundByIndex(filter, this.#store, type)) return candidates;
    return candidates.filter((entry) => matchesFilter(this.#store.resourceOf(entry), filter));
  }

  #checkedFilter(text: string): FilterNode {
    if (this.#dialect.filter === 'none') throw new ScimProblem(400, 'filters are not supported', 'invalidFilter');
    const filter = parseFilter(text);
    if (this.#dialect.filter === 'eq-only' && !isEqualityOnly(filter)) {
      throw new ScimProblem(400, 'only eq and and are supported in filters', 'invalidFilter');
    }
    return filter;
  }

  #sorted(entries: readonly StoreEntry[], query: ListQuery): readonly StoreEntry[] {
    if (query.sortBy === undefined || !this.#dialect.sort) return entries;
    const path = parseAttributePath(query.sortBy);
    const keyed = entries.map((entry) => ({ entry, key: sortKey(valuesAt(this.#store.resourceOf(entry), path)) }));
    const sign = query.isDescending ? -1 : 1;
    keyed.sort((left, right) => sign * (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
    return keyed.map(({ entry }) => entry);
  }
}

/** A single `eq` on an indexed attribute: what the index gave needs no further look. */
function isFoundByIndex(filter: FilterNode, store: ScimStore, type: ScimResourceType): boolean {
  if (filter.kind !== 'compare') return false;
  const hint = equalityHints(filter).next();
  return hint.done !== true && store.lookup(type, hint.value.attribute, hint.value.value) !== undefined;
}

function sortKey(values: readonly JsonObject[string][]): string {
  const first = values[0];
  return typeof first === 'string' ? first.toLowerCase() : first === undefined ? '' : JSON.stringify(first);
}

function decodeCursor(text: string): [place: number, id: string] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(parsed) && typeof parsed[0] === 'number' && typeof parsed[1] === 'string')
      return [parsed[0], parsed[1]];
  } catch {
    // The same answer as for any other text that is no cursor of ours.
  }
  throw new ScimProblem(400, 'this is no cursor of this server', 'invalidCursor');
}
