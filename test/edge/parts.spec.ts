import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allowOnly } from '../../connectors/edge/allow-list.js';
import { perform, resultOf } from '../../connectors/edge/operations.js';
import { EdgeServer } from '../../connectors/edge/edge-server.js';
import { EdgeRouter } from '../../connectors/edge/router.js';
import { Places } from '../../connectors/edge/places.js';
import type { Connector, ValueHolder } from '../../connectors/contract.js';
import type { ReachedPlace } from '../../connectors/reach-guard.js';
import { scimSystemFactory } from '../../connectors/scim/scim.factory.js';
import { EDGE_TIMES, EDGE_WINDOW_MS } from '../../core/edge/timing.js';
import { locationOf, locationProblems } from '../../core/edge/location.js';
import { Batches } from '../../runtime/edge/batches.js';
import { loadEdgeFile } from '../../runtime/edge/edge-file.js';
import { messagesOf, partsOf } from '../../runtime/edge/frames.js';
import {
  edgeKeyFromPem,
  edgeKeyToPem,
  generateEdgeKey,
  parsePublicKey,
  publicKeyText,
} from '../../runtime/edge/keys.js';
import { PartStore } from '../../runtime/edge/part-store.js';
import { CallOpener, CallSealer } from '../../runtime/edge/sealed-calls.js';
import { openCredential, sealCredential } from '../../runtime/edge/sealed-credential.js';
import { SignOfLife } from '../../worker/edge/sign-of-life.js';
import type { Beat } from '../../worker/edge/sign-of-life.js';
import type { JsonObject } from '../../core/json.js';
import { loadConfig } from '../../runtime/config.js';

describe('when an edge worker may begin a request that writes (ADR 0086)', () => {
  const scene = (beat: Beat) => {
    let now = 1_000_000;
    const life = new SignOfLife(beat, () => now);
    return { life, after: (ms: number) => (now += ms), beat: () => life.first() };
  };

  it('not before Temporal has heard of it, nor when it was not heard', async () => {
    const { life } = scene(() => Promise.reject(new Error('away')));
    expect(life.mayBegin()).toBe(false);
    await life.first();
    expect(life.mayBegin()).toBe(false);
  });

  it('not after a silence, which Temporal takes for death a moment later', async () => {
    const { life, after, beat } = scene(async () => 'goesOn');
    await beat();
    after(EDGE_TIMES.silence - 1);
    expect(life.mayBegin()).toBe(true);
    after(1);
    expect(life.mayBegin()).toBe(false);
    expect(EDGE_TIMES.silence).toBeLessThan(EDGE_TIMES.heartbeat);
  });

  it('a beat counts from before it was sent: it may have been heard at once, and answered late', async () => {
    let answer: (heard: 'goesOn') => void = () => undefined;
    const { life, after } = scene(() => new Promise((resolve) => (answer = resolve)));
    const beaten = life.first();
    after(EDGE_TIMES.silence);
    answer('goesOn');
    await beaten;
    expect(life.mayBegin()).toBe(false);
  });

  it('not for longer than the lease of the installation is sure to cover, however alive it is', async () => {
    const { life, after, beat } = scene(async () => 'goesOn');
    for (let ms = 0; ms < EDGE_TIMES.writing; ms += 5_000) {
      await beat();
      expect(life.mayBegin()).toBe(true);
      after(5_000);
    }
    await beat();
    expect(life.mayBegin()).toBe(false);
    const { start, firstTask, task, scheduleToStart, heartbeat, writing } = EDGE_TIMES;
    expect(EDGE_WINDOW_MS).toBeGreaterThanOrEqual(start + firstTask + task + scheduleToStart + heartbeat + writing);
  });

  it.each(['over', 'asked'] as const)('the connector is stopped when Temporal answers "%s"', async (answer) => {
    const { life, beat } = scene(async () => answer);
    await beat();
    expect(life.signal.aborted).toBe(true);
    expect(life.mayBegin()).toBe(answer === 'asked');
  });
});

