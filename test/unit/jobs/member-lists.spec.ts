import { describe, expect, it } from '@jest/globals';
import { withUnknownMembers } from '../../../connectors/scim/member-lists.js';
import type { ShownMembers } from '../../../connectors/scim/member-lists.js';

describe('UNK-5: a group without a member list', () => {
  const NOT_SHOWN = 'notShown';
  it.each<[string, readonly ShownMembers[], readonly (string | undefined)[]]>([
    [
      'is empty where another group of the page has members, and none an empty list',
      ['none', 'some'],
      [undefined, undefined],
    ],
    ['is unknown where empty lists are shown', ['none', 'some', 'empty'], [NOT_SHOWN, undefined, undefined]],
    ['is unknown where no group has members', ['none', 'none'], [NOT_SHOWN, NOT_SHOWN]],
    ['is unknown alone', ['none'], [NOT_SHOWN]],
    ['an empty list is an empty list', ['empty'], [undefined]],
  ])('%s', (_, shown, expected) => {
    const groups = shown.map((_shown, place) => ({ type: 'group' as const, id: String(place), body: {} }));
    const marked = withUnknownMembers(groups, ({ id }) => shown[Number(id)] ?? 'none');
    expect(marked.map(({ membersUnknown }) => membersUnknown)).toEqual(expected);
  });

  it('a list that may be cut is no proof for others', () => {
    const cut = { type: 'group' as const, id: '0', body: {}, membersUnknown: 'cut' as const };
    const marked = withUnknownMembers([cut, { type: 'group', id: '1', body: {} }], ({ id }) =>
      id === '0' ? 'some' : 'none',
    );
    expect(marked.map(({ membersUnknown }) => membersUnknown)).toEqual(['cut', NOT_SHOWN]);
  });
});
