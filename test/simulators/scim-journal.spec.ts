import { afterEach, describe, expect, it } from '@jest/globals';
import { Journal } from '../../simulators/scim/journal.js';
import { LatencyModel } from '../../simulators/scim/latency.js';
import { startScimSimulator, type ScimSimulator, type ScimSimulatorOptions } from '../../simulators/scim/simulator.js';
import { requestScim, textOf } from '../support/scim-client.js';

let sim: ScimSimulator | undefined;

async function start(options: ScimSimulatorOptions = {}): Promise<ScimSimulator> {
  sim = await startScimSimulator(options);
  return sim;
}

afterEach(async () => {
  await sim?.stop();
  sim = undefined;
});

describe('the request journal', () => {
  it('records each request with what it was about and what became of it', async () => {
    const { url, journal } = await start();
    const id = textOf((await requestScim('POST', `${url}/Users`, { userName: 'ada' })).json, 'id');
    await requestScim('POST', `${url}/Users`, { userName: 'ADA' });
    await requestScim('GET', `${url}/Users?filter=${encodeURIComponent('userName eq "ada"')}`);
    await requestScim('DELETE', `${url}/Users/${id}`);
    const records = journal.since(0);
    expect(records).toMatchObject([
      {
        seq: 1,
        method: 'POST',
        path: '/Users',
        operation: 'create',
        type: 'User',
        entityId: id,
        key: 'ada',
        status: 201,
        applied: true,
      },
      { seq: 2, operation: 'create', key: 'ADA', status: 409, applied: false },
      { seq: 3, operation: 'list', query: 'filter=userName%20eq%20%22ada%22', status: 200, applied: false },
      { seq: 4, operation: 'delete', entityId: id, key: 'ada', status: 204, applied: true },
    ]);
    expect(records.every((record) => (record.endedAtMs ?? 0) >= record.receivedAtMs)).toBe(true);
    expect(journal.countsByMethod()).toEqual({ POST: 2, GET: 1, DELETE: 1 });
    expect(journal.appliedByOperation()).toEqual({ create: 1, delete: 1 });
    expect(journal.writesSince(1).map((record) => record.seq)).toEqual([2, 4]);
    expect(journal.writesSince(journal.mark())).toEqual([]);
  });

  it('invariant 3: creates per key tell a duplicate from a re-creation', async () => {
    const { url, journal, store } = await start();
    const create = async (userName: string): Promise<string> =>
      textOf((await requestScim('POST', `${url}/Users`, { userName })).json, 'id');
    const first = await create('ada');
    await requestScim('DELETE', `${url}/Users/${first}`);
    await create('Ada');
    expect(journal.createsPerKey().get('User:ada')).toEqual({ creates: 2, deletes: 1, maxLive: 1 });
    const ben = await create('ben');
    store.update('User', ben, { userName: 'renamed' });
    await create('ben');
    expect(journal.createsPerKey().get('User:ben')).toEqual({ creates: 2, deletes: 0, maxLive: 2 });
  });

  it('keeps bodies on demand and within its bounds; counts stay exact when records are dropped', () => {
    const journal = new Journal({ capacity: 5, maxBodyBytes: 25 });
    const write = (body: string): void => {
      const record = journal.begin('POST', '/Users', '');
      record.operation = 'create';
      journal.noteBody(record, body);
      journal.noteApplied(record);
      journal.end(record, 201);
    };
    write('not kept');
    journal.keepBodies = true;
    for (const letter of 'abcdef') write(letter.repeat(10));
    expect(journal.since(2).map((record) => record.body)).toEqual([
      undefined,
      undefined,
      undefined,
      'e'.repeat(10),
      'f'.repeat(10),
    ]);
    expect(() => journal.since(1)).toThrow(RangeError);
    expect(journal.countsByMethod()).toEqual({ POST: 7 });
    expect(journal.appliedByOperation()).toEqual({ create: 7 });
  });

  it('reset forgets requests and faults, and the entities only if wanted', async () => {
    const simulator = await start({ users: [{ userName: 'ada' }] });
    await requestScim('GET', `${simulator.url}/Users`);
    simulator.faults.arm({ effect: { kind: 'html' } });
    const mark = simulator.journal.mark();
    simulator.reset({ keepStore: true });
    expect(simulator.statistics()).toMatchObject({ requests: 0, users: 1, byMethod: {} });
    expect((await requestScim('GET', `${simulator.url}/Users`)).status).toBe(200);
    expect(simulator.journal.since(mark)).toHaveLength(1);
    simulator.reset();
    expect(simulator.store.size('User')).toBe(0);
  });
});

