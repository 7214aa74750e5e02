import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultRule } from '../../simulators/scim/faults.js';
import { generatePeople } from '../../simulators/population.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { requestScim, resourcesOf, textOf } from '../support/scim-client.js';

let sim: ScimSimulator;

beforeEach(async () => {
  sim = await startScimSimulator({ users: generatePeople(250, 1) });
});

afterEach(() => sim.stop());

function create(userName: string): ReturnType<typeof requestScim> {
  return requestScim('POST', `${sim.url}/Users`, { userName });
}

function arm(effect: FaultRule['effect'], rule: Omit<FaultRule, 'effect'> = { times: 1 }): number {
  return sim.faults.arm({ effect, ...rule });
}

async function listIds(startIndex = 1, count = 100): Promise<{ ids: string[]; total: unknown }> {
  const answer = await requestScim('GET', `${sim.url}/Users?startIndex=${startIndex}&count=${count}`);
  return { ids: resourcesOf(answer).map((resource) => textOf(resource, 'id')), total: answer.json['totalResults'] };
}

describe('which requests a fault strikes', () => {
  it('skip and times: the third and fourth creation only, then it disarms itself', async () => {
    arm({ kind: 'status', status: 503 }, { name: 'busy', match: { operations: ['create'] }, skip: 2, times: 2 });
    const statuses: number[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) statuses.push((await create(name)).status);
    expect(statuses).toEqual([201, 201, 503, 503, 201]);
    expect(sim.faults.hits('busy')).toBe(2);
    expect(sim.faults.isQuiet).toBe(true);
  });

  it('match by key, entity id, method, path and page position', async () => {
    const id = sim.store.entries('User')[3]?.id ?? '';
    arm({ kind: 'status', status: 500 }, { match: { key: 'BAD.one' } });
    arm({ kind: 'status', status: 502 }, { match: { entityId: id, methods: ['GET'] } });
    arm({ kind: 'status', status: 504 }, { match: { path: '^/Users$', methods: ['GET'], minStartIndex: 101 } });
    expect((await create('good.one')).status).toBe(201);
    expect((await create('bad.one')).status).toBe(500);
    expect((await requestScim('GET', `${sim.url}/Users/${id}`)).status).toBe(502);
    expect((await requestScim('DELETE', `${sim.url}/Users/${id}`)).status).toBe(204);
    expect((await requestScim('GET', `${sim.url}/Users?startIndex=1`)).status).toBe(200);
    expect((await requestScim('GET', `${sim.url}/Users?startIndex=101`)).status).toBe(504);
  });

  it('probability is drawn from the seed: the same requests fail in two simulators of one seed', async () => {
    const run = async (seed: number): Promise<number[]> => {
      const other = await startScimSimulator({ seed });
      other.faults.arm({ effect: { kind: 'status', status: 500 }, probability: 0.5 });
      const statuses: number[] = [];
      for (let turn = 0; turn < 30; turn += 1) statuses.push((await requestScim('GET', `${other.url}/Users`)).status);
      await other.stop();
      return statuses;
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run(6)).not.toEqual(first);
  });

  it('a predicate of the test decides; disarm and clear end a fault', async () => {
    const id = sim.faults.arm(
      { effect: { kind: 'status', status: 500 } },
      (request) => request.key?.startsWith('x') === true,
    );
    expect((await create('x1')).status).toBe(500);
    expect((await create('y1')).status).toBe(201);
    sim.faults.disarm(id);
    expect((await create('x1')).status).toBe(201);
    arm({ kind: 'status', status: 500 }, {});
    sim.faults.clear();
    expect((await create('z1')).status).toBe(201);
  });
});

