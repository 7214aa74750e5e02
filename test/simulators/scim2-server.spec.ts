import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { authorizationOf, type ForeignScimServer } from '../support/foreign-scim.js';
import { requestScim, resourcesOf, textOf, type HttpAnswer } from '../support/scim-client.js';
import { testScim2Server } from '../support/scim2-server.js';

/* These tests pin what docs/compatibility.md says of scim2-server: an update of the package that changes it fails here. */

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PEOPLE = 30;

const scim2Server = testScim2Server();

scim2Server.describe('scim2-server', () => {
  let server: ForeignScimServer;
  const ids: string[] = [];
  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> =>
    requestScim(method, `${server.url}${path}`, body, { authorization: authorizationOf(server.auth), ...headers });
  const idOf = ({ json }: HttpAnswer): string => textOf(json, 'id');
  const user = (userName: string, more: JsonObject = {}): JsonObject => ({ schemas: [USER_SCHEMA], userName, ...more });
  const patchOf = (...operations: JsonObject[]): JsonObject => ({ schemas: [PATCH_SCHEMA], Operations: operations });
  const found = async (filter: string): Promise<number> =>
    resourcesOf(await call('GET', `/Users?filter=${encodeURIComponent(filter)}`)).length;

  beforeAll(async () => {
    server = await scim2Server.start();
    for (let n = 0; n < PEOPLE; n++)
      ids.push(idOf(await call('POST', '/Users', user(`u${n}`, { emails: [{ value: `u${n}@example.org` }] }))));
  }, 60_000);
  afterAll(() => server?.stop());

  it('lists: everybody without count, a short last page tells the truth, nothing behind the end, ordered by identifier', async () => {
    const all = await call('GET', '/Users');
    expect(all.json).toMatchObject({ totalResults: PEOPLE, itemsPerPage: PEOPLE, startIndex: 1 });
    expect(resourcesOf(all).map((one) => textOf(one, 'id'))).toEqual([...ids].sort());
    const last = await call('GET', `/Users?startIndex=${PEOPLE - 4}&count=10`);
    expect(last.json).toMatchObject({ totalResults: PEOPLE, itemsPerPage: 5 });
    expect(resourcesOf(await call('GET', '/Users?startIndex=500&count=10'))).toEqual([]);
    expect((await call('POST', '/Users/.search', { count: 1 })).status).toBe(200);
  });

  it.each([
    ['userName eq "U1"', 1],
    ['emails[value eq "u3@example.org"]', 1],
    ['emails.value eq "u3@example.org"', 1],
    ['userName sw "u2" and not (userName eq "u2")', 10],
    ['meta.lastModified gt "2020-01-01T00:00:00Z"', PEOPLE],
  ])('filter %s finds %i', async (filter, count) => {
    expect(await found(filter)).toBe(count);
  });

  it('filters by attributes of extensions', async () => {
    const extended = user('extended', { schemas: [USER_SCHEMA, ENTERPRISE], [ENTERPRISE]: { employeeNumber: '7' } });
    const { json, status } = await call('POST', '/Users', extended);
    expect(status).toBe(201);
    expect(await found(`${ENTERPRISE}:employeeNumber eq "7"`)).toBe(1);
    expect((await call('DELETE', `/Users/${textOf(json, 'id')}`)).status).toBe(204);
  });

  it('userName is unique whatever its case, an e-mail address is not; who was deleted may come again', async () => {
    expect(await call('POST', '/Users', user('U1'))).toMatchObject({ status: 409, json: { scimType: 'uniqueness' } });
    const same = await call('POST', '/Users', user('same', { emails: [{ value: 'u1@example.org' }] }));
    expect(same.status).toBe(201);
    for (const status of [204, 404]) expect((await call('DELETE', `/Users/${idOf(same)}`)).status).toBe(status);
    const again = await call('POST', '/Users', user('same'));
    expect(again.status).toBe(201);
    await call('DELETE', `/Users/${idOf(again)}`);
  });

  it('what the schema does not know is refused', async () => {
    for (const body of [user('x', { unknown: 'x' }), user('x', { schemas: [USER_SCHEMA, 'urn:x:unknown'] })])
      expect(await call('POST', '/Users', body)).toMatchObject({ status: 400, json: { scimType: 'invalidSyntax' } });
    expect((await call('POST', '/Users', user('x'), { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('PATCH answers 204 whether something changed or not; PUT clears; If-Match is looked at', async () => {
    const path = `/Users/${ids[0]}`;
    const title = { op: 'replace', path: 'title', value: 'Dr' };
    for (let round = 0; round < 2; round++) expect((await call('PATCH', path, patchOf(title))).status).toBe(204);
    expect(await call('PATCH', path, patchOf({ op: 'replace', path: 'nonsense', value: 'x' }))).toMatchObject({
      status: 400,
      json: { scimType: 'invalidPath' },
    });
    expect((await call('PATCH', path, patchOf(title), { 'if-match': 'W/"wrong"' })).status).toBe(412);
    expect((await call('PUT', path, user('u0'))).json).not.toHaveProperty('title');
  });

  it('groups: of anybody, with equal names, in groups; who is deleted stays a member', async () => {
    const group = (displayName: string, members: string[]): JsonObject => ({
      schemas: [GROUP_SCHEMA],
      displayName,
      members: members.map((value) => ({ value })),
    });
    const leaver = idOf(await call('POST', '/Users', user('leaver')));
    const id = idOf(await call('POST', '/Groups', group('g', [leaver, 'nobody'])));
    expect((await call('POST', '/Groups', group('g', [id]))).status).toBe(201);
    await call('DELETE', `/Users/${leaver}`);
    const change = patchOf(
      { op: 'remove', path: 'members[value eq "nobody"]' },
      { op: 'add', path: 'members', value: [{ value: ids[1] ?? '' }] },
    );
    expect((await call('PATCH', `/Groups/${id}`, change)).status).toBe(204);
    const { json } = await call('GET', `/Groups/${id}`);
    expect(json).toMatchObject({ members: [{ value: leaver }, { value: ids[1] }] });
  });
});
