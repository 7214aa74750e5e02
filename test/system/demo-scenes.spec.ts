import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { configure } from '../../cli/demo/configure.js';
import { DemoFailure } from '../../cli/demo/expectation.js';
import type { Landscape } from '../../cli/demo/landscape.js';
import { Scenes } from '../../cli/demo/scenes.js';
import { startSimulatedLandscape } from '../../cli/demo/simulated-landscape.js';
import { Terminal } from '../../cli/demo/terminal.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';

const temporal = await testTemporal();
const CONCURRENT_WRITES = 1;

temporal.describe('the demo believes nothing', () => {
  let muster: TestMuster;
  let landscape: Landscape;
  let sourceId: string;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
    landscape = await startSimulatedLandscape({ people: 20, groups: 3, concurrentWrites: CONCURRENT_WRITES });
    sourceId = await configure(muster.client, landscape);
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await landscape?.stop();
  });

  function scenesOf(tampered: Partial<Landscape>): Scenes {
    const terminal = new Terminal(new PassThrough().resume());
    return new Scenes(muster.client, sourceId, { ...landscape, ...tampered }, CONCURRENT_WRITES, terminal);
  }

  it('a target whose content differs from the source is a failure that names the person', async () => {
    const [first, ...others] = landscape.targets;
    if (first === undefined) throw new Error('the demo has no target');
    const tampered = { ...first, content: async () => ({ users: [], groups: [] }) };
    const played = scenesOf({ targets: [tampered, ...others] }).firstLoad();
    await expect(played).rejects.toThrow(/^Cloud directory differs:\n {2}person \S+ is missing/);
  });

  it('statistics that differ from what was done are a failure that names each number', async () => {
    const played = scenesOf({}).firstLoad();
    await expect(played).rejects.toThrow('Cloud directory, users created: 0 instead of 20');
    await expect(played).rejects.toBeInstanceOf(DemoFailure);
  });

  it('a request that writes though nothing changed is a failure', async () => {
    const targets = landscape.targets.map((target) => ({ ...target, writesSince: () => 1 }));
    const played = scenesOf({ targets }).nothingToDo('Nothing to do', '');
    await expect(played).rejects.toThrow('Cloud directory, Intranet directory got requests that write.');
  });

  it('a job that does not succeed is a failure that gives its reason', async () => {
    await muster.client.changeProperties(sourceId, { 'ips.failed.request.retry.attempts.interval': '1' });
    await landscape.stop();
    const played = scenesOf({}).nothingToDo('Nothing to do', '');
    await expect(played).rejects.toThrow(
      /ended with Finished with Error instead of Success.\n.*HR directory: .*refused/,
    );
  }, 120_000);
});
