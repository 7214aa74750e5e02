import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChangeShare } from '../../activities/intake/change-share.js';
import type { Sql } from '../../state/database.js';

/** A source with so many entities; counts to the limit that is asked for, and remembers it. */
function source(entities: number): { sql: Sql; limits: number[] } {
  const limits: number[] = [];
  const query = (_text: string, params: readonly unknown[] = []): Promise<never[]> => {
    const limit = Number(params[2]);
    limits.push(limit);
    return Promise.resolve([{ count: Math.min(entities, limit) }] as never[]);
  };
  return { sql: { query }, limits };
}

describe('RDM-13: the share of changes', () => {
  it('RDM-13: whatever the pages bring, the answer is that of a count of the whole source', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5_000 }),
        fc.integer({ min: 1, max: 99 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }),
        async (entities, percent, pages) => {
          const share = new ChangeShare(source(entities).sql, 1, { percent, upToNo: 1 });
          let changes = 0;
          for (const page of pages) {
            changes += page;
            expect(await share.isExceededBy(changes)).toBe(changes > Math.floor((entities * percent) / 100));
          }
        },
      ),
    );
  });

  it('RDM-13: a thousand changes among a million entities cost ten looks at a few thousand of them', async () => {
    const { sql, limits } = source(1_000_000);
    const share = new ChangeShare(sql, 1, { percent: 50, upToNo: 1 });
    for (let changes = 100; changes <= 1_000; changes += 100) expect(await share.isExceededBy(changes)).toBe(false);
    expect(limits.length).toBeLessThanOrEqual(4);
    expect(Math.max(...limits)).toBeLessThanOrEqual(4_002);
  });
});
