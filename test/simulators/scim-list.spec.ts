import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { ENTERPRISE_SCHEMA } from '../../simulators/scim/scim-model.js';
import { startScimSimulator, type ScimSimulator, type ScimSimulatorOptions } from '../../simulators/scim/simulator.js';
import { requestScim, resourcesOf, textOf, type HttpAnswer } from '../support/scim-client.js';

let sim: ScimSimulator;

afterEach(() => sim.stop());

const PEOPLE: JsonObject[] = [
  {
    id: 'a',
    userName: 'ada.berg',
    externalId: 'E1',
    active: true,
    title: 'Engineer',
    emails: [
      { value: 'ada@example.com', type: 'work' },
      { value: 'ada@home.example.com', type: 'home' },
    ],
    [ENTERPRISE_SCHEMA]: { department: 'Sales', manager: { value: 'c' } },
  },
  {
    id: 'b',
    userName: 'Ben.Cohen',
    externalId: 'e1',
    active: false,
    emails: [{ value: 'ben@example.com', type: 'home' }],
  },
  { id: 'c', userName: 'carla "cc" o\\neill', active: true, nickName: '', title: 'Analyst' },
];

async function start(options: ScimSimulatorOptions = {}): Promise<void> {
  sim = await startScimSimulator({ users: PEOPLE, ...options });
}

async function list(query: string): Promise<HttpAnswer> {
  return requestScim('GET', `${sim.url}/Users?${query}`);
}

async function idsOf(filter: string): Promise<string> {
  const answer = await list(`filter=${encodeURIComponent(filter)}`);
  if (answer.status !== 200) return `${answer.status} ${textOf(answer.json, 'scimType')}`;
  return resourcesOf(answer)
    .map((resource) => textOf(resource, 'id'))
    .join('');
}

describe('filters (RFC 7644 §3.4.2.2)', () => {
  it.each([
    ['userName eq "ADA.berg"', 'a'],
    ['USERNAME Eq "ben.cohen"', 'b'],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ben.cohen"', 'b'],
    ['userName eq "carla \\"cc\\" o\\\\neill"', 'c'],
    ['externalId eq "E1"', 'a'],
    ['id eq "A"', ''],
    ['userName ne "ada.berg"', 'bc'],
    ['userName co "er"', 'a'],
    ['userName sw "ben"', 'b'],
    ['userName ew "COHEN"', 'b'],
    ['userName gt "b"', 'bc'],
    ['userName le "ben.cohen"', 'ab'],
    ['title pr', 'ac'],
    ['nickName pr', ''],
    ['active eq true', 'ac'],
    ['active eq "true"', ''],
    ['emails co "home"', 'a'],
    ['emails.value eq "ben@example.com"', 'b'],
    ['emails[type eq "work" and value co "ada"]', 'a'],
    ['emails[type eq "work" and value co "home"]', ''],
    [`${ENTERPRISE_SCHEMA}:department eq "sales"`, 'a'],
    [`${ENTERPRISE_SCHEMA}:manager.value eq "c"`, 'a'],
    ['title eq null', 'b'],
    ['active eq true and title sw "eng" or userName sw "ben"', 'ab'],
    ['active eq true and (title sw "eng" or userName sw "ben")', 'a'],
    ['not (active eq true)', 'b'],
    ['not (emails pr) and active eq true', 'c'],
    ['id eq "c" and active eq true', 'c'],
    ['id eq "b" and active eq true', ''],
    ['meta.lastModified gt "2001-01-01T00:00:00Z"', 'abc'],
    ['meta.lastModified lt "2001-01-01T00:00:00Z"', ''],
  ])('%s → "%s"', async (filter, expected) => {
    await start();
    expect(await idsOf(filter)).toBe(expected);
  });

  it.each([
    'userName',
    'userName xx "a"',
    'userName eq',
    'userName eq a',
    '(userName pr',
    'userName pr)',
    'not userName pr',
    '"a" eq "b"',
    'emails[type pr',
    '()',
    'a eq "unended',
  ])('%s → 400 invalidFilter', async (filter) => {
    await start();
    expect(await idsOf(filter)).toBe('400 invalidFilter');
  });

  it('refuses names that reach a prototype, and nesting without end', async () => {
    await start();
    expect(await idsOf('__proto__ pr')).toMatch(/^400/);
    expect(await idsOf(`${'('.repeat(60)}id pr${')'.repeat(60)}`)).toBe('400 invalidFilter');
  });

  it('dialects: eq-only, no-filter, hides-on-filter', async () => {
    await start({ dialect: 'eq-only' });
    expect(await idsOf('userName eq "ada.berg" and active eq true')).toBe('a');
    expect(await idsOf('userName sw "a"')).toBe('400 invalidFilter');
    await sim.stop();
    await start({ dialect: 'no-filter' });
    expect(await idsOf('userName eq "ada.berg"')).toBe('400 invalidFilter');
    await sim.stop();
    await start({ dialect: 'hides-on-filter' });
    expect(await idsOf('userName eq "ada.berg"')).toBe('');
    expect((await requestScim('POST', `${sim.url}/Users`, { userName: 'ada.berg' })).status).toBe(409);
  });
});

