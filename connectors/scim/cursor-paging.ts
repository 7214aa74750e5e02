import type { Cursor } from '../contract.js';

/** Position in a read by cursors of the server (RFC 9865, CONN-SCIM-24). */
export interface CursorPosition {
  /** Given by the server, opaque; undefined for the first page. */
  readonly cursor: string | undefined;
  readonly countEntities: number;
  readonly pages: number;
  /** Mark captured with the first page, ISO 8601 UTC. */
  readonly mark?: string;
}

/** Longer ones would not fit into a stored position (CONN-CORE-09). */
const MAX_CURSOR_LENGTH = 6_000;
/** A server that gives cursors for ever. */
const MAX_PAGES = 100_000;

/** The position as the engine stores it. */
export function toCursor({ cursor: c, countEntities: n, pages: p, mark: m }: CursorPosition): Cursor {
  return { v: 2, n, p, ...(c === undefined ? {} : { c }), ...(m === undefined ? {} : { m }) };
}

/** The inverse of {@link toCursor}; undefined for a position of another kind. */
export function fromCursor({ v, n, p, c, m }: Cursor): CursorPosition | undefined {
  if (v !== 2 || typeof n !== 'number' || typeof p !== 'number' || typeof c !== 'string') return undefined;
  return { cursor: c, countEntities: n, pages: p, ...(typeof m === 'string' ? { mark: m } : {}) };
}

/** Where the read goes on, or why it cannot. */
export type NextCursorStep =
  | { readonly kind: 'next'; readonly position: CursorPosition }
  | { readonly kind: 'end' }
  | { readonly kind: 'broken'; readonly reason: string };

/** Decides after each page. Pure. */
export function nextCursorStep(position: CursorPosition, nextCursor: string | undefined): NextCursorStep {
  if (nextCursor === undefined || nextCursor === '') return { kind: 'end' };
  if (nextCursor === position.cursor) return { kind: 'broken', reason: 'the server gives the same cursor again' };
  if (nextCursor.length > MAX_CURSOR_LENGTH) return { kind: 'broken', reason: 'the cursor of the server is too long' };
  if (position.pages + 1 >= MAX_PAGES)
    return { kind: 'broken', reason: `the list does not end after ${MAX_PAGES} pages` };
  return { kind: 'next', position: { ...position, cursor: nextCursor, pages: position.pages + 1 } };
}
