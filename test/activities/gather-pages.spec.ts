import { describe, expect, it } from '@jest/globals';
import type { Cursor, Page } from '../../connectors/contract.js';
import { gatherPages } from '../../activities/intake/gather-pages.js';

const items = (page: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ type: 'user' as const, id: `${page}-${n}`, body: {} }));

/** Page `number` of `last`, with so many entities and bytes. */
function page(number: number, last: number, count = 400, sizeBytes?: number): Page {
  return {
    items: items(number, count),
    failures: number === 1 ? [{ message: 'one entity is unreadable' }] : [],
    tombstones: number === 2 ? [{ id: 'gone' }] : [],
    next: number === last ? null : { v: 1, page: number + 1 },
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(number === last && { watermark: { v: 1, at: number } }),
  };
}

function pagesOf(last: number, count: number, sizeBytes?: number) {
  const asked: number[] = [];
  const read = async (cursor: Cursor): Promise<Page> => {
    const number = Number(cursor['page']);
    asked.push(number);
    return page(number, last, count, sizeBytes);
  };
  return { first: page(0, last, count, sizeBytes), read, asked };
}

describe('CONN-LDAP-24: pages of a read over one connection are stored together', () => {
  it('until there are a thousand entities', async () => {
    const { first, read, asked } = pagesOf(9, 400, 1_000);
    const gathered = await gatherPages(first, read);
    expect([asked, gathered.page.items.length, gathered.page.sizeBytes]).toEqual([[1, 2], 1_200, 3_000]);
    expect(gathered).toMatchObject({ page: { next: { page: 3 }, tombstones: [{ id: 'gone' }] } });
    expect(gathered.page.failures).toHaveLength(1);
    expect(gathered.page.watermark).toBeUndefined();
  });

  it('until the end, whose mark they keep', async () => {
    const { first, read } = pagesOf(1, 3, 1_000);
    expect((await gatherPages(first, read)).page).toMatchObject({ next: null, watermark: { at: 1 } });
  });

  it.each([
    ['large answers', 1_500_000, [1]],
    ['answers whose size nobody knows', undefined, []],
  ])('%s are not gathered for long', async (_what, sizeBytes, wanted) => {
    const { first, read, asked } = pagesOf(9, 5, sizeBytes);
    await gatherPages(first, read);
    expect(asked).toEqual(wanted);
  });

  it('ORD-8: what was read before a failure is there to be stored, and the failure is told', async () => {
    const { first, read } = pagesOf(9, 5, 1_000);
    const error = new Error('the server is gone');
    const gathered = await gatherPages(first, (cursor) =>
      cursor['page'] === 3 ? Promise.reject(error) : read(cursor),
    );
    expect(gathered.page.items).toHaveLength(15);
    expect(gathered.failure).toEqual({ error });
  });
});
