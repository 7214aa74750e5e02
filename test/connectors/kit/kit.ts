import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector, NativeEntity, Page } from '../../../connectors/contract.js';
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { errorOf, idsOf, person, readAll, textOf } from '../support/scim.js';
import type { Subject, SubjectTraits } from './subject.js';

const PAGE_SIZE = 5;
const paged = { 'scim.page.size': String(PAGE_SIZE) };

/** Checks of contract.md §12 that every connector of users and groups must pass against every system. */
export function describeConformance(traits: SubjectTraits): void {
  describe(traits.name, () => {
    let subject: Subject;
    const opened: Connector[] = [];
    const open = (properties: Record<string, string> = {}): Connector => {
      const connector = subject.open(properties);
      opened.push(connector);
      return connector;
    };
    beforeEach(async () => {
      subject = await traits.start();
    });
    afterEach(async () => {
      for (const connector of opened.splice(0)) await connector.close();
      await subject.stop();
    });
    const helpers: Helpers = { traits, open, subject: () => subject };
    describeReading(helpers);
    describeWriting(helpers);
    if (traits.groups) describeMembership(helpers);
  });
}

interface Helpers {
  readonly traits: SubjectTraits;
  readonly open: (properties?: Record<string, string>) => Connector;
  readonly subject: () => Subject;
}

async function seed(connector: Connector, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await connector.create('user', person(n), {})).id);
  return ids;
}

function describeReading({ traits, open }: Helpers): void {
  it.each([0, 1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE + 1])(
    'CONN-TCK-01: %i entities: every identifier exactly once, one end, one mark',
    async (count) => {
      const connector = open(paged);
      const created = await seed(connector, count);
      const pages = await readAll(connector, { type: 'user' });
      expect(idsOf(pages).sort()).toEqual(created.sort());
      expect(pages.flatMap(({ failures }) => failures)).toEqual([]);
      expect(pages.filter(({ watermark }) => watermark !== undefined)).toHaveLength(1);
      expect(pages.every(({ items }) => items.length <= PAGE_SIZE)).toBe(true);
    },
  );

  it('CONN-TCK-02, CONN-TCK-03: each page asked for twice, each time by another process: no omission', async () => {
    const created = await seed(open(), 2 * PAGE_SIZE + 2);
    const seen = new Set<string>();
    let cursor: Page['next'] = null;
    do {
      const request = { type: 'user', mode: 'full', cursor } as const;
      const first = await open(paged).readPage(request);
      const again = await open(paged).readPage(request);
      expect(idsOf([again])).toEqual(idsOf([first]));
      for (const id of idsOf([first])) seen.add(id);
      // What the engine stores is JSON.
      cursor = JSON.parse(JSON.stringify(again.next)) as Page['next'];
    } while (cursor !== null);
    expect([...seen].sort()).toEqual(created.sort());
  });

  it('CONN-CORE-27: one entity by id; null for one that does not exist', async () => {
    const connector = open();
    const [id = ''] = await seed(connector, 1);
    const entity = await connector.readOne('user', id, {});
    expect(entity).toMatchObject({ type: 'user', id });
    expect(entity?.body['userName']).toBe('user00000');
    expect(await connector.readOne('user', '00000000-0000-4000-8000-000000000000', {})).toBeNull();
  });

  if (!traits.filters) return;
  it('DEL-23: with a filter in force, an entity outside it is not found, one inside is', async () => {
    const [, inside = ''] = await seed(open(), 2);
    const [outside = ''] = idsOf(await readAll(open(), { type: 'user' })).filter((id) => id !== inside);
    const connector = open({ 'scim.user.filter': 'userName eq "user00001"' });
    expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual([inside]);
    const look = (id: string): Promise<NativeEntity | null> => connector.readOne('user', id, { withFilter: true });
    if (traits.joinsFilters) {
      expect((await look(inside))?.id).toBe(inside);
      expect(await look(outside)).toBeNull();
    } else {
      // "Unknown" is right, "absent" would delete somebody.
      expect((await errorOf(look(inside))).kind).toBe('unsupported');
      expect((await errorOf(look(outside))).kind).toBe('unsupported');
    }
    expect(await look('00000000-0000-4000-8000-000000000000')).toBeNull();
  });
}