describe('latency and concurrency', () => {
  it('waits at least the fixed time per kind of request, and counts the requests in flight', async () => {
    const simulator = await start({ latency: { create: { fixedMs: 40 } } });
    const startMs = performance.now();
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((userName) => requestScim('POST', `${simulator.url}/Users`, { userName })),
    );
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(39);
    expect(simulator.statistics()).toMatchObject({ maxInFlight: 4, inFlight: 0 });
  });

  it('jitter is log-normal: its median and tail are those asked for, and the seed repeats it', () => {
    const draw = (seed: number): number[] => {
      const model = new LatencyModel({ default: { fixedMs: 10, jitterMedianMs: 20, jitterSigma: 0.5 } }, seed);
      return Array.from({ length: 5000 }, () => model.nextMs('list')).sort((left, right) => left - right);
    };
    const times = draw(1);
    expect(times[2500]).toBeGreaterThan(29);
    expect(times[2500]).toBeLessThan(31);
    // exp(0.5 × 2.33) = 3.2 medians
    expect(times[4950]).toBeGreaterThan(10 + 20 * 2.8);
    expect(times[4950]).toBeLessThan(10 + 20 * 3.6);
    expect(draw(1)).toEqual(times);
    expect(draw(2)).not.toEqual(times);
  });

  it('CONN-SCIM-37: the Date header and meta follow a clock that is wrong', async () => {
    const simulator = await start({ clockSkewMs: 120_000 });
    const { url } = simulator;
    const answer = await requestScim('POST', `${url}/Users`, { userName: 'a' });
    const aheadMs = Date.parse(answer.headers.get('date') ?? '') - Date.now();
    expect(aheadMs).toBeGreaterThan(115_000);
    expect(answer.text).toContain(new Date(Date.now() + aheadMs).toISOString().slice(0, 15));
    simulator.setClockSkewMs(0);
    expect(Date.parse((await requestScim('GET', `${url}/Users`)).headers.get('date') ?? '') - Date.now()).toBeLessThan(
      5_000,
    );
  });
});

describe('dialects of creating', () => {
  it.each([
    ['standard', 409, 'uniqueness'],
    ['conflict-400', 400, 'uniqueness'],
    ['conflict-bare', 409, ''],
    ['adopt-on-post', 200, ''],
  ] as const)('%s: the second creation answers %i %s', async (dialect, status, scimType) => {
    const { url, journal, store } = await start({ dialect });
    await requestScim('POST', `${url}/Users`, { userName: 'ada', title: 'old' });
    const answer = await requestScim('POST', `${url}/Users`, { userName: 'ada', title: 'new' });
    expect([answer.status, textOf(answer.json, 'scimType')]).toEqual([status, scimType]);
    expect(store.find('User', 'userName', 'ada')).toMatchObject([
      { title: dialect === 'adopt-on-post' ? 'new' : 'old' },
    ]);
    expect(journal.appliedByOperation()['create']).toBe(1);
  });

  it('folds-accents: Müller and Muller conflict though no filter finds one by the other', async () => {
    const { url } = await start({ dialect: 'folds-accents' });
    await requestScim('POST', `${url}/Users`, { userName: 'müller' });
    expect((await requestScim('POST', `${url}/Users`, { userName: 'Muller' })).status).toBe(409);
    const found = await requestScim('GET', `${url}/Users?filter=${encodeURIComponent('userName eq "muller"')}`);
    expect(found.json['totalResults']).toBe(0);
  });

  it('string-booleans and location-only', async () => {
    const first = await start({ dialect: 'string-booleans' });
    const answer = await requestScim('POST', `${first.url}/Users`, {
      userName: 'a',
      active: false,
      emails: [{ value: 'x', primary: true }],
    });
    expect(answer.json).toMatchObject({ active: 'False', emails: [{ primary: 'True' }] });
    await first.stop();
    const other = await start({ dialect: 'location-only' });
    const created = await requestScim('POST', `${other.url}/Users`, { userName: 'a' });
    expect([created.status, created.text, created.headers.get('location')]).toEqual([
      201,
      '',
      `${other.url}/Users/id-00000001`,
    ]);
  });

  it('an unknown dialect names the known ones', async () => {
    const { dialectOf } = await import('../../simulators/scim/dialects.js');
    expect(() => dialectOf('klingon')).toThrow(/klingon.*known are standard/);
  });
});
