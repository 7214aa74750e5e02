import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { guardLine } from '../../activities/run/outcome-lines.js';
import { deletionLines } from '../../core/run/deletion-lines.js';
import { nextPoints } from '../../core/schedule/schedule.js';
import { promoteQueuedRuns, readJob, requestRun } from '../../state/runs/index.js';
import { listSkippedPoints, requestScheduledRun, saveSchedule } from '../../state/schedules/index.js';
import { person, World } from '../support/world.js';

/** Rows of the table under a head of docs/jobs.md, cell by cell. */
function table(text: string, head: string): string[][] {
  const start = text.indexOf(head);
  if (start < 0) throw new Error(`docs/jobs.md has no table ${head}`);
  const lines = text.slice(start).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) => line.slice(2, -2).split(' | '));
}

/** A full read that brought fewer people than usual. */
const READ = {
  type: 'user',
  typeCode: 1,
  state: 'complete',
  delivered: 20,
  failed: 0,
  unnamed: 0,
  usualSize: 30,
  isMarked: false,
} as const;

describe('the examples of docs/jobs.md', () => {
  let text = '';
  let world: World | undefined;
  beforeAll(async () => {
    text = await readFile(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
  });
  afterEach(async () => {
    await world?.stop();
    world = undefined;
  });

  it.each([
    ['Read, full', 'read', 'disabled'],
    ['Read, delta', 'read', 'enabled'],
    ['Resync', 'resync', 'enabled'],
  ] as const)('JOB-3, JOB-4, JOB-6: the second job, as %s', async (name, kind, delta) => {
    const properties = { 'ips.delta.read': delta, 'scim.delta.overlap.seconds': '0', 'ips.delta.max.share': '100' };
    world = await World.start({ source: { users: ['P', 'Q', 'R', 'S'].map((id) => person(id)) }, hr: { properties } });
    await world.addTarget('Cloud');
    // Marks have whole seconds: everybody is older than the mark, and what changes is younger.
    world.source.setClockSkewMs(5_000);
    await world.engine.runJob(world.hr);
    world.source.setClockSkewMs(10_000);
    world.source.store.update('User', 'R', { title: 'Lead' });
    world.source.store.remove('User', 'S');
    world.source.store.add('User', person('T'));
    const { statistics } = await world.engine.runJob(world.hr, kind);
    const read = statistics.find((row) => row.action === 'Read');
    const written = statistics.find((row) => row.action === 'Write');
    const documented = table(text, '| Second job |').find(([job]) => job === name);
    expect([read?.read, written?.created, written?.updated, written?.deleted].map(String)).toEqual(
      documented?.slice(1),
    );
  });

  it('SCH-5: when the clock changes', () => {
    const rows = table(text, '| Zone, time | Day |');
    expect(rows).toHaveLength(4);
    for (const [place = '', day = '', , at = ''] of rows) {
      const [zone = '', time = ''] = place.split(', ');
      const spec = { kind: 'weekly', days: ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'], time, zone } as const;
      const dayMs = Date.parse(`${day}T00:00:00Z`) - (at.includes('the day before') ? 86_400_000 : 0);
      const expected = `${new Date(dayMs).toISOString().slice(0, 10)}T${at.slice(0, 5)}:00.000Z`;
      const points = nextPoints(spec, 0, Date.parse(`${day}T00:00:00Z`) - 2 * 86_400_000, 4);
      expect(points.map((point) => new Date(point).toISOString())).toContain(expected);
      // Once, and on no other moment of that local day.
      expect(points.filter((point) => Math.abs(point - Date.parse(expected)) < 12 * 3_600_000)).toHaveLength(1);
    }
  });

  it('SCH-8, SCH-9, JOB-13: a job that lasts over a point, and Run Now meanwhile', async () => {
    expect(text).toContain(
      'the job of 09:00 ends at 10:20: the point of 10:00 is skipped, the next job starts at 11:00.',
    );
    world = await World.start({ source: { users: [] } });
    await world.addTarget('Cloud');
    const { pool } = world.engine;
    const { hr } = world;
    const at = (time: string): Date => new Date(`2027-01-04T${time}:00Z`);
    const finish = (state: string): Promise<unknown> =>
      pool.query(`update run set state = 'finished', status = 'Success' where state = $1`, [state]);
    await saveSchedule(pool, hr.no, { spec: { kind: 'interval', everyMinutes: 60 }, enabled: true }, at('08:00'));
    expect(await requestScheduledRun(pool, hr.id, at('09:00'))).toBe('started');
    const now = { sourceNo: hr.no, kind: 'read', trigger: 'IMMEDIATE', triggeredBy: 'test' } as const;
    const manual = await requestRun(pool, now);
    expect(manual.state).toBe('queued');
    expect(await requestScheduledRun(pool, hr.id, at('10:00'))).toBe('skipped');
    await finish('starting');
    expect(await promoteQueuedRuns(pool)).toBe(1);
    expect((await readJob(pool, manual.jobId))?.status).toBe('Running');
    await finish('starting');
    expect(await requestScheduledRun(pool, hr.id, at('11:00'))).toBe('started');
    expect((await listSkippedPoints(pool, hr.no, 5)).map((point) => point.at)).toEqual([at('10:00')]);
  });

  it('STA-12, UNK-2, UNK-4: the lines of the Job Execution Outcome', () => {
    const facts = { targetName: 'Cloud', type: 'user', blockedBy: null, counts: [], threshold: '10' };
    const count = (outcome: 'deleted' | 'threshold' | 'released' | 'kept', n: number, postponed = 0) => [
      { targetNo: 1, type: 1, outcome, count: n, postponed, weight: n },
    ];
    const blocked = [
      'delta read',
      '2 entities failed in the source system (user P, user Q; isolateFailedEntities is off)',
      'reading from the source system was not completed',
      'target system not available',
      ...(['emptyRead', 'configurationChanged', 'sizeGuard'] as const).map((guard) => guardLine({ ...READ, guard })),
    ];
    const lines = [
      ...blocked.flatMap((blockedBy) => deletionLines({ ...facts, blockedBy })),
      ...deletionLines({ ...facts, counts: count('deleted', 3, 1) }),
      ...deletionLines({ ...facts, counts: count('threshold', 12) }),
      ...deletionLines({ ...facts, counts: count('released', 4) }),
      ...deletionLines({ ...facts, counts: count('kept', 5) }),
    ];
    const documented = table(text, '| Line | Meaning |').map(
      ([line = '']) => `Cloud, user: ${line.replaceAll('`', '')}`,
    );
    expect(documented.sort()).toEqual(lines.sort());
  });
});
