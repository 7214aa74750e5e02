import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFileSync } from '@swc/core';
import { evolve } from '../../simulators/evolution.js';
import { generatePopulation } from '../../simulators/population.js';
import { localControl, type ScimSimulatorControl } from '../../simulators/scim/control.js';
import { spawnScimSimulator, type SimulatorProcess } from '../../simulators/scim/spawn.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import { requestScim } from '../support/scim-client.js';

/** Compiles the simulators into a folder of their own, so that the test needs no build. */
function compileSimulators(folder: string): string {
  for (const part of ['simulators', 'core']) {
    for (const file of readdirSync(part, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )) {
      const target = join(folder, part, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      const options = {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        swcrc: false,
      } as const;
      writeFileSync(target, transformFileSync(join(part, file), options).code);
    }
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return join(folder, 'simulators/main.js');
}

let folder: string;
let entry: string;
const stops: (() => Promise<void>)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-simulators-'));
  entry = compileSimulators(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startLocal(): Promise<{ url: string; control: ScimSimulatorControl }> {
  const simulator = await startScimSimulator();
  stops.push(() => simulator.stop());
  return { url: simulator.url, control: localControl(simulator) };
}

async function startProcess(options: Parameters<typeof spawnScimSimulator>[0] = {}): Promise<SimulatorProcess> {
  const started = await spawnScimSimulator(options, { entry });
  stops.push(() => started.stop());
  return started;
}

describe.each([
  ['in process', startLocal],
  ['in a process of its own', startProcess],
])('control of a simulator %s', (_, start) => {
  it('edits the store, arms faults, reads the journal', async () => {
    const { url, control } = await start();
    const id = await control.add('User', { userName: 'ada' });
    await control.update('User', id, { title: 'Expert' });
    expect(await control.find('User', 'userName', 'ADA')).toMatchObject([{ id, title: 'Expert' }]);
    await control.armFault({ effect: { kind: 'status', status: 503 }, times: 1 });
    await control.keepBodies(true);
    expect((await requestScim('POST', `${url}/Users`, { userName: 'ben' })).status).toBe(503);
    expect((await requestScim('POST', `${url}/Users`, { userName: 'ben' })).status).toBe(201);
    expect(await control.writesSince(0)).toMatchObject([
      { status: 503, applied: false, fault: 'status' },
      { status: 201, applied: true, key: 'ben', body: '{"userName":"ben"}' },
    ]);
    expect(await control.createsPerKey()).toEqual({ 'User:ben': { creates: 1, deletes: 0, maxLive: 1 } });
    expect(await control.statistics()).toMatchObject({ requests: 2, users: 2, faultHits: { status: 1 } });
    expect(await control.remove('User', id)).toBe(true);
    expect(await control.get('User', id)).toBeNull();
    await control.reset();
    expect(await control.snapshot()).toEqual({ users: [], groups: [] });
  });

  it('a simulator that is down can be told to come up', async () => {
    const { url, control } = await start();
    await control.down();
    await expect(requestScim('GET', `${url}/Users`)).rejects.toThrow();
    await control.up();
    expect((await requestScim('GET', `${url}/Users`)).status).toBe(200);
  });

  it('populates and evolves like the functions in process', async () => {
    const { control } = await start();
    await control.populate({ people: 100, groups: 20, seed: 4 });
    const evolution = evolve(generatePopulation({ people: 100, groups: 20, seed: 4 }), {
      changed: 3,
      joined: 2,
      left: 4,
      seed: 1,
    });
    await control.evolve(evolution);
    const { users, groups } = await control.snapshot();
    expect(users.map((user) => user['id']).sort()).toEqual(
      evolution.population.people.map((person) => person.id).sort(),
    );
    expect(groups).toHaveLength(20);
  });

  it('arms the paging drift and tells its trace', async () => {
    const { url, control } = await start();
    await control.populate({ people: 30, groups: 0, seed: 1 });
    await control.armPagingDrift({ pageSizeEntities: 10, joiner: { userName: 'joiner' } });
    expect(await control.driftTrace()).toBeNull();
    await requestScim('GET', `${url}/Users?startIndex=1&count=10`);
    expect(await control.driftTrace()).toMatchObject({ undeliveredId: 'p1-0000010', removedId: 'p1-0000008' });
  });

  it('refuses with the reason', async () => {
    const { control } = await start();
    await expect(control.update('User', 'nobody', {})).rejects.toThrow(/no User with the id nobody/);
  });
});

describe('the simulator process', () => {
  it('takes its options from JSON and starts with a population', async () => {
    const { url, control } = await startProcess({ dialect: 'no-filter', populate: { people: 12, groups: 2, seed: 1 } });
    expect(await control.statistics()).toMatchObject({ users: 12, groups: 2 });
    expect((await requestScim('GET', `${url}/Users?filter=id%20pr`)).status).toBe(400);
  });

  it('ends with a message that names a wrong option', async () => {
    await expect(spawnScimSimulator({ dialekt: 'x' } as object, { entry })).rejects.toThrow(/unknown option "dialekt"/);
    await expect(spawnScimSimulator({ dialect: 'x' as 'standard' }, { entry })).rejects.toThrow(
      /unknown SCIM dialect "x"/,
    );
  });
});