describe('ONP-1, ONP-2: how a system is reached', () => {
  const key = generateEdgeKey().publicKey;
  const router = (registered: readonly string[]) =>
    new EdgeRouter({
      keyOf: async (location) => (registered.includes(location) ? key : undefined),
      portTo: (location) => ({ location, centralKey: 'k', call: () => Promise.reject(new Error('not called')) }),
    });
  const reach = async (registered: readonly string[], properties: Record<string, string>, secrets = {}) =>
    router(registered).reach({ properties, secrets });
  const onPremise = { ProxyType: 'OnPremise' };

  it('ONP-1: over the Internet directly, and nobody is asked', async () => {
    const asking = new EdgeRouter({
      keyOf: () => Promise.reject(new Error('asked')),
      portTo: () => {
        throw new Error('asked');
      },
    });
    expect(await asking.reach({ properties: { ProxyType: 'Internet' }, secrets: {} })).toEqual({ kind: 'direct' });
    expect(await asking.reach({ properties: { 'ldap.proxyType': 'Internet' }, secrets: {} })).toEqual({
      kind: 'direct',
    });
  });

  it('ONP-1: on premise through the edge workers of the location; directly while nobody is registered for the default one', async () => {
    expect((await reach(['default'], onPremise)).kind).toBe('edge');
    expect((await reach(['default'], { 'ldap.proxyType': 'OnPremise' })).kind).toBe('edge');
    expect((await reach([], onPremise)).kind).toBe('direct');
    const named = await reach([], { ...onPremise, CloudConnectorLocationId: 'plant' });
    expect(named).toMatchObject({ kind: 'refused' });
    expect('message' in named && named.message).toContain('no edge worker for location plant');
  });

  it('CONN-CORE-92: a sealed credential goes nowhere but through an edge worker', async () => {
    const secrets = { Password: sealCredential(key, 'Password', 'x') };
    expect((await reach(['default'], onPremise, secrets)).kind).toBe('edge');
    for (const properties of [onPremise, { ProxyType: 'Internet' }])
      expect(await reach([], properties, secrets)).toMatchObject({ kind: 'refused' });
  });

  it('ONP-2: the location comes from CloudConnectorLocationId, or of HTTP from the header', () => {
    const header = 'ips.http.header.SAP-Connectivity-SCC-Location_ID';
    expect(locationOf(onPremise)).toBe('default');
    expect(locationOf({ ...onPremise, CloudConnectorLocationId: ' plant ' })).toBe('plant');
    expect(locationOf({ ...onPremise, [header]: 'plant' })).toBe('plant');
    expect(locationOf({ ...onPremise, [header.toLowerCase()]: 'plant' })).toBe('plant');
    expect(locationOf({ ...onPremise, CloudConnectorLocationId: 'a', [header]: 'b' })).toBe('a');
    expect(locationProblems({ ...onPremise, CloudConnectorLocationId: 'a', [header]: 'b' })).toHaveLength(1);
    expect(locationProblems({ ...onPremise, CloudConnectorLocationId: 'a.b' })[0]?.message).toContain('64 letters');
    expect(locationProblems({ ProxyType: 'Internet', CloudConnectorLocationId: 'a' })).toHaveLength(1);
    expect(locationProblems({ ...onPremise, CloudConnectorLocationId: 'plant-1_A' })).toEqual([]);
  });

  it('a lease outlives the whole crossing', async () => {
    const crossing = await reach(['default'], onPremise);
    const own = scimSystemFactory.capabilities(onPremise, 'target');
    if (crossing.kind !== 'edge') throw new Error('it does not cross');
    expect(crossing.route.capabilities(own).requestTimeoutMs).toBe(own.requestTimeoutMs + EDGE_WINDOW_MS);
    // As many as the edge worker gets done in time, also where each takes seconds.
    const underWay = (maxConcurrentWrites: number): number =>
      crossing.route.capabilities({ ...own, maxConcurrentWrites }).maxConcurrentWrites;
    expect([1, 4, 8, 32, 50].map(underWay)).toEqual([4, 16, 32, 32, 50]);
  });
});