describe('answers that are no success', () => {
  it('RTY-1: 429 and 503 with Retry-After in seconds, as a date, and absurd', async () => {
    arm({ kind: 'status', status: 429, retryAfter: 7 });
    expect((await create('a')).headers.get('retry-after')).toBe('7');
    arm({ kind: 'status', status: 503, retryAfterDateSeconds: 30 });
    const date = Date.parse((await create('a')).headers.get('retry-after') ?? '');
    expect(Math.abs(date - Date.now() - 30_000)).toBeLessThan(2_000);
    arm({ kind: 'status', status: 429, retryAfter: '-99999999999' });
    expect((await create('a')).headers.get('retry-after')).toBe('-99999999999');
    expect(sim.store.find('User', 'userName', 'a')).toEqual([]);
  });

  it('a status with apply does the work and denies it; SCIM errors carry scimType', async () => {
    arm({ kind: 'status', status: 500, apply: true });
    expect((await create('a')).status).toBe(500);
    expect(sim.store.find('User', 'userName', 'a')).toHaveLength(1);
    arm({ kind: 'status', status: 409, scimType: 'uniqueness', detail: 'taken' });
    expect((await create('b')).json).toMatchObject({ status: '409', scimType: 'uniqueness', detail: 'taken' });
  });

  it('CONN-SCIM-91: throttle lets so many requests a second through and answers the rest with 429', async () => {
    let second = 100;
    const { Faults } = await import('../../simulators/scim/faults.js');
    const faults = new Faults(1, () => second * 1000);
    faults.arm({ effect: { kind: 'throttle', perSecond: 3, retryAfterSeconds: 2 } });
    const request = {
      method: 'GET',
      path: '/Users',
      operation: 'list',
      type: 'User',
      entityId: undefined,
      key: undefined,
      startIndex: 1,
    } as const;
    const strikes = (): number => Array.from({ length: 5 }, () => faults.strike(request)).filter(Boolean).length;
    expect(strikes()).toBe(2);
    expect(strikes()).toBe(5);
    second += 1;
    expect(strikes()).toBe(2);

    arm({ kind: 'throttle', perSecond: 0, retryAfterSeconds: 2 }, {});
    const answer = await create('a');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
  });

  it('HTML with 200, and JSON cut in the middle after the work was done', async () => {
    arm({ kind: 'html' });
    const html = await create('a');
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html;charset=utf-8']);
    expect(html.text).toContain('<html>');
    arm({ kind: 'truncatedJson' });
    const cut = await create('b');
    expect(cut.status).toBe(201);
    expect(() => void JSON.parse(cut.text)).toThrow(SyntaxError);
    expect([sim.store.find('User', 'userName', 'a').length, sim.store.find('User', 'userName', 'b').length]).toEqual([
      0, 1,
    ]);
  });

  it('a huge body is streamed until the client hangs up, without memory for it', async () => {
    arm({ kind: 'hugeBody', bytes: 1_000_000_000 });
    const response = await fetch(`${sim.url}/Users`);
    const reader = response.body?.getReader();
    let bytes = 0;
    while (bytes < 1_000_000) bytes += (await reader?.read())?.value?.length ?? 1_000_000;
    await reader?.cancel();
    expect((await listIds()).ids).toHaveLength(100);
  });
});

