import type { Sql } from '../database.js';
import { failurePlace, storeContents, UNREAD } from '../logs/contents.js';
import type { NewContent, SealContent } from '../logs/contents.js';

/** What an entity of a page contained that was skipped, or could not be read (TRC-9). */
export type PageContent = { readonly seal: SealContent } &
  /** `entityNo` null: it gets its number with this page. */
  (
    | { readonly result: 'skipped'; readonly sourceKey: string; readonly entityNo: number | null }
    /** `position` among the failures of the page, from 1 on. */
    | { readonly result: 'failed'; readonly position: number }
  );

/** Which page it is. */
interface PagePlace {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly type: number;
  readonly epoch: number;
  readonly pageNo: number;
}

/**
 * Stores the contents of a page, in its transaction.
 *
 * @param numbers of the entities that the page has brought, by source key
 */
export async function storePageContents(
  sql: Sql,
  page: PagePlace,
  contents: readonly PageContent[],
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  await storeContents(sql, page.runKey, contentsOf(page, contents, numbers));
}

function* contentsOf(
  { sourceNo: systemNo, type, epoch, pageNo }: PagePlace,
  contents: readonly PageContent[],
  numbers: ReadonlyMap<string, number>,
): Generator<NewContent> {
  for (const one of contents) {
    const { result, seal } = one;
    const found = one.result === 'failed' ? UNREAD : (one.entityNo ?? numbers.get(one.sourceKey));
    if (found === undefined) continue;
    const place = one.result === 'failed' ? failurePlace(epoch, pageNo, one.position) : '';
    yield { systemNo, type, result, entityNo: found, place, seal };
  }
}
