import type { Cursor } from '../../connectors/contract.js';
import type { ReadPage } from './read-page.js';

/** What is stored together at most. */
const GATHERED_ENTITIES = 1_000;
const GATHERED_BYTES = 2 * 1024 * 1024;

/** Pages as one, and what has ended the reading of the next one. */
export interface GatheredPages extends ReadPage {
  readonly failure?: { readonly error: unknown };
}

/**
 * Reads on until there is enough for one transaction (ADR 0056). For reads whose position ends with the connection only: they begin again from the
 * start when they are interrupted, so a page that is stored by itself saves nothing. What was read before a failure is stored before it is told.
 */
export async function gatherPages(
  first: ReadPage,
  read: (cursor: Cursor) => Promise<ReadPage>,
): Promise<GatheredPages> {
  let gathered = first;
  while (gathered.page.next !== null && isRoomLeft(gathered)) {
    let more: ReadPage;
    try {
      more = await read(gathered.page.next);
    } catch (error) {
      return { ...gathered, failure: { error } };
    }
    gathered = joined(gathered, more);
  }
  return gathered;
}

function isRoomLeft({ page }: ReadPage): boolean {
  return page.items.length < GATHERED_ENTITIES && page.sizeBytes !== undefined && page.sizeBytes < GATHERED_BYTES;
}

/** The number drawn before the first of them was asked for: a newer answer of somebody else wins over all of them. */
function joined({ page: before, readSeq }: ReadPage, { page }: ReadPage): ReadPage {
  const { sizeBytes } = page;
  return {
    readSeq,
    page: {
      ...before,
      ...page,
      items: [...before.items, ...page.items],
      failures: [...before.failures, ...page.failures],
      tombstones: [...before.tombstones, ...page.tombstones],
      ...(sizeBytes !== undefined && { sizeBytes: sizeBytes + (before.sizeBytes ?? 0) }),
    },
  };
}
