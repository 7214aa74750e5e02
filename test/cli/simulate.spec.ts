import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { group, person } from '../support/world.js';
import { TestMuster } from '../system/support/muster.js';
import type { System } from '../system/support/muster.js';

/** Each command is a process of its own, and looks every second whether the job is over. */
const LIMIT_MS = 60_000;

const temporal = await testTemporal();
temporal.describe('muster simulate', () => {
  let muster: TestMuster;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;
  let cloud: System;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
    source = await startScimSimulator({
      users: ['Ann', 'Ben', 'Cem'].map((id) => person(id)),
      groups: [group('G', ['Ann'])],
    });
    target = await startScimSimulator({});
    hr = await muster.addSource('HR', source);
    cloud = await muster.addTarget('Cloud', target, hr);
    await muster.run(hr);
    source.store.update('User', 'Ann', { title: 'Lead' });
    source.store.remove('User', 'Cem');
    source.store.add('User', person('Dan'));
    source.store.add('User', person('Eve'));
    target.store.add('User', person('Eve', { id: 'old-eve' }));
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await Promise.all([source, target].map((simulator) => simulator?.stop()));
  }, 60_000);

  /** What it prints, lines trimmed and without the frames of tables, and how it ends. */
  const simulate = (...args: string[]): Promise<{ code: number; lines: string[] }> =>
    new Promise((resolve) => {
      const remote = ['--url', muster.apiUrl, '--token', muster.client.token];
      execFile(process.execPath, ['dist/cli/main.js', 'simulate', ...args, ...remote], (error, stdout, stderr) => {
        const lines = (stdout + stderr).split('\n').map((line) => line.replaceAll(/\s*│\s*/g, ' | ').trim());
        resolve({ code: Number(error?.code ?? 0), lines: lines.filter((line) => /\w/.test(line)) });
      });
    });

  it(
    'JOB-7, JOB-8, JOB-9: prints the statistics, what influences deletion, and each entity before → after; nothing is sent',
    async () => {
      const mark = target.journal.mark();
      const { code, lines } = await simulate('HR');
      expect(code).toBe(0);
      expect(lines[0]).toMatch(/^Simulation [\da-f-]{36}$/);
      expect(lines.slice(1, 8)).toEqual([
        '| system | entity | read | created | updated | deleted | skipped | failed | held |',
        '| HR | user | 4 | 0 | 0 | 0 | 0 | 0 | 0 |',
        '| HR | group | 1 | 0 | 0 | 0 | 0 | 0 | 0 |',
        '| Cloud | user | 0 | 2 | 2 | 1 | 0 | 0 | 0 |',
        '| Cloud | group | 0 | 0 | 1 | 0 | 0 | 0 | 0 |',
        'Cloud, user: Deletion planned: 1',
        '| entity | target | result | attribute | before → after |',
      ]);
      expect(lines).toEqual(
        expect.arrayContaining([
          '| user Ann | Cloud | updated | title | – → Lead |',
          '| user Dan | Cloud | created | active | – → true |',
          '|  |  |  | userName | – → Dan@example.com |',
          '| user Cem | Cloud | deleted: the source has it no longer | active | true → – |',
        ]),
      );
      expect(target.journal.since(mark)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'JOB-9: --compare asks the targets, --result and --limit choose what is shown, and the rest is a download away',
    async () => {
      const { code, lines } = await simulate(hr.id, '--compare', '--result', 'updated', '--limit', '1');
      expect(code).toBe(0);
      // Eve has an account already: it would be adopted.
      expect(lines).toContain('| Cloud | user | 0 | 1 | 3 | 1 | 0 | 0 | 0 |');
      const id = lines[0]?.split(' ')[1];
      expect(lines.slice(-2)).toEqual([
        '| user Ann | Cloud | updated | title | – → Lead |',
        `All of them: GET /api/v1/jobs/${id}/simulation/export`,
      ]);
    },
    LIMIT_MS,
  );

  it(
    'JOB-8, DEL-8, STA-1: what would fail is shown with its reason and ends the command with an error',
    async () => {
      await muster.client.changeProperties(cloud.id, { 'ips.delete.threshold.users': '1' });
      source.store.remove('User', 'Ben');
      const { code, lines } = await simulate('HR', '--result', 'failed');
      expect(code).toBe(1);
      expect(lines).toContain('| Cloud | user | 0 | 2 | 1 | 0 | 0 | 2 | 0 |');
      expect(lines.join('\n')).toContain('failed: Entity cannot be deleted because the threshold of 1 is exceeded');
      expect(lines.at(-1)).toBe('Finished with Error: see the results of the job');
    },
    LIMIT_MS,
  );

  it(
    'JOB-7: what cannot be meant is refused before a job is started',
    async () => {
      const jobs = await countJobs();
      const [nobody, result, limit, noSource] = await Promise.all([
        simulate('Payroll'),
        simulate('HR', '--result', 'gone'),
        simulate('HR', '--limit', '500'),
        simulate(cloud.id),
      ]);
      expect(nobody).toEqual({ code: 1, lines: ['there is no system Payroll'] });
      expect(result.lines[0]).toContain('Allowed choices are created, updated, deleted, skipped, failed, held');
      expect(limit.lines[0]).toContain('give a number between 1 and 200');
      expect(noSource.lines.join()).toContain('source');
      expect([result.code, limit.code, noSource.code]).toEqual([1, 1, 1]);
      expect(await countJobs()).toBe(jobs);
    },
    LIMIT_MS,
  );

  async function countJobs(): Promise<number> {
    return Object(await muster.client.send('GET', '/jobs?limit=200')).items.length;
  }
});
