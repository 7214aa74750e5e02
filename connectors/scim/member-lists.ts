import type { NativeEntity } from '../contract.js';

/** What an answer shows of the members of a group. */
export type ShownMembers = 'some' | 'none' | 'empty';

/**
 * Groups of one answer, marked where it says nothing of their members (UNK-5). A system that leaves out what it does not want to tell, and one that
 * leaves out empty lists, look the same; the answer itself tells them apart: with the members of another group in it, and no empty list, a list that is missing is
 * an empty one. `shown` says what is in a group: `empty` is a list without members, `none` no list.
 */
export function withUnknownMembers(
  groups: readonly NativeEntity[],
  shown: (group: NativeEntity) => ShownMembers,
): NativeEntity[] {
  const found = groups.map((group) => (group.membersUnknown === undefined ? shown(group) : 'none'));
  if (found.includes('some') && !found.includes('empty')) return [...groups];
  return groups.map((group, place) =>
    found[place] === 'none' && group.membersUnknown === undefined ? { ...group, membersUnknown: 'notShown' } : group,
  );
}
