import { describe, expect, it } from '@jest/globals';
import {
  fromCursor,
  nextStep,
  toCursor,
  type IndexPosition,
  type PageFacts,
} from '../../../connectors/scim/index-paging.js';

const exact = { total: 'exact', advanceByItemsPerPage: false } as const;
const start: IndexPosition = { startIndex: 1, countEntities: 10, pages: 0, mark: 'M' };
const ids = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => `id${from + n}`);
const page = (returned: number, changes: Partial<PageFacts> = {}, from = 1): PageFacts => ({
  returned,
  requested: 10,
  totalResults: 25,
  itemsPerPage: returned,
  ids: ids(from, returned),
  ...changes,
});

describe('nextStep', () => {
  it('CONN-SCIM-20: goes on by what was returned, not by what is claimed', () => {
    const step = nextStep(start, page(7, { itemsPerPage: 10 }), exact);
    expect(step).toMatchObject({ kind: 'next', position: { startIndex: 8, pages: 1, firstTotal: 25, mark: 'M' } });
  });

  it('CONN-SCIM-20 a: an empty page although more is promised goes on by itemsPerPage', () => {
    expect(nextStep(start, page(0, { itemsPerPage: 10 }), exact)).toMatchObject({
      kind: 'next',
      position: { startIndex: 11 },
    });
  });

  it('CONN-SCIM-20 b: a server that filters after cutting goes on by itemsPerPage always', () => {
    const rules = { total: 'estimate', advanceByItemsPerPage: true } as const;
    expect(nextStep(start, page(3, { itemsPerPage: 10 }), rules)).toMatchObject({ position: { startIndex: 11 } });
  });

  it('CONN-SCIM-21: the end is beyond the total, an empty page, or a short page without total', () => {
    const last: IndexPosition = { ...start, startIndex: 21, firstTotal: 25 };
    expect(nextStep(last, page(5, {}, 21), exact)).toEqual({ kind: 'end' });
    expect(nextStep(last, page(4, {}, 21), exact)).toMatchObject({ kind: 'next', position: { startIndex: 25 } });
    expect(nextStep(start, page(9, { totalResults: undefined }), exact)).toEqual({ kind: 'end' });
    expect(nextStep(start, page(10, { totalResults: undefined }), exact)).toMatchObject({ kind: 'next' });
    expect(nextStep(start, page(0, { totalResults: undefined, itemsPerPage: 10 }), exact)).toEqual({ kind: 'end' });
    expect(nextStep(start, page(0, { totalResults: 0 }), exact)).toEqual({ kind: 'end' });
  });

  it('CONN-CORE-22: an end before the promised total is drift', () => {
    const step = nextStep({ ...start, startIndex: 11, firstTotal: 25 }, page(0, { itemsPerPage: 0 }), exact);
    expect(step).toEqual({ kind: 'end', drift: 'total-shrank' });
  });

  it('CONN-SCIM-23: a server that returns everything at once is accepted', () => {
    expect(nextStep(start, page(25), exact)).toEqual({ kind: 'end' });
  });

  it('CONN-CORE-24: a total that differs from the first page’s is drift, unless totals are estimates', () => {
    const second: IndexPosition = { ...start, startIndex: 11, firstTotal: 25 };
    expect(nextStep(second, page(10, { totalResults: 24 }, 11), exact)).toMatchObject({ drift: 'total-shrank' });
    expect(nextStep(second, page(10, { totalResults: 26 }, 11), exact)).toMatchObject({ drift: 'total-grew' });
    const estimate = { total: 'estimate', advanceByItemsPerPage: false } as const;
    expect(nextStep(second, page(10, { totalResults: 24 }, 11), estimate)).not.toHaveProperty('drift');
  });

  it('CONN-SCIM-22: the same first entity twice in a row means that the server does not page', () => {
    const first = nextStep(start, page(10), exact);
    if (first.kind !== 'next') throw new Error('expected a next page');
    expect(nextStep(first.position, page(10), exact)).toMatchObject({ kind: 'broken' });
    expect(nextStep(first.position, page(10, {}, 11), exact)).toMatchObject({ kind: 'next' });
  });

  it('a list that never ends is given up', () => {
    const far: IndexPosition = { ...start, pages: 99_999, startIndex: 999_991 };
    expect(nextStep(far, page(10, { totalResults: 9_999_999 }, 5), exact)).toMatchObject({ kind: 'broken' });
  });

  it('CONN-CORE-09: the cursor is small, versioned, holds no identifiers, and comes back as it was', () => {
    const step = nextStep(start, page(10), exact);
    if (step.kind !== 'next') throw new Error('expected a next page');
    const cursor = toCursor(step.position);
    expect(fromCursor(JSON.parse(JSON.stringify(cursor)) as typeof cursor)).toEqual(step.position);
    expect(JSON.stringify(cursor)).not.toContain('id1');
    expect(JSON.stringify(cursor).length).toBeLessThan(300);
    expect(fromCursor({ ...cursor, v: 2 })).toBeUndefined();
    expect(fromCursor({ v: 1 })).toBeUndefined();
  });
});
