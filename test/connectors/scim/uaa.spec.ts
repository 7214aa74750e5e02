import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../connectors/contract.js';
import { openScimConnector } from '../../../connectors/scim/scim.connector.js';
import { UAA, XSUAA } from '../../../connectors/scim/uaa/profiles.js';
import { uaaFactory, xsuaaFactory } from '../../../connectors/scim/uaa/uaa.factory.js';
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { compileTransformation } from '../../../core/transform/index.js';
import { startScimSimulator, type ScimSimulator } from '../../../simulators/scim/simulator.js';
import { closedAfterEach, errorOf, idsOf, readAll } from '../support/scim.js';

const closing = closedAfterEach();

async function start(
  prefix: 'uaa' | 'xsuaa',
  properties: Readonly<Record<string, string>> = {},
): Promise<{ server: ScimSimulator; connector: Connector }> {
  const server = await startScimSimulator({ dialect: 'uaa', journal: { keepBodies: true } });
  const connector = openScimConnector(
    {
      config: {
        properties: { URL: server.url, Authentication: 'NoAuthentication', ...properties },
        secret: () => undefined,
      },
      clock: () => new Date(),
      log: { debug: () => undefined, warn: () => undefined },
    },
    prefix === 'uaa' ? UAA : XSUAA,
    prefix,
  );
  closing(
    () => server.stop(),
    () => connector.close(),
  );
  return { server, connector };
}

const user = (userName: string, change: JsonObject = {}): JsonObject => ({
  schemas: ['urn:scim:schemas:core:1.0'],
  userName,
  name: { givenName: 'Ada', familyName: 'Example' },
  emails: [{ value: `${userName}@example.com` }],
  ...change,
});

const bodies = ({ journal }: ScimSimulator, method: string): JsonObject[] =>
  journal.since(0).flatMap((record) => {
    const sent: unknown = record.method === method ? JSON.parse(record.body ?? '{}') : undefined;
    return isJsonObject(sent) ? [sent] : [];
  });

