import type { Connector, MemberChange } from '../../contract.js';
import { NEEDS, usualMode, type Check } from '../check.js';
import { memberIds, withMembers } from '../samples.js';
import { must, type Trial } from '../trial.js';
import { openFor } from './writing.js';

export const GROUPS: readonly Check[] = [
  ...(['replace', 'patch'] as const).map((mode): Check => ({
    id: `members-${mode}`,
    rules: ['CONN-TCK-16'],
    title: `members come, go, the last one too, and come back (${mode})`,
    needs: [NEEDS.writing, NEEDS.groups, NEEDS[mode]],
    async run(trial) {
      const [a = '', b = '', c = '', d = ''] = await trial.makeMany(4);
      const group = await trial.makeGroup(1, [a]);
      await mustHaveMembers(trial, group.id, [a]);
      let before = group.body;
      const last = trial.groupMayBeEmpty ? [[]] : [];
      for (const wanted of [[a, b, c], [c, d], ...last, [b]]) {
        const body = withMembers(trial.group, group.body, wanted);
        await openFor(trial, mode).update('group', group.id, { mode, body, before }, {});
        await mustHaveMembers(trial, group.id, wanted);
        before = body;
      }
    },
  })),
  {
    id: 'members-on-create',
    rules: ['CONN-SCIM-56'],
    title: 'a group is created with its members',
    needs: [NEEDS.writing, NEEDS.groups],
    async run(trial) {
      const ids = await trial.makeMany(3);
      const { id } = await trial.makeGroup(1, ids);
      await mustHaveMembers(trial, id, ids);
    },
  },
  {
    id: 'group-not-created',
    rules: ['CONN-CORE-12'],
    title: 'a group that does not exist is not created: unsupported',
    needs: [NEEDS.writing, NEEDS.fixedGroups],
    async run(trial) {
      const body = trial.groupBody(1, await trial.makeMany(1));
      const keys = trial.connector.uniqueKeys('group');
      const error = await trial.errorOf(trial.connector.create('group', body, {}), 'a group that does not exist');
      must(error.kind === 'unsupported', `it is called ${error.kind} and not unsupported`);
      must(error.outcome === 'not-applied', 'the outcome must be not-applied');
      const found = await trial.connector.resolveExisting('group', body, keys, {});
      must(found.outcome === 'none', 'the group was created all the same');
    },
  },
  {
    id: 'members-listed',
    rules: ['CONN-CORE-57'],
    title: 'lists of groups show the same members as the single group',
    needs: [NEEDS.writing, NEEDS.groups],
    async run(trial) {
      const ids = await trial.makeMany(3);
      const { id } = await trial.makeGroup(1, ids);
      const pages = await trial.readAll(trial.open({ properties: trial.listing('group') }), { type: 'group' });
      const listed = pages.flatMap(({ items }) => items).find((item) => item.id === id);
      must(listed !== undefined, 'the group is not in the list');
      must(same(memberIds(trial.group, listed.body), ids), 'the list shows other members than were written');
    },
  },
  {
    id: 'members-stale',
    rules: ['CONN-CORE-54'],
    title: 'adding a present member and removing an absent one is success',
    needs: [NEEDS.writing, NEEDS.groups, NEEDS.patch],
    async run(trial) {
      const [a = '', b = '', c = ''] = await trial.makeMany(3);
      const { id, body } = await trial.makeGroup(1, [a]);
      // What is known is behind: b is no member, c is not known to be one.
      const before = withMembers(trial.group, body, [a, b]);
      const change = { mode: 'patch', before, body: withMembers(trial.group, body, [a, c]) } as const;
      for (let round = 0; round < 2; round++) await openFor(trial, 'patch').update('group', id, change, {});
      const members = memberIds(trial.group, (await readGroup(trial.connector, id)).body);
      must(same([...new Set(members)], [a, c]), 'the group has other members than were written');
    },
  },
  {
    id: 'members-are-a-set',
    rules: ['CONN-CORE-54'],
    title: 'a member that is added twice is there once',
    needs: [NEEDS.writing, NEEDS.groups, NEEDS.patch],
    async run(trial) {
      const [a = ''] = await trial.makeMany(1);
      const { id, body } = await trial.makeGroup(1, [a]);
      const before = withMembers(trial.group, body, []);
      const change = { mode: 'patch', before, body: withMembers(trial.group, body, [a]) } as const;
      await openFor(trial, 'patch').update('group', id, change, {});
      await mustHaveMembers(trial, id, [a]);
    },
  },
  ...(['replace', 'patch'] as const).flatMap((mode): Check[] => [
    {
      id: `members-join-${mode}`,
      rules: ['CONN-CORE-54'],
      title: `users join and leave a group, everybody else stays (${mode})`,
      needs: [NEEDS.writing, NEEDS.groups, NEEDS[mode], NEEDS.membership],
      async run(trial) {
        const [a = '', b = '', c = ''] = await trial.makeMany(3);
        const { id } = await trial.makeGroup(1, [a, b]);
        const change = changeMembers(trial, mode);
        await change(id, { add: [c], remove: [a] });
        await mustHaveMembers(trial, id, [b, c]);
        await change(id, { add: [], remove: [a] });
        await mustHaveMembers(trial, id, [b, c]);
        const error = await trial.errorOf(
          change(`${id}-missing`, { add: [c], remove: [] }),
          'a group that does not exist',
        );
        must(error.kind === 'notFound', `a group that does not exist is ${error.kind} and not notFound`);
      },
    },
    {
      id: `members-join-twice-${mode}`,
      rules: ['CONN-CORE-54'],
      title: `a user who joins a group twice is in it once (${mode})`,
      needs: [NEEDS.writing, NEEDS.groups, NEEDS[mode], NEEDS.membership],
      async run(trial) {
        const [a = '', b = ''] = await trial.makeMany(2);
        const { id } = await trial.makeGroup(1, [a]);
        for (let round = 0; round < 2; round++) await changeMembers(trial, mode)(id, { add: [a, b], remove: [] });
        await mustHaveMembers(trial, id, [a, b]);
      },
    },
  ]),
  {
    id: 'large-group',
    rules: ['CONN-TCK-15'],
    title: 'a large group: created, one added, one removed, all replaced',
    needs: [NEEDS.writing, NEEDS.groups],
    async run(trial) {
      const ids = await trial.makeMany(trial.system.largeGroupMembers);
      const { id, body } = await trial.makeGroup(1, ids.slice(1));
      const mode = usualMode(trial.system, trial.capabilities);
      const half = ids.slice(0, ids.length / 2);
      let before = body;
      for (const wanted of [ids, ids.slice(0, -1), half]) {
        const next = withMembers(trial.group, body, wanted);
        await openFor(trial, mode).update('group', id, { mode, body: next, before }, {});
        await mustHaveMembers(trial, id, wanted);
        before = next;
      }
    },
  },
  {
    id: 'nested-group',
    rules: ['CONN-TCK-16'],
    title: 'a group may be a member of a group',
    needs: [NEEDS.writing, NEEDS.groups],
    async run(trial) {
      const [a = ''] = await trial.makeMany(1);
      const inner = await trial.makeGroup(1, [a]);
      const outer = await trial.makeGroup(2, [inner.id]);
      await mustHaveMembers(trial, outer.id, [inner.id]);
    },
  },
  {
    id: 'members-who-leave',
    rules: ['CONN-CORE-61'],
    title: 'who is deleted is in no group any more',
    needs: [NEEDS.writing, NEEDS.groups],
    async run(trial) {
      const [a = '', b = ''] = await trial.makeMany(2);
      const { id } = await trial.makeGroup(1, [a, b]);
      await trial.connector.delete('user', b, {});
      await mustHaveMembers(trial, id, [a]);
    },
  },
];

function changeMembers(trial: Trial, mode: 'replace' | 'patch') {
  return async (id: string, change: MemberChange): Promise<void> => {
    await openFor(trial, mode).changeMembers?.(id, change, {});
  };
}

async function mustHaveMembers(trial: Trial, id: string, wanted: readonly string[]): Promise<void> {
  const group = await readGroup(trial.connector, id);
  const found = memberIds(trial.group, group.body);
  must(same(found, wanted), `the group has ${found.length} members, ${wanted.length} were written`);
}

async function readGroup(connector: Connector, id: string) {
  const group = await connector.readOne('group', id, {});
  must(group !== null, 'the group is not found by its id');
  return group;
}

function same(found: readonly string[], wanted: readonly string[]): boolean {
  return JSON.stringify(found) === JSON.stringify([...wanted].sort());
}