describe('answers that never come', () => {
  it('drop: the connection is cut and nothing is done; applyThenDrop: the "lost 201"', async () => {
    arm({ kind: 'drop' });
    await expect(create('a')).rejects.toThrow();
    arm({ kind: 'applyThenDrop' });
    await expect(create('b')).rejects.toThrow();
    expect([sim.store.find('User', 'userName', 'a').length, sim.store.find('User', 'userName', 'b').length]).toEqual([
      0, 1,
    ]);
    const [dropped, lost] = sim.journal.since(0);
    expect(dropped).toMatchObject({ status: 0, applied: false, fault: 'drop', key: 'a' });
    expect(lost).toMatchObject({ status: 0, applied: true, fault: 'applyThenDrop', key: 'b' });
  });

  it('hang: open until the client gives up, with the work done or not', async () => {
    arm({ kind: 'hang', apply: true }, { times: 1, match: { operations: ['create'] } });
    const controller = new AbortController();
    const pending = fetch(`${sim.url}/Users`, {
      method: 'POST',
      headers: { 'content-type': 'application/scim+json' },
      body: '{"userName":"a"}',
      signal: controller.signal,
    });
    const refused = expect(pending).rejects.toThrow();
    // Whether the hanging request has arrived shows in the store only: ask until it has.
    while (sim.store.find('User', 'userName', 'a').length === 0) await listIds(1, 1);
    expect(sim.statistics().inFlight).toBeGreaterThanOrEqual(1);
    controller.abort();
    await refused;
  });

  it('down refuses connections and cuts open ones; up listens on the same port again', async () => {
    const { port } = sim;
    await create('a');
    await sim.down();
    await expect(create('b')).rejects.toThrow();
    await sim.up();
    expect(sim.port).toBe(port);
    expect((await create('b')).status).toBe(201);
    expect(sim.store.find('User', 'userName', 'a')).toHaveLength(1);
  });
});

describe('lists that lie', () => {
  it('CONN-SCIM-22: repeatPage answers the page before', async () => {
    const first = await listIds(1);
    arm({ kind: 'repeatPage' });
    expect((await listIds(101)).ids).toEqual(first.ids);
    expect((await listIds(101)).ids).not.toEqual(first.ids);
  });

  it('CONN-CORE-24: the total shrinks, grows, is wrong; pages are short or empty', async () => {
    arm({ kind: 'shrinkTotal', by: 10 });
    expect((await listIds()).total).toBe(240);
    arm({ kind: 'shrinkTotal', by: -5 });
    expect((await listIds()).total).toBe(255);
    arm({ kind: 'wrongTotal', total: 7 });
    expect((await listIds()).total).toBe(7);
    arm({ kind: 'shortPage', entities: 3 });
    expect((await listIds()).ids).toHaveLength(3);
    arm({ kind: 'emptyPage' });
    expect(await listIds()).toEqual({ ids: [], total: 250 });
  });

  it('CONN-SCIM-30: an id twice, a resource without id', async () => {
    arm({ kind: 'duplicateId' });
    const { ids } = await listIds();
    expect([ids.length, ids[99]]).toEqual([100, ids[0]]);
    arm({ kind: 'missingId', at: 4 });
    expect((await listIds()).ids.indexOf('')).toBe(4);
    expect((await listIds()).ids).not.toContain('');
  });
});

describe('paging drift', () => {
  it('the trace that defeats naive paging: person 101 is present all the time, never delivered, and total and count agree', async () => {
    const drift = sim.armPagingDrift({ pageSizeEntities: 100, joiner: { id: 'joiner', userName: 'joiner' } });
    await requestScim('GET', `${sim.url}/Users?startIndex=1&count=1`);
    expect(drift.trace).toBeUndefined();
    const person101 = sim.store.entries('User')[100]?.id;
    const pages = [await listIds(1), await listIds(101), await listIds(201)];
    const delivered = pages.flatMap(({ ids }) => ids);
    expect(drift.trace).toMatchObject({ undeliveredId: person101, addedId: 'joiner' });
    expect(pages.map(({ total }) => total)).toEqual([250, 250, 250]);
    expect(new Set(delivered).size).toBe(250);
    expect(delivered).not.toContain(person101);
    expect(delivered).toContain(drift.trace?.removedId);
    expect(sim.store.get('User', person101 ?? '')).toBeDefined();
    expect((await listIds(1)).ids).toContain(person101);
  });

  it('afterPage acts once between two pages of a read', async () => {
    const seen: number[] = [];
    sim.afterPage(2, () => seen.push(sim.journal.mark()));
    for (const startIndex of [1, 101, 201, 1, 101]) await listIds(startIndex);
    expect(seen).toEqual([2]);
  });
});
