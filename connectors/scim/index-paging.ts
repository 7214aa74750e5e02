import { createHash } from 'node:crypto';
import type { Cursor, Page } from '../contract.js';

/** Position in a read by index (CONN-SCIM-20 ff.). Holds hashes of identifiers, never identifiers. */
export interface IndexPosition {
  /** 1-based. */
  readonly startIndex: number;
  readonly countEntities: number;
  readonly pages: number;
  /** Total of the first page. */
  readonly firstTotal?: number;
  /** Hash of the first identifier of the previous page. */
  readonly previousFirst?: string;
  /** Hash of all identifiers of the previous page. */
  readonly previousAll?: string;
  /** Mark captured with the first page, ISO 8601 UTC. */
  readonly mark?: string;
}

/** No list has more pages than this; a server that goes on grows its total with every page. */
const MAX_PAGES = 100_000;

/** The position as the engine stores it. */
export function toCursor(position: IndexPosition): Cursor {
  const {
    startIndex: i,
    countEntities: n,
    pages: p,
    firstTotal: t,
    previousFirst: f,
    previousAll: h,
    mark: m,
  } = position;
  return {
    v: 1,
    i,
    n,
    p,
    ...(t === undefined ? {} : { t }),
    ...(f === undefined ? {} : { f }),
    ...(h === undefined ? {} : { h }),
    ...(m === undefined ? {} : { m }),
  };
}

/** The inverse of {@link toCursor}; undefined for a cursor that this version did not write. */
export function fromCursor(cursor: Cursor): IndexPosition | undefined {
  const { v, i, n, p, t, f, h, m } = cursor;
  if (v !== 1 || typeof i !== 'number' || typeof n !== 'number' || typeof p !== 'number') return undefined;
  return {
    startIndex: i,
    countEntities: n,
    pages: p,
    ...(typeof t === 'number' ? { firstTotal: t } : {}),
    ...(typeof f === 'string' ? { previousFirst: f } : {}),
    ...(typeof h === 'string' ? { previousAll: h } : {}),
    ...(typeof m === 'string' ? { mark: m } : {}),
  };
}

/** What one page says. */
export interface PageFacts {
  readonly returned: number;
  readonly requested: number;
  readonly totalResults: number | undefined;
  readonly itemsPerPage: number | undefined;
  /** Identifiers in the order of the page; entities without one are left out. */
  readonly ids: readonly string[];
}

/** Where the read goes on, or why it cannot. */
export type NextStep =
  | { readonly kind: 'next'; readonly position: IndexPosition; readonly drift?: NonNullable<Page['drift']> }
  | { readonly kind: 'end'; readonly drift?: NonNullable<Page['drift']> }
  | { readonly kind: 'broken'; readonly reason: string };

/** Decides after each page (CONN-SCIM-20 to CONN-SCIM-23). Pure. */
export function nextStep(
  position: IndexPosition,
  facts: PageFacts,
  rules: { readonly total: 'exact' | 'estimate'; readonly advanceByItemsPerPage: boolean },
): NextStep {
  const first = facts.ids[0];
  const firstHash = first === undefined ? undefined : hash([first]);
  const allHash = facts.ids.length === 0 ? undefined : hash(facts.ids);
  if (firstHash !== undefined && (firstHash === position.previousFirst || allHash === position.previousAll)) {
    return { kind: 'broken', reason: 'server does not page: two pages in a row begin with the same entity' };
  }
  if (position.pages + 1 >= MAX_PAGES)
    return { kind: 'broken', reason: `the list does not end after ${MAX_PAGES} pages` };
  const drift = rules.total === 'exact' ? driftOf(position.firstTotal, facts.totalResults) : undefined;
  const step = advance(facts, rules.advanceByItemsPerPage);
  const startIndex = position.startIndex + step;
  if (isEnd(facts, step, startIndex)) {
    // The server promised more than it gave: nothing that was not seen counts as gone.
    const shortened = rules.total === 'exact' && step === 0 && (facts.totalResults ?? 0) >= position.startIndex;
    return withDrift({ kind: 'end' }, drift ?? (shortened ? 'total-shrank' : undefined));
  }
  const total = position.firstTotal ?? facts.totalResults;
  const next: IndexPosition = {
    startIndex,
    countEntities: position.countEntities,
    pages: position.pages + 1,
    ...(total === undefined ? {} : { firstTotal: total }),
    ...(firstHash === undefined ? {} : { previousFirst: firstHash }),
    ...(allHash === undefined ? {} : { previousAll: allHash }),
    ...(position.mark === undefined ? {} : { mark: position.mark }),
  };
  return withDrift({ kind: 'next', position: next }, drift);
}

function advance(facts: PageFacts, byItemsPerPage: boolean): number {
  const { returned, itemsPerPage = 0 } = facts;
  if (byItemsPerPage && itemsPerPage > 0) return itemsPerPage;
  // What was returned counts, not what is claimed: a capped page must not make us skip anybody.
  return returned > 0 ? returned : facts.totalResults === undefined ? 0 : itemsPerPage;
}

function isEnd(facts: PageFacts, step: number, nextStartIndex: number): boolean {
  if (step === 0) return true;
  if (facts.totalResults !== undefined) return nextStartIndex > facts.totalResults;
  return facts.returned < facts.requested;
}

function driftOf(first: number | undefined, now: number | undefined): Page['drift'] {
  if (first === undefined || now === undefined || first === now) return undefined;
  return now < first ? 'total-shrank' : 'total-grew';
}

function withDrift<T extends NextStep>(step: T, drift: Page['drift']): T | (T & { drift: NonNullable<Page['drift']> }) {
  return drift === undefined ? step : { ...step, drift };
}

function hash(ids: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(ids)).digest('base64url').slice(0, 22);
}
