import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { PagesAhead } from '../../activities/intake/pages-ahead.js';

interface TestPage {
  readonly page: { readonly next: { readonly no: number } | null };
  readonly no: number;
  readonly failure?: { readonly error: unknown };
}

/** A source of so many pages that counts what it was asked for. */
function source(pages: number, failsAt = Infinity) {
  const asked: number[] = [];
  const fetch = async (cursor: object | null): Promise<TestPage> => {
    const no = cursor !== null && 'no' in cursor ? Number(cursor.no) : 0;
    asked.push(no);
    await setImmediate();
    if (no === failsAt) throw new Error(`page ${no} is lost`);
    return { no, page: { next: no + 1 < pages ? { no: no + 1 } : null } };
  };
  return { asked, fetch };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

const never = (): boolean => false;

describe('pages read ahead', () => {
  it('come in order, the last one at the border, each asked for once', async () => {
    const { asked, fetch } = source(5);
    const ahead = new PagesAhead(null, fetch, never);
    const taken: [number, boolean][] = [];
    do {
      const { read, isAtBorder } = await ahead.take();
      taken.push([read.no, isAtBorder]);
    } while (taken.at(-1)?.[1] === false);
    expect(taken).toEqual([
      [0, false],
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ]);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
  });

  it('two at most beyond the one that is being stored, so that memory stays flat', async () => {
    const { asked, fetch } = source(50);
    const ahead = new PagesAhead(null, fetch, never);
    await ahead.take();
    await settle();
    expect(asked).toEqual([0, 1, 2]);
    await ahead.take();
    await settle();
    expect(asked).toEqual([0, 1, 2, 3]);
    await ahead.abandon();
  });

  it('a page that is lost is told when those before it were taken', async () => {
    const { fetch } = source(5, 2);
    const ahead = new PagesAhead(null, fetch, never);
    await settle();
    expect((await ahead.take()).read.no).toBe(0);
    expect((await ahead.take()).read.no).toBe(1);
    await expect(ahead.take()).rejects.toThrow('page 2 is lost');
  });

  it('a chunk that has had enough ends with the page that has come, and asks for no other', async () => {
    const { asked, fetch } = source(50);
    let isOver = false;
    const ahead = new PagesAhead(null, fetch, () => isOver);
    await ahead.take();
    await settle();
    isOver = true;
    const borders = [await ahead.take(), await ahead.take(), await ahead.take()].map(({ isAtBorder }) => isAtBorder);
    expect(borders).toEqual([false, false, true]);
    await settle();
    expect(asked).toEqual([0, 1, 2, 3]);
  });

  it('abandoned, it waits for the answer that is under way and asks for no other', async () => {
    const { asked, fetch } = source(50);
    const ahead = new PagesAhead(null, fetch, never);
    await ahead.take();
    await ahead.abandon();
    const before = [...asked];
    await settle();
    expect(asked).toEqual(before);
  });

  it('what gathered pages have failed with is at the border', async () => {
    const failure = { error: new Error('cut') };
    const ahead = new PagesAhead(null, () => Promise.resolve({ no: 0, page: { next: { no: 1 } }, failure }), never);
    expect(await ahead.take()).toMatchObject({ isAtBorder: true, read: { failure } });
  });
});
