import { describe, expect, it } from '@jest/globals';
import { CONTENT_BYTES, readContents, storeContents } from '../../state/logs/contents.js';
import type { ContentKey, NewContent } from '../../state/logs/contents.js';
import type { Sql } from '../../state/database.js';

/** Keeps what it is asked, and answers with nothing. */
function listener(asked: (params: readonly unknown[]) => void): Sql {
  return {
    query: (_text, params = []) => {
      asked(params);
      return Promise.resolve([]);
    },
  };
}

describe('contents of any size', () => {
  it.each([
    [10, 300],
    [400, 40],
    [3000, 20],
  ])(
    'TRC-9: of contents of %d KB each, %d of them in a batch, no more are sealed at a time than one statement takes',
    async (kilobytes, count) => {
      const size = kilobytes * 1024;
      let sealed = 0;
      let most = 0;
      const stored: number[] = [];
      const contents = Array.from({ length: count }, (_, entityNo): NewContent => {
        const seal = (): Buffer => {
          sealed += size;
          most = Math.max(most, sealed);
          return Buffer.alloc(size);
        };
        return { systemNo: 1, type: 1, result: 'created', entityNo, place: '', seal };
      });
      const sql = listener((params) => {
        const [, , , , entityNos = [], , bodies = []] = params as [...unknown[], number[], string[], Buffer[]];
        const bytes = (bodies as Buffer[]).reduce((sum, body) => sum + body.length, 0);
        expect(bytes).toBeLessThanOrEqual(Math.max(CONTENT_BYTES, size));
        // The next one is looked at before it is known that it has no room.
        sealed -= bytes;
        expect(sealed).toBeLessThanOrEqual(size);
        stored.push(...(entityNos as number[]));
      });
      await storeContents(sql, '1', contents);
      expect(stored).toEqual(contents.map(({ entityNo }) => entityNo));
      expect(most).toBeLessThanOrEqual(CONTENT_BYTES + 2 * size);
    },
  );

  it('TRC-9: without any nothing is asked of the database', async () => {
    const refuse = listener(() => {
      throw new Error('asked');
    });
    await storeContents(refuse, '1', []);
    for await (const few of readContents(refuse, '1', 'created', [{ content: null }, { content: null }]))
      expect(few.map(({ sealed }) => sealed)).toEqual([null, null]);
  });

  it('DWN-3, TRC-9: a download reads as few at a time, and every record once', async () => {
    const asked: number[] = [];
    const sql = listener((params) => asked.push((params[4] as number[]).length, (params[5] as number[]).length));
    const key = (entityNo: number): ContentKey => ({ systemNo: 1, type: 1, entityNo, place: '', bytes: 400 * 1024 });
    const records = Array.from({ length: 7 }, (_, no) => ({ no, content: no === 3 ? null : key(no) }));
    const read: number[] = [];
    for await (const few of readContents(sql, '1', 'created', records))
      read.push(...few.map(({ record }) => record.no));
    expect(read).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(Math.max(...asked)).toBe(2);
  });
});