describe('CONN-CORE-94: the list of what may be reached', () => {
  const place: ReachedPlace = { protocol: 'https', host: 'Hr.example.com', port: 443, path: '/scim/v2/Users?filter=x' };
  const isAllowed = (...list: Parameters<typeof allowOnly>[0]): boolean => {
    try {
      allowOnly(list)(place);
      return true;
    } catch {
      return false;
    }
  };
  const entry = { host: 'hr.example.com', port: 443 };

  it('compares hosts without case, ports, protocols and paths', () => {
    expect(isAllowed()).toBe(false);
    expect(isAllowed(entry)).toBe(true);
    expect(isAllowed({ ...entry, port: 80 })).toBe(false);
    expect(isAllowed({ ...entry, host: 'example.com' })).toBe(false);
    expect(isAllowed({ ...entry, protocol: 'http' })).toBe(false);
    expect(isAllowed({ ...entry, protocol: 'https', paths: ['/other', '/scim/v2/'] })).toBe(true);
    expect(isAllowed({ ...entry, paths: ['/scim/v'] })).toBe(false);
  });

  it.each([
    '/scim/v2/../../admin',
    '/scim/v2/%2e%2e/%2E%2E/admin',
    '/scim/v2/..%2f..%2fadmin',
    '/scim/v2/..\\..\\admin',
  ])('a path that leads elsewhere is elsewhere: %s', (path) => {
    const guard = allowOnly([{ ...entry, paths: ['/scim/v2'] }]);
    expect(() => guard({ ...place, path })).toThrow('may not reach');
    expect(() => guard({ ...place, path: '/scim/v2/Users/a%2Fb' })).not.toThrow();
  });
});

describe('CONN-CORE-92, CONN-CORE-93: what is sealed', () => {
  const [central, edge] = [generateEdgeKey(), generateEdgeKey()];
  const id = '5f2a3c1e-0000-4000-8000-000000000001';

  it('a call is opened by the edge worker, its answer by the installation, and each only as what it is', async () => {
    const sealer = new CallSealer(central, edge.publicKey);
    const sealed = await sealer.seal(id, { hello: 'ada' });
    expect(sealed.toString('latin1')).not.toContain('ada');
    const opened = await new CallOpener(edge, central.publicKey).open(id, sealed);
    if (typeof opened === 'string') throw new Error(opened);
    expect(opened.message).toEqual({ hello: 'ada' });
    const answer = await opened.seal({ good: 'day' });
    expect(await sealer.open(id, answer)).toEqual({ good: 'day' });
    await expect(sealer.open(id.replace('1', '2'), answer)).rejects.toThrow('belongs to another call');
    await expect(new CallSealer(central, edge.publicKey).open(id, answer)).rejects.toThrow();
  });

  it('nobody else makes calls, and none is opened that was altered or belongs elsewhere', async () => {
    const opener = new CallOpener(edge, central.publicKey);
    // Whoever knows the public key of the edge worker, and Temporal.
    const stranger = new CallSealer(generateEdgeKey(), edge.publicKey);
    expect(await opener.open(id, await stranger.seal(id, {}))).toBe('notOurs');
    const sealed = await new CallSealer(central, edge.publicKey).seal(id, {});
    expect(await opener.open(id.replace('1', '2'), sealed)).toBe('notOurs');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    expect(await opener.open(id, altered)).toBe('notOurs');
    expect(await opener.open(id, Buffer.alloc(3))).toBe('notOurs');
    const other = new CallSealer(central, generateEdgeKey().publicKey);
    expect(await opener.open(id, await other.seal(id, {}))).toBe('otherKey');
  });

  it('a call that was copied out of a history is not made again, and none of long ago', async () => {
    let now = 1_800_000_000_000;
    const server = new EdgeServer({
      worker: 'w',
      clockMs: () => now,
      find: () => undefined,
      guard: () => undefined,
      openCredential: () => undefined,
      nowMs: () => now,
      log: { debug: () => undefined, warn: () => undefined },
    });
    const permit = { worker: 'w', beginByMs: Infinity };
    const watch = { permit, signal: new AbortController().signal, mayBegin: () => true, isEnding: () => false };
    const call = {
      v: 2,
      issuedAtMs: now,
      instance: id,
      system: { typeName: 'x', properties: {}, secrets: {} },
      isPaced: false,
      operation: 'close',
      args: [{}],
    };
    expect(await server.serve('a', call, watch)).toMatchObject({ end: 'value' });
    expect(await server.serve('a', call, watch)).toMatchObject({ error: { safeMessage: 'the call was made before' } });
    now += 11 * 60_000;
    expect(await server.serve('b', call, watch)).toMatchObject({
      error: { kind: 'fatal', safeMessage: expect.stringContaining('differ by more than 10 minutes') },
    });
  });

  it('a credential is opened by the holder of the key, as the property that it was sealed for', () => {
    const sealed = sealCredential(edge.publicKey, 'Password', 'sëcret');
    expect(sealed).not.toContain('cret');
    expect(openCredential(edge, 'Password', sealed)).toBe('sëcret');
    expect(openCredential(edge, 'ldap.password', sealed)).toBeUndefined();
    expect(openCredential(central, 'Password', sealed)).toBeUndefined();
    expect(openCredential(edge, 'Password', 'edge:v1:AAAA')).toBeUndefined();
    expect(openCredential(edge, 'Password', 'clear')).toBeUndefined();
  });

  it('keys survive their file, and what is no key is refused', () => {
    expect(edgeKeyFromPem(edgeKeyToPem(edge)).publicKey).toEqual(edge.publicKey);
    expect(parsePublicKey(publicKeyText(edge.publicKey))).toEqual(edge.publicKey);
    for (const text of ['', 'abc', `${publicKeyText(edge.publicKey)}A`]) expect(() => parsePublicKey(text)).toThrow();
    expect(() => edgeKeyFromPem('no key')).toThrow('no private key');
  });
});

