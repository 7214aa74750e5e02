import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NativeEntity } from '../../../connectors/contract.js';
import { GENERIC_LDAP } from '../../../connectors/ldap/dialect.js';
import { imageKey } from '../../../connectors/ldap/delivered-entry.js';
import { comparable } from '../../../connectors/ldap/find-existing.js';
import { deliver } from '../../../connectors/ldap/entry-delivery.js';
import type { Entry } from '../../../connectors/ldap/entry.js';
import { ldapSettings, type LdapType } from '../../../connectors/ldap/ldap-settings.js';
import { MemberNames } from '../../../connectors/ldap/member-names.js';
import { bodyMaker, projectionOf } from '../../../connectors/ldap/native-entity.js';
import { NO_SCHEMA } from '../../../connectors/ldap/schema.js';
import { Sessions } from '../../../connectors/ldap/sessions.js';
import { decodedEntry, entryMessage, sentEntry, type SentEntry } from '../../support/ldap-messages.js';

const PROPERTIES = {
  'ldap.url': 'ldap://127.0.0.1:1',
  'ldap.user.path': 'ou=people,dc=example',
  'ldap.group.path': 'ou=groups,dc=example',
};

interface DeliveryOptions {
  readonly type?: LdapType;
  readonly properties?: Readonly<Record<string, string>>;
  readonly binary?: readonly string[];
  /** What every DN in an entry is called. */
  readonly groupId?: string;
}

/** One entry as it is delivered. */
async function delivered(sent: SentEntry, options: DeliveryOptions = {}): Promise<NativeEntity> {
  const [item] = await deliverAll([decodedEntry(entryMessage(3, sent))], options);
  if (item?.image === undefined) throw new Error('no image');
  return item;
}

async function deliverAll(entries: readonly Entry[], options: DeliveryOptions = {}): Promise<readonly NativeEntity[]> {
  const { type = 'user', groupId = 'G' } = options;
  const settings = ldapSettings({ ...PROPERTIES, ...options.properties }, GENERIC_LDAP);
  const schema = { ...NO_SCHEMA, binary: new Set(options.binary) };
  // Never asked: names come from the double.
  const sessions = Object.create(Sessions.prototype) as Sessions;
  const names = Object.assign(Object.create(MemberNames.prototype) as MemberNames, {
    prepare: () => Promise.resolve(),
    nameOf: () => ({ type: 'group', id: groupId }) as const,
  });
  const maker = bodyMaker(projectionOf(settings, type), schema.binary);
  const tools = { settings, sessions, names, maker, imageKey: imageKey(settings, type, schema) };
  return (await deliver(tools, type, entries, undefined)).items;
}

const withId = sentEntry.map(({ dn, attributes }) => ({
  dn,
  attributes: [['uid', [Buffer.from('u1')]] as const, ...attributes.filter(([name]) => name !== 'uid')],
}));
const person: SentEntry = {
  dn: 'uid=u1,ou=people,dc=example',
  attributes: [
    ['uid', [Buffer.from('u1')]],
    ['memberOf', [Buffer.from('cn=g,ou=groups,dc=example')]],
    ['photo', [Buffer.from('abc')]],
    ['modifyTimestamp', [Buffer.from('20260101000000Z')]],
    ['userPassword', [Buffer.from('{SSHA}one')]],
  ],
};

function changed(name: string, value: string): SentEntry {
  const attributes = person.attributes.map(
    ([own, values]) => [own, own === name ? [Buffer.from(value)] : values] as const,
  );
  return { ...person, attributes };
}

describe('images of directory entries', () => {
  it('CONN-CORE-02, CHG-2: equal images are equal bodies, whatever the entries are like', async () => {
    await fc.assert(
      fc.asyncProperty(withId, withId, async (one, other) => {
        const [a, b] = [await delivered(one), await delivered(other)];
        if (a.image?.equals(b.image ?? Buffer.alloc(0)) === true) expect(a.body).toEqual(b.body);
        if (!isDeepStrictEqual(a.body, b.body)) expect(a.image).not.toEqual(b.image);
        expect((await delivered(one)).image).toEqual(a.image);
      }),
    );
  });

  it('CONN-CORE-02: a byte more or less in name, value or DN is another image', async () => {
    await fc.assert(
      fc.asyncProperty(withId, fc.nat(), async (sent, where) => {
        const [name, values] = sent.attributes[where % sent.attributes.length] ?? ['', []];
        const longer = [name, [...values, Buffer.from('x')]] as const;
        const others = sent.attributes.filter(([own]) => own !== name);
        const before = (await delivered(sent)).image;
        expect((await delivered({ ...sent, dn: `${sent.dn}x` })).image).not.toEqual(before);
        if (name !== 'uid')
          expect((await delivered({ ...sent, attributes: [...others, longer] })).image).not.toEqual(before);
      }),
    );
  });

  it('CONN-LDAP-27, CONN-CORE-60: what is not delivered, a counter or a password, changes nothing', async () => {
    const before = await delivered(person);
    for (const other of [changed('modifyTimestamp', '20270101000000Z'), changed('userPassword', '{SSHA}two')]) {
      const after = await delivered(other);
      expect(after.image).toEqual(before.image);
      expect(after.body).toEqual(before.body);
    }
    expect((await delivered(changed('photo', 'abd'))).image).not.toEqual(before.image);
  });

  it('CONN-LDAP-31: a group that is called otherwise changes its members, whose entries are as they were', async () => {
    const [before, after] = [await delivered(person), await delivered(person, { groupId: 'H' })];
    expect([before.body['memberOf'], after.body['memberOf']]).toEqual([['G'], ['H']]);
    expect(after.image).not.toEqual(before.image);
  });

  it('CONN-CORE-60: a copy, and what is written of it, holds nothing that the entry holds beside the body', async () => {
    const item = await delivered(person);
    const { body } = item;
    expect(item.image?.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify({ ...item, body }))).toEqual({ type: 'user', id: 'u1', body });
    const held = await delivered({ ...person, dn: 'uid=u1,ou=people,dc=example' });
    expect(comparable(held, { UID: 'u1' })).toEqual({
      type: 'user',
      id: 'u1',
      body: { ...body, UID: 'u1' },
      lastModified: '2026-01-01T00:00:00.000Z',
    });
  });

  it('CONN-TCK-26: entities that wait to be stored take no memory beside what the server has sent', async () => {
    const large: SentEntry = {
      ...person,
      attributes: [...person.attributes, ['jpegPhoto', [Buffer.alloc(1_000_000)]]],
    };
    const entries = Array.from({ length: 50 }, () => decodedEntry(entryMessage(3, large)));
    const before = process.memoryUsage().arrayBuffers;
    const items = await deliverAll(entries);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
    expect(items[49]?.image?.length).toBeGreaterThan(1_000_000);
  });

  it('CONN-CORE-47, CONN-LDAP-40: so do other settings, another schema and another type', async () => {
    const images = [
      await delivered(person),
      await delivered(person, { properties: { 'ldap.user.attributes': 'photo' } }),
      await delivered(person, { properties: { 'ldap.api.version': '2' } }),
      await delivered(person, { binary: ['photo'] }),
    ].map(({ image }) => image?.toString('base64'));
    expect(new Set(images).size).toBe(images.length);
    const group: SentEntry = { dn: 'cn=g', attributes: [['cn', [Buffer.from('g')]]] };
    const asUser = await delivered(group, { properties: { 'ldap.attribute.user.id': 'cn' } });
    expect((await delivered(group, { type: 'group' })).image).not.toEqual(asUser.image);
  });
});
