import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shapeOf, unitsOf, withoutRemovals } from '../../../core/plan/classify.js';
import type { JsonObject } from '../../../core/json.js';

function team(...ids: string[]): JsonObject {
  return { displayName: 'Team', members: ids.map((value) => ({ value })) };
}

describe('what a change is', () => {
  it('PLN-1, GOV-1: active from true to false disables, whatever else changes; false to false does not', () => {
    expect(shapeOf({ active: true, title: 'a' }, { active: false, title: 'b' })).toMatchObject({
      verb: 'disable',
      attributes: ['active', 'title'],
    });
    expect(shapeOf({ active: false, title: 'a' }, { active: false, title: 'b' }).verb).toBe('update');
    expect(shapeOf({ active: false }, { active: true }).verb).toBe('update');
    expect(shapeOf(null, { active: false }).verb).toBe('disable');
  });

  it('PLN-1: a group whose members change adds or removes members; order and spelling of the list do not count', () => {
    expect(shapeOf(team('a', 'b'), team('b', 'a')).attributes).toEqual([]);
    expect(shapeOf(team('a'), team('a', 'b'))).toMatchObject({ verb: 'addMember', added: 1, removed: 0 });
    expect(shapeOf(team('a', 'b'), team('c'))).toMatchObject({ verb: 'removeMember', added: 1, removed: 2 });
    expect(shapeOf(team('a'), { displayName: 'Other', members: [] })).toMatchObject({ verb: 'update', removed: 1 });
  });

  it('GOV-1: members count one by one, a disable is no update too, and named attributes count on their own', () => {
    expect(Object.fromEntries(unitsOf(shapeOf(team('a', 'b'), team('c')), []))).toEqual({
      addMember: 1,
      removeMember: 2,
    });
    const shape = shapeOf({ active: true, manager: 'x' }, { active: false, manager: 'y' });
    expect(Object.fromEntries(unitsOf(shape, ['manager', 'title']))).toEqual({ disable: 1, 'attribute:manager': 1 });
  });

  it('GOV-4, GOV-6: what is left of a group whose removals wait has every old and every new member, and the new attributes', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(ids, ids, (before, after) => {
        const rest = withoutRemovals(team(...before), { ...team(...after), displayName: 'Renamed' });
        const shape = shapeOf(team(...before), rest ?? {});
        expect(shape.removed).toBe(0);
        expect(shape.added).toBe(after.filter((id) => !before.includes(id)).length);
        expect(rest?.['displayName']).toBe('Renamed');
      }),
    );
    expect(withoutRemovals(team('a', 'b'), team('a'))).toBeNull();
  });
});