describe('what crosses', () => {
  it('CNF-10: a holder of a value crosses with what makes another value of it', async () => {
    const holder: ValueHolder = {
      attribute: 'mail',
      id: '7',
      isKey: false,
      without: (body, mark) => ({ ...body, emails: [{ value: `${mark}-ada@example.org` }] }),
    };
    const connector = { findHolders: async () => [holder] } as unknown as Connector;
    const body = { userName: 'ada', emails: [{ value: 'ada@example.org' }] };
    const sent: unknown = await perform(connector, 'findHolders', ['user', '7', body, {}], {});
    const crossed: unknown = JSON.parse(JSON.stringify(sent));
    const [found] = resultOf('findHolders', crossed) as readonly ValueHolder[];
    expect(found).toMatchObject({ attribute: 'mail', id: '7', isKey: false });
    expect(found?.without({ ...body, userName: 'other' }, 'a1b2c3d4e5f6')).toEqual({
      userName: 'other',
      emails: [{ value: 'a1b2c3d4e5f6-ada@example.org' }],
    });
  });

  it('sets cross as sets', async () => {
    const asked: unknown[] = [];
    const connector = {
      update: async (...args: unknown[]) => void asked.push(args[2]),
      readPresent: async () => new Set(['1']),
    } as unknown as Connector;
    await perform(connector, 'update', ['group', '1', { mode: 'patch', body: {}, memberGroups: ['2'] }, {}], {});
    expect(asked).toEqual([{ mode: 'patch', body: {}, memberGroups: new Set(['2']) }]);
    expect(resultOf('readPresent', await perform(connector, 'readPresent', ['user', ['1'], {}], {}))).toEqual(
      new Set(['1']),
    );
  });

  it('CONN-CORE-91: images do not cross: bytes would not come out as they went in, and the body is there', async () => {
    class Lazy {
      readonly type = 'user';
      readonly id = '7';
      readonly image = Buffer.from('a=b');
      get body(): JsonObject {
        return { a: ['b'] };
      }
    }
    const page = { items: [new Lazy()], failures: [], tombstones: [], next: null };
    const connector = { readOne: async () => new Lazy(), readPage: async () => page } as unknown as Connector;
    const crossing = { type: 'user', id: '7', body: { a: ['b'] } };
    expect(await perform(connector, 'readOne', ['user', '7', {}], {})).toEqual(crossing);
    expect(await perform(connector, 'readPage', [{}], {})).toEqual({ ...page, items: [crossing] });
  });

  it('CONN-CORE-60, CONN-CORE-91: of an account that was found cross its body and what identifies it, and nothing that it was made of', async () => {
    class Made {
      readonly type = 'user';
      readonly id = '7';
      readonly madeOf = { userPassword: 'secret' };
      get body(): JsonObject {
        return { a: ['b'] };
      }
    }
    const one = { outcome: 'one', entity: new Made(), createdAt: '2026-01-01T00:00:00Z' } as const;
    const connector = {
      resolveExisting: async () => one,
      matchExisting: async () => [one, { outcome: 'none' }],
    } as unknown as Connector;
    const crossing = { ...one, entity: { type: 'user', id: '7', body: { a: ['b'] } } };
    expect(await perform(connector, 'resolveExisting', ['user', {}, [], {}], {})).toEqual(crossing);
    expect(await perform(connector, 'matchExisting', ['user', [{}], [], {}], {})).toEqual([
      crossing,
      { outcome: 'none' },
    ]);
  });

  it('messages are cut and put together again, and forgotten after a while', () => {
    const message = Buffer.from(Array.from({ length: 2_000_000 }, (_, n) => n % 251));
    const parts = partsOf(message);
    expect(parts.length).toBe(3);
    let now = 0;
    const store = new PartStore(() => now, 1_000, 3_000_000);
    for (const [part, body] of parts.entries()) store.put('a', part, body);
    expect(store.take('a', 2)).toBeDefined();
    expect(store.take('a', 3)).toBeUndefined();
    for (const [part, body] of parts.entries()) store.put('b', part, body);
    expect(store.part('b', 1)).toEqual(parts[1]);
    now = 1_001;
    expect(store.part('b', 1)).toBeUndefined();
    for (const name of ['c', 'd']) for (const [part, body] of parts.entries()) store.put(name, part, body);
    expect(store.take('c', 3)).toBeUndefined();
    expect(store.take('d', 3)).toEqual(message);
    expect(messagesOf(Buffer.from('abbccc'), [1, 2, 3])?.map(String)).toEqual(['a', 'bb', 'ccc']);
    expect(messagesOf(Buffer.from('abb'), [1])).toBeUndefined();
  });

  it('a message without end is forgotten like those that are too many', () => {
    const store = new PartStore(() => 0, 1_000, 1_000);
    for (let part = 0; part < 10; part += 1) store.put('endless', part, Buffer.alloc(300));
    expect(store.take('endless', 10)).toBeUndefined();
    // Nothing is left of it that would count.
    for (let part = 0; part < 3; part += 1) store.put('a', part, Buffer.alloc(300));
    expect(store.take('a', 3)).toHaveLength(900);
  });

  it('what comes while the lanes are full goes together, in order', async () => {
    const batches: string[][] = [];
    const free: (() => void)[] = [];
    const sender = new Batches<{ name: string; bytes: number }, string>(
      async (items) => {
        batches.push(items.map(({ name }) => name));
        await new Promise<void>((resolve) => free.push(resolve));
        return items.map(({ name }) => name.toUpperCase());
      },
      { lanes: 1, items: 3, bytes: 10 },
    );
    const ends = ['a', 'b', 'c', 'd'].map((name) => sender.add({ name, bytes: 4 }));
    for (let n = 0; n < 10; n += 1) {
      await new Promise((wake) => setImmediate(wake));
      free.shift()?.();
    }
    expect(await Promise.all(ends)).toEqual(['A', 'B', 'C', 'D']);
    expect(batches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('CONN-CORE-75: requests take turns in the places that calls have brought', async () => {
    const places = new Places();
    places.add();
    const first = await places.take(undefined);
    let second: (() => void) | undefined;
    const waiting = places.take(undefined).then((leave) => (second = leave));
    await new Promise((wake) => setImmediate(wake));
    expect(second).toBeUndefined();
    first();
    await waiting;
    const stop = new AbortController();
    const third = places.take(stop.signal);
    stop.abort();
    await expect(third).rejects.toThrow('stopped');
    places.remove();
    second?.();
    let fourth = false;
    void places.take(undefined).then(() => (fourth = true));
    await new Promise((wake) => setImmediate(wake));
    expect(fourth).toBe(false);
    places.add();
    await new Promise((wake) => setImmediate(wake));
    expect(fourth).toBe(true);
  });

  it('CONN-CORE-94: what is wrong in the configuration of an edge worker is said with its place and what it must be', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-edge-file-'));
    try {
      const file = join(folder, 'edge.json');
      await writeFile(file, JSON.stringify({ allow: [{ protocol: 'ftp', port: '636' }] }));
      await expect(loadEdgeFile(file)).rejects.toThrow(
        `${file} cannot be used:\n  allow.0.protocol: must be one of http, https, ldap, ldaps\n  allow.0.host: is missing: must be a text\n  allow.0.port: must be a number`,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('the configuration of an edge worker is found beside the state of the process, or where it is said to be', () => {
    expect(loadConfig({ MUSTER_HOME: '/srv/muster' }).edgeConfigFile).toBe('/srv/muster/edge.json');
    expect(loadConfig({ MUSTER_EDGE_CONFIG: '/etc/muster/edge.json' }).edgeConfigFile).toBe('/etc/muster/edge.json');
  });
});
