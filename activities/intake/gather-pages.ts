import type { Cursor, Page } from '../../connectors/contract.js';

/** What is stored together at most. */
const GATHERED_ENTITIES = 1_000;
const GATHERED_BYTES = 2 * 1024 * 1024;

/** Pages as one, and what has ended the reading of the next one. */
export interface GatheredPages {
  readonly page: Page;
  readonly failure?: { readonly error: unknown };
}

/**
 * Reads on until there is enough for one transaction (ADR 0056). For reads whose position ends with the connection only: they begin again from the
 * start when they are interrupted, so a page that is stored by itself saves nothing. What was read before a failure is stored before it is told.
 */
export async function gatherPages(first: Page, read: (cursor: Cursor) => Promise<Page>): Promise<GatheredPages> {
  const pages = [first];
  let last = first;
  while (last.next !== null && isRoomLeft(pages)) {
    try {
      last = await read(last.next);
    } catch (error) {
      return { page: joined(pages), failure: { error } };
    }
    pages.push(last);
  }
  return { page: joined(pages) };
}

function isRoomLeft(pages: readonly Page[]): boolean {
  const entities = pages.reduce((sum, { items }) => sum + items.length, 0);
  return entities < GATHERED_ENTITIES && bytesOf(pages) < GATHERED_BYTES;
}

/** Infinite where a connector does not tell. */
function bytesOf(pages: readonly Page[]): number {
  return pages.reduce((sum, { sizeBytes = Infinity }) => sum + sizeBytes, 0);
}

/** What only the last page says, its position and the mark, is that of all. */
function joined(pages: readonly Page[]): Page {
  if (pages.length === 1 && pages[0] !== undefined) return pages[0];
  return {
    ...pages.reduce((before, page) => ({ ...before, ...page })),
    items: pages.flatMap(({ items }) => items),
    failures: pages.flatMap(({ failures }) => failures),
    tombstones: pages.flatMap(({ tombstones }) => tombstones),
    sizeBytes: bytesOf(pages),
  };
}