function describeWriting({ traits, open, subject }: Helpers): void {
  it('CONN-SCIM-50: a created entity has an id by which it is found', async () => {
    const result = await open().create('user', person(1), {});
    expect(result.applied).toBe('created');
    expect(await subject().userInSystem(result.id)).toMatchObject({ userName: 'user00001' });
  });

  it('CONN-TCK-09: the same body twice is a conflict, resolved by the unique key; one entity exists', async () => {
    const connector = open();
    const { id } = await connector.create('user', person(1), {});
    expect(await errorOf(connector.create('user', person(1), {}))).toMatchObject({
      kind: 'conflict',
      scope: 'entity',
      outcome: 'not-applied',
    });
    const lookUp = connector.resolveExisting('user', person(1), connector.uniqueKeys('user'), {});
    if (traits.filters) expect(await lookUp).toMatchObject({ outcome: 'one', entity: { id } });
    else expect((await errorOf(lookUp)).kind).toBe('unsupported');
    expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual([id]);
  });

  if (traits.filters) {
    it('CNF-2, CNF-8: no match and no value are both "none"', async () => {
      const connector = open();
      await seed(connector, 2);
      expect(await connector.resolveExisting('user', person(7), ['userName'], {})).toEqual({ outcome: 'none' });
      expect(await connector.resolveExisting('user', {}, ['userName'], {})).toEqual({ outcome: 'none' });
    });
  }

  const modes = [...(traits.put ? (['replace'] as const) : []), ...(traits.patch ? (['patch'] as const) : [])];
  it.each(modes)('WRT-2, CONN-CORE-54: an update by %s arrives, and may be repeated', async (mode) => {
    const connector = open({ 'scim.support.patch.operation': String(mode === 'patch') });
    const before = person(1);
    const { id } = await connector.create('user', before, {});
    const body = { ...before, id, name: { givenName: 'Änne', familyName: 'O’"Neil\\' } };
    for (let round = 0; round < 2; round++) {
      expect(await connector.update('user', id, { mode, body, before }, {})).toMatchObject({ id, applied: 'updated' });
    }
    expect((await subject().userInSystem(id))?.['name']).toMatchObject({ givenName: 'Änne', familyName: 'O’"Neil\\' });
  });

  if (traits.patch) {
    it('CONN-TCK-12, CONN-SCIM-63: an empty change sends nothing', async () => {
      const connector = open({ 'scim.support.patch.operation': 'true' });
      const before = person(1);
      const { id } = await connector.create('user', before, {});
      const count = subject().writeCount();
      const result = await connector.update('user', id, { mode: 'patch', body: { ...before, id }, before }, {});
      expect(result).toEqual({ id, applied: 'none' });
      expect(subject().writeCount()).toBe(count);
    });

    it('CONN-TCK-13: PATCH leaves what is not in the change, and removes what has vanished from it', async () => {
      const connector = open();
      const before = { ...person(1), nickName: 'Nick', title: 'Dr' };
      const { id } = await connector.create('user', before, {});
      const { title: _, ...body } = before;
      await connector.update('user', id, { mode: 'patch', body, before }, {});
      const stored = (await subject().userInSystem(id)) ?? {};
      expect(stored['title'] ?? null).toBeNull();
      expect(stored['nickName'] ?? 'Nick').toBe('Nick');
    });

    it('WRT-2: PATCH without a known state sets every attribute', async () => {
      const connector = open();
      const { id } = await connector.create('user', person(1), {});
      const body = { ...person(1), id, displayName: 'New', active: true };
      expect((await connector.update('user', id, { mode: 'patch', body }, {})).applied).toBe('updated');
      expect(await subject().userInSystem(id)).toMatchObject({ displayName: 'New' });
    });
  }

  if (traits.put && traits.putClears) {
    it('CONN-TCK-13: PUT clears what is missing in the body', async () => {
      const connector = open();
      const { id } = await connector.create('user', { ...person(1), displayName: 'D' }, {});
      await connector.update('user', id, { mode: 'replace', body: { ...person(1), id } }, {});
      expect((await subject().userInSystem(id))?.['displayName'] ?? null).not.toBe('D');
    });
  }

  it.each(modes)('CONN-SCIM-66: an update by %s of an entity that is gone is notFound', async (mode) => {
    const connector = open();
    const { id } = await connector.create('user', person(1), {});
    await connector.delete('user', id, {});
    const change = { mode, body: { ...person(1), id, displayName: 'X' }, before: person(1) };
    expect(await errorOf(connector.update('user', id, change, {}))).toMatchObject({
      kind: 'notFound',
      scope: 'entity',
    });
  });

  it('CONN-TCK-14: deleting twice succeeds twice', async () => {
    const connector = open();
    const { id } = await connector.create('user', person(1), {});
    expect(await connector.delete('user', id, {})).toEqual({ id, applied: 'deleted' });
    expect(await connector.delete('user', id, {})).toEqual({ id, applied: 'already-absent' });
    expect(await connector.readOne('user', id, {})).toBeNull();
  });

  it.each(['quote "x"', 'back\\slash', 'a,b;c', 'a/b', '100%25', 'a+b & c=d#e?', 'Zoë 李 😀', "o'neil"])(
    'CONN-TCK-24: the name %j round-trips or is refused as invalid',
    async (userName) => {
      const connector = open();
      const body = { ...person(1), userName };
      const created = await connector.create('user', body, {}).catch((error: unknown) => {
        expect(error).toMatchObject({ kind: 'invalid', scope: 'entity' });
        return undefined;
      });
      if (created === undefined) return;
      expect((await connector.readOne('user', created.id, {}))?.body['userName']).toBe(userName);
      if (!traits.filters || (/["\\]/.test(userName) && !traits.unescapesFilters)) return;
      const found = await connector.resolveExisting('user', body, ['userName'], {});
      expect(found).toMatchObject({ outcome: 'one', entity: { id: created.id } });
    },
  );

  it.each(['', '.', '..'])('an identifier %j never addresses the collection', async (id) => {
    const connector = open();
    await seed(connector, 1);
    expect(await errorOf(connector.delete('user', id, {}))).toMatchObject({ kind: 'invalid', outcome: 'not-applied' });
    expect(idsOf(await readAll(connector, { type: 'user' }))).toHaveLength(1);
  });
}

function describeMembership({ traits, open }: Helpers): void {
  const groupBody = (members: readonly string[]): JsonObject => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Team "A"',
    members: members.map((value) => ({ value })),
  });
  const membersIn = async (connector: Connector, id: string): Promise<string[]> => {
    const members = (await connector.readOne('group', id, {}))?.body['members'];
    const list = Array.isArray(members) ? members : [];
    return list.flatMap((member) => (isJsonObject(member) ? [textOf(member['value'])] : [])).sort();
  };

  const modes = [...(traits.put ? (['replace'] as const) : []), ...(traits.patch ? (['patch'] as const) : [])];
  it.each(modes)('CONN-TCK-16: members come, go, the last one too, and come back (%s)', async (mode) => {
    const connector = open();
    const ids = (await seed(connector, 4)).sort();
    const [a = '', b = '', c = '', d = ''] = ids;
    const group = await connector.create('group', groupBody([a]), {});
    let before = groupBody([a]);
    for (const wanted of [[a, b, c], [c, d], [], [b]]) {
      const body = { ...groupBody(wanted), id: group.id };
      await connector.update('group', group.id, { mode, body, before }, {});
      if (traits.showsMembers) expect(await membersIn(connector, group.id)).toEqual([...wanted].sort());
      before = body;
    }
    await connector.delete('group', group.id, {});
    expect(await connector.readOne('group', group.id, {})).toBeNull();
  });

  if (traits.patch) {
    it('CONN-CORE-54: adding a present member and removing an absent one is success', async () => {
      const connector = open();
      const [a = '', b = ''] = await seed(connector, 2);
      const { id } = await connector.create('group', groupBody([]), {});
      // The known state is behind: b is not a member, a is not known to be one.
      const stale = { mode: 'patch', before: groupBody([b]), body: { ...groupBody([a]), id } } as const;
      await connector.update('group', id, stale, {});
      await connector.update('group', id, stale, {});
      const members = await membersIn(connector, id);
      if (traits.showsMembers) expect(traits.membersAreSet ? members : [...new Set(members)]).toEqual([a]);
    });

    it('CONN-SCIM-70, CONN-SCIM-73: above the threshold members go in slices, in both modes', async () => {
      const connector = open({ 'scim.patch.group.members.above.threshold': '2' });
      const ids = (await seed(connector, 7)).sort();
      const { id } = await connector.create('group', groupBody(ids.slice(0, 5)), {});
      if (traits.showsMembers) expect(await membersIn(connector, id)).toEqual(ids.slice(0, 5));
      const before = groupBody(ids.slice(0, 5));
      const body = { ...groupBody(ids.slice(2)), id };
      await connector.update('group', id, { mode: 'replace', body, before }, {});
      if (traits.showsMembers) expect(await membersIn(connector, id)).toEqual(ids.slice(2));
    });
  }
}