describe('lists (RFC 7644 §3.4.2)', () => {
  const many = Array.from({ length: 25 }, (_, number) => ({
    id: `u${number}`,
    userName: `user${String(number).padStart(2, '0')}`,
  }));

  it('CONN-SCIM-20: pages by startIndex and count, 1-based', async () => {
    await start({ users: many });
    const answer = await list('startIndex=11&count=10');
    expect(answer.json).toMatchObject({ totalResults: 25, startIndex: 11, itemsPerPage: 10 });
    expect(resourcesOf(answer).map((resource) => resource['id'])).toEqual(many.slice(10, 20).map(({ id }) => id));
    expect(resourcesOf(await list('startIndex=26&count=10'))).toEqual([]);
    expect((await list('startIndex=0&count=0')).json).toMatchObject({
      totalResults: 25,
      startIndex: 1,
      itemsPerPage: 0,
    });
    expect((await list('count=many')).status).toBe(400);
  });

  it('dialects: caps-page echoes what was asked, ignores-start-index repeats, total-is-page-size, no-total', async () => {
    await start({ users: many, dialect: 'caps-page', dialectChanges: { maxPageEntities: 7 } });
    const capped = await list('count=20');
    expect([capped.json['itemsPerPage'], resourcesOf(capped).length]).toEqual([20, 7]);
    await sim.stop();
    await start({ users: many, dialect: 'ignores-start-index' });
    expect(resourcesOf(await list('startIndex=11&count=5'))).toEqual(resourcesOf(await list('startIndex=1&count=5')));
    await sim.stop();
    await start({ users: many, dialect: 'total-is-page-size' });
    expect((await list('count=5')).json['totalResults']).toBe(5);
    await sim.stop();
    await start({ users: many, dialect: 'no-total' });
    expect((await list('count=5')).json).not.toHaveProperty('totalResults');
  });

  it('CONN-SCIM-24: cursors deliver each entity once though earlier ones are removed meanwhile', async () => {
    await start({ users: many, dialect: 'cursor' });
    const seen: unknown[] = [];
    let cursor = '';
    do {
      const answer = await list(`cursor=${cursor}&count=10`);
      seen.push(...resourcesOf(answer).map((resource) => resource['id']));
      cursor = typeof answer.json['nextCursor'] === 'string' ? answer.json['nextCursor'] : '';
      sim.store.remove('User', 'u3');
    } while (cursor !== '');
    expect(seen).toEqual(many.map(({ id }) => id));
    expect((await list('cursor=nonsense')).json['scimType']).toBe('invalidCursor');
    const first = await list('cursor=&count=1');
    sim.store.remove('User', 'u0');
    expect((await list(`cursor=${textOf(first.json, 'nextCursor')}`)).json['scimType']).toBe('expiredCursor');
  });

  it('sorts both ways, and a later change shows in the next request', async () => {
    await start({ users: many });
    const first = async (order: string): Promise<unknown> =>
      resourcesOf(await list(`sortBy=userName&sortOrder=${order}&count=1`))[0]?.['id'];
    expect(await first('descending')).toBe('u24');
    sim.store.update('User', 'u5', { userName: 'zzz' });
    expect(await first('descending')).toBe('u5');
    expect(await first('ascending')).toBe('u0');
  });

  it('RFC 7644 §3.4.3: POST /.search is a list', async () => {
    await start({ users: many });
    const answer = await requestScim('POST', `${sim.url}/Users/.search`, {
      filter: 'userName ge "user20"',
      count: 2,
      startIndex: 2,
    });
    expect(resourcesOf(answer).map((resource) => resource['id'])).toEqual(['u21', 'u22']);
    expect(sim.journal.writesSince(0)).toEqual([]);
  });

  it('non-ASCII names and entities of any size survive the way', async () => {
    await start({ users: [{ userName: 'łukasz', displayName: 'Łukasz Żółć 🙂', note: 'x'.repeat(100_000) }] });
    expect(resourcesOf(await list(''))[0]).toMatchObject({ displayName: 'Łukasz Żółć 🙂', note: 'x'.repeat(100_000) });
  });
});

describe('discovery (RFC 7644 §4)', () => {
  it('tells what the dialect can do, and is 404 where the dialect has none', async () => {
    await start({ dialect: 'put-only' });
    expect((await requestScim('GET', `${sim.url}/ServiceProviderConfig`)).json).toMatchObject({
      patch: { supported: false },
      pagination: { index: true, cursor: false },
    });
    expect(resourcesOf(await requestScim('GET', `${sim.url}/Schemas`))).toHaveLength(3);
    expect((await requestScim('GET', `${sim.url}/ResourceTypes/User`)).json).toMatchObject({ endpoint: '/Users' });
    await sim.stop();
    await start({ dialect: 'demo-legacy' });
    expect((await requestScim('GET', `${sim.url}/ServiceProviderConfig`)).status).toBe(404);
  });
});