describe('UAA and XS Advanced UAA', () => {
  it('CONN-SCIM-101, PRP-172: a user is created with its origin, and the same name under another origin is another user', async () => {
    const { server, connector } = await start('xsuaa', { 'xsuaa.origin': 'idp1' });
    const made = await connector.create('user', user('p', { id: 'ignored', origin: ['idp1'] }), {});
    expect(made).toMatchObject({ applied: 'created' });
    expect(made.id).not.toBe('ignored');
    expect(server.store.get('User', made.id)).toMatchObject({ origin: 'idp1' });
    await connector.create('user', user('p', { origin: 'idp2' }), {});
    expect(await errorOf(connector.create('user', user('p', { origin: 'idp1' }), {}))).toMatchObject({
      kind: 'conflict',
      status: 409,
    });
    const keys = ['userName', 'origin'];
    const found = await connector.resolveExisting('user', user('p', { origin: 'idp2' }), keys, {});
    expect(found).toMatchObject({ outcome: 'one', entity: { body: { origin: 'idp2' } } });
  });

  it.each([
    ['none', {}, /a user without origin; set uaa.origin/],
    ['one of a property that is not set', { origin: 'null' }, /a user without origin; set uaa.origin/],
    ['two for one account', { origin: ['a', 'b'] }, /2 origins for one account; name them in uaa.origin/],
  ])('CONN-SCIM-101: a user with %s is refused before anything is sent', async (_, origin: JsonObject, message) => {
    const { server, connector } = await start('uaa');
    expect((await errorOf(connector.create('user', user('p', origin), {}))).message).toMatch(message);
    expect(server.journal.since(0)).toEqual([]);
  });

  it.each([
    ['uaa', { type: 'USER', origin: 'idp1' }],
    ['xsuaa', { type: 'USER' }],
  ] as const)('CONN-SCIM-101: members of %s say what they are in capital letters', async (prefix, expected) => {
    const { server, connector } = await start(prefix, { [`${prefix}.origin`]: 'idp1' });
    const { id } = await connector.create('user', user('p', { origin: 'idp1' }), {});
    const inner = await connector.create('group', { displayName: 'Inner' }, {});
    const members = [
      { value: id, type: 'User' },
      { value: inner.id, type: 'Group' },
    ];
    const made = await connector.create('group', { displayName: 'G', members }, {});
    expect(server.store.get('Group', made.id)?.['members']).toEqual([
      { value: id, ...expected },
      { value: inner.id, ...expected, type: 'GROUP' },
    ]);
    const body = { displayName: 'G', members: [{ value: id }, { value: inner.id }] };
    const memberGroups = new Set([inner.id]);
    await connector.update(
      'group',
      made.id,
      { mode: 'replace', body: { ...body, description: 'x' }, memberGroups },
      {},
    );
    expect(server.store.get('Group', made.id)?.['members']).toEqual([
      { value: id, ...expected },
      { value: inner.id, ...expected, type: 'GROUP' },
    ]);
  });

  it('CONN-SCIM-77, CONN-SCIM-101: without PATCH members come and go under the group, with type and origin', async () => {
    const { server, connector } = await start('uaa', { 'uaa.origin': 'idp1' });
    const p = await connector.create('user', user('p', { origin: 'idp1' }), {});
    const q = await connector.create('user', user('q', { origin: 'idp1' }), {});
    const { id } = await connector.create('group', { displayName: 'G', members: [{ value: p.id }] }, {});
    const mark = server.journal.mark();
    const before = { displayName: 'G', members: [{ value: p.id }] };
    const body = { displayName: 'G', members: [{ value: q.id }] };
    await connector.update('group', id, { mode: 'replace', body, before }, {});
    expect(server.journal.since(mark).map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /Groups/${id}/members`,
      `DELETE /Groups/${id}/members/${p.id}`,
    ]);
    expect(server.store.get('Group', id)?.['members']).toEqual([{ value: q.id, type: 'USER', origin: 'idp1' }]);
    await connector.changeMembers?.(id, { add: [p.id], remove: [] }, {});
    expect(server.store.get('Group', id)?.['members']).toContainEqual({ value: p.id, type: 'USER', origin: 'idp1' });
  });

  it('CONN-SCIM-62: a PATCH of SCIM 1.1 is the partial resource; what goes stands in meta.attributes', async () => {
    const { server, connector } = await start('xsuaa', {
      'xsuaa.origin': 'idp1',
      'xsuaa.support.patch.operation': 'true',
    });
    const before = user('p', { origin: 'idp1', externalId: 'x', phoneNumbers: [{ value: '1' }] });
    const { id } = await connector.create('user', before, {});
    const body = user('p', { origin: 'idp1', active: true, emails: [{ value: 'new@example.com' }] });
    await connector.update('user', id, { mode: 'patch', body, before }, {});
    expect(bodies(server, 'PATCH')).toEqual([
      {
        schemas: ['urn:scim:schemas:core:1.0'],
        emails: [{ value: 'new@example.com' }],
        active: true,
        meta: { attributes: ['emails', 'externalId', 'phoneNumbers'] },
      },
    ]);
    const stored = server.store.get('User', id);
    expect(stored).toMatchObject({ userName: 'p', emails: [{ value: 'new@example.com' }], active: true });
    expect(stored).not.toHaveProperty('externalId');
    expect(stored).not.toHaveProperty('phoneNumbers');
    // CONN-SCIM-63
    const result = await connector.update('user', id, { mode: 'patch', body, before: body }, {});
    expect(result.applied).toBe('none');
    expect(bodies(server, 'PATCH')).toHaveLength(1);
  });

  it('CONN-SCIM-62: members are removed with "operation": "delete"', async () => {
    const { server, connector } = await start('xsuaa', {
      'xsuaa.origin': 'idp1',
      'xsuaa.support.patch.operation': 'true',
    });
    const [p, q] = await Promise.all(
      ['p', 'q'].map((name) => connector.create('user', user(name, { origin: 'idp1' }), {})),
    );
    const before = { displayName: 'G', members: [{ value: p?.id ?? '' }] };
    const { id } = await connector.create('group', before, {});
    const body = { displayName: 'G', members: [{ value: q?.id ?? '' }] };
    await connector.update('group', id, { mode: 'patch', body, before }, {});
    expect(bodies(server, 'PATCH').map(({ members }) => members)).toEqual([
      [
        { value: q?.id, type: 'USER' },
        { value: p?.id, operation: 'delete' },
      ],
    ]);
    expect(server.store.get('Group', id)?.['members']).toEqual([{ value: q?.id, type: 'USER' }]);
  });

  it('scim.md §13: a change carries If-Match, and an error of UAA is understood', async () => {
    const { server, connector } = await start('uaa', { 'uaa.origin': 'idp1' });
    const { id } = await connector.create('user', user('p', { origin: 'idp1' }), {});
    await connector.update('user', id, { mode: 'replace', body: user('p2', { origin: 'idp1' }) }, {});
    expect(server.store.get('User', id)).toMatchObject({ userName: 'p2' });
    const refused = await errorOf(connector.create('user', user('p2', { origin: 'idp1' }), {}));
    expect(refused.adminMessage).toContain('userName is taken by another User');
    await connector.delete('user', id, {});
    expect(server.store.size('User')).toBe(0);
  });

  it.each([
    ['uaa', 'idp2', ['b']],
    ['xsuaa', 'idp1;idp2', ['a', 'b']],
  ] as const)(
    'CONN-SCIM-102, PRP-173: %s: only users of the configured origins are read',
    async (prefix, origin, ids) => {
      const filter = { [`${prefix}.origin.filter.enabled`]: 'true', [`${prefix}.origin`]: origin };
      const { server, connector } = await start(prefix, filter);
      for (const [id, of] of [
        ['a', 'idp1'],
        ['b', 'idp2'],
        ['c', 'idp3'],
      ])
        server.store.add('User', { ...user(String(id)), id: String(id), origin: String(of) });
      expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual(ids);
      expect(await connector.readOne('user', 'c', { withFilter: true })).toBeNull();
      expect(await connector.readOne('user', 'b', { withFilter: true })).toMatchObject({ id: 'b' });
    },
  );

  it('CONN-SCIM-102: together with a filter of the administrator', async () => {
    const { server, connector } = await start('xsuaa', {
      'xsuaa.origin.filter.enabled': 'true',
      'xsuaa.origin': 'idp1;idp2',
      'xsuaa.user.filter': 'userName eq "a" or userName eq "c"',
    });
    for (const [id, of] of [
      ['a', 'idp1'],
      ['b', 'idp2'],
      ['c', 'idp3'],
    ])
      server.store.add('User', { ...user(String(id)), id: String(id), origin: String(of) });
    expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual(['a']);
  });

  it('CONN-SCIM-102, PRP-173: a filter without origin fails before the first request', async () => {
    const { server, connector } = await start('xsuaa', { 'xsuaa.origin.filter.enabled': 'true' });
    const error = await errorOf(connector.readPage({ type: 'user', cursor: null, mode: 'full' }));
    expect(error).toMatchObject({ kind: 'fatal', scope: 'system' });
    expect(error.message).toMatch(/xsuaa.origin.filter.enabled is true and xsuaa.origin is not set/);
    expect(server.journal.since(0)).toEqual([]);
  });

  it.each([uaaFactory, xsuaaFactory])(
    'CONN-SCIM-104: the attributes that UAA has beside those of SCIM are optional',
    (factory) => {
      const { read = {}, write = {} } = factory.descriptor.defaultTransformations;
      const prefix = factory.descriptor.prefix;
      const compile = (role: 'read' | 'write', document: JsonObject) => {
        const compiled = compileTransformation(document, {
          direction: role,
          properties: { [`${prefix}.origin`]: 'idp1' },
        });
        if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
        return compiled.program.types.get('user');
      };
      const context = { now: new Date(), randomInt: () => 0 };
      const common = (native: JsonObject): unknown => {
        const outcome = compile('read', read)?.read(native, context);
        return outcome?.kind === 'mapped' ? outcome.common : outcome;
      };
      expect(common({ id: '1', userName: 'p', verified: true, zoneId: 'z', origin: 'idp1' })).toMatchObject({
        verified: true,
        zoneId: 'z',
        origin: 'idp1',
      });
      expect(common({ id: '1', userName: 'p' })).toEqual({ userName: 'p' });
      expect(compile('write', write)).toBeDefined();
    },
  );
});
