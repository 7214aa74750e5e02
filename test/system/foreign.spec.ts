import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { configure } from '../../cli/demo/configure.js';
import { startForeignLandscape } from '../../cli/demo/foreign-landscape.js';
import type { Landscape } from '../../cli/demo/landscape.js';
import { Scenes } from '../../cli/demo/scenes.js';
import { Terminal } from '../../cli/demo/terminal.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';

const temporal = await testTemporal();
const CONCURRENT_WRITES = 2;

/* The scenes check statistics, contents and requests themselves and throw when something differs. */
temporal.describe(
  'SCIM servers that nobody of this project wrote: SCIMMY as source and target, Better Auth as target',
  () => {
    let muster: TestMuster;
    let landscape: Landscape;
    let scenes: Scenes;

    beforeAll(async () => {
      muster = await TestMuster.start({ temporalAddress: temporal.address });
      landscape = await startForeignLandscape({ people: 80, groups: 5, concurrentWrites: CONCURRENT_WRITES });
      const sourceId = await configure(muster.client, landscape);
      const terminal = new Terminal(new PassThrough().resume());
      scenes = new Scenes(muster.client, sourceId, landscape, CONCURRENT_WRITES, terminal);
    }, 60_000);

    afterAll(async () => {
      await muster?.stop();
      await landscape?.stop();
    });

    it('JOB-3: the first read creates people and groups', async () => {
      await scenes.firstLoad();
      expect(scenes.jobs.at(-1)?.job.status).toBe('Success');
    }, 60_000);

    it('JOB-6: who changed is updated, who joined created, who left deleted', async () => {
      await scenes.changes();
      expect(scenes.jobs.at(-1)?.job.status).toBe('Success');
    }, 60_000);

    it('CHG-2: a read that finds nothing sends nothing', async () => {
      await scenes.nothingToDo('Nothing to do', '');
      expect(scenes.jobs.at(-1)?.job.status).toBe('Success');
    }, 60_000);

    it('STP-1: a job is stopped half way, and the next one does the rest', async () => {
      await scenes.stopAndResume();
      expect(scenes.jobs.slice(-2).map(({ job }) => job.status)).toEqual(['Manually Terminated', 'Success']);
    }, 60_000);

    it('CHG-2: after that nothing is left to send', async () => {
      await scenes.nothingToDo('Proof', '');
      expect(scenes.jobs).toHaveLength(6);
    }, 60_000);
  },
);
