import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deleteAllLogs, removeDeletedLogs } from '../../state/logs/delete-logs.js';
import { readRetention, saveRetention } from '../../state/logs/settings.js';
import { readPlan } from '../../state/plans/plans.js';
import { listJobs, readJob } from '../../state/runs/index.js';
import { Mortal, ProcessDiedError } from '../support/crash.js';
import { fingerprint } from '../support/table-fingerprints.js';
import { person, World } from '../support/world.js';

/** What a run key stands in without belonging to the log: plans, use of the governor, sizes of reads, mails. */
const OPERATIONAL = ['plan', 'change', 'governor_use', 'read_size', 'mail_event'];

describe('retention of job logs', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start({ engine: { isRecycled: false }, source: { users: [person('Ann'), person('Ben')] } });
    await world.addTarget('Cloud');
  });
  afterEach(() => world.stop());

  const shown = async (): Promise<string[]> =>
    (await listJobs(world.engine.pool, { limit: 200 })).map((job) => job.runKey).reverse();

  /** Moves a run and what it logged so many days into the past. */
  async function age(runKey: string, days: number): Promise<string> {
    const { pool } = world.engine;
    const [day] = await pool.query<{ name: string; from: string; to: string }>(
      `select 'entity_log_' || to_char(d, 'YYYYMMDD') as name, to_char(d, 'YYYY-MM-DD') || ' 00:00+00' as from, to_char(d + 1, 'YYYY-MM-DD') || ' 00:00+00' as to
         from (select (now() at time zone 'utc')::date - $1::int as d) x`,
      [days],
    );
    if (day === undefined) throw new Error('no day');
    await pool.query(
      `create table if not exists ${day.name} partition of entity_log for values from ('${day.from}') to ('${day.to}')`,
    );
    await pool.query(`update entity_log set at = at - make_interval(days => $2) where run_key = $1`, [runKey, days]);
    await pool.query(
      `update run set started_at = started_at - make_interval(days => $2), ended_at = ended_at - make_interval(days => $2) where run_key = $1`,
      [runKey, days],
    );
    return day.name;
  }

  /** Tables in which a run still has rows of its log. */
  async function rowsOf(runKey: string): Promise<string[]> {
    const tables = await world.engine.pool.query<{ name: string }>(
      `select c.table_name as name from information_schema.columns c join pg_class t on t.relname = c.table_name
        where c.column_name = 'run_key' and c.table_schema = 'public' and not t.relispartition order by 1`,
    );
    const left: string[] = [];
    for (const { name } of tables.filter((table) => !OPERATIONAL.includes(table.name)))
      if ((await world.engine.pool.query(`select 1 from ${name} where run_key = $1 limit 1`, [runKey])).length > 0)
        left.push(name);
    return left;
  }

  it('RET-1, RET-3, LIM-5: what ended more than 7 days ago goes with all its records, by the round that comes every minute', async () => {
    const { activities, pool } = world.engine;
    const old = await world.job();
    const recent = await world.job('resync');
    await world.job('resync');
    expect(await rowsOf(old.runKey)).toEqual(
      expect.arrayContaining(['entity_log', 'run', 'run_counter', 'run_page', 'run_type']),
    );
    const dropped = await age(old.runKey, 9);
    await age(recent.runKey, 6);
    expect(await readRetention(pool)).toEqual({ days: 7, contentDays: null });
    const { run: _run, entity_log: _log, ...before } = await fingerprint(pool);
    expect(await activities.findHealable()).toMatchObject({ hasOldLogs: true });
    await activities.removeOldLogs();
    const { run: _run2, entity_log: _log2, ...after } = await fingerprint(pool);
    expect(after).toEqual(before);
    expect(await shown()).not.toContain(old.runKey);
    expect(await shown()).toContain(recent.runKey);
    expect(await rowsOf(old.runKey)).toEqual([]);
    expect(await rowsOf(recent.runKey)).toContain('entity_log');
    expect(await pool.query('select to_regclass($1) as name', [dropped])).toEqual([{ name: null }]);
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
  });

  it('RET-1: 14 and 30 days keep longer; age counts from the end, and no day is dropped that a kept job has rows of', async () => {
    const { activities, pool } = world.engine;
    const job = await world.job();
    await world.job();
    const day = await age(job.runKey, 20);
    await saveRetention(pool, 30);
    await activities.removeOldLogs();
    expect(await rowsOf(job.runKey)).toContain('entity_log');
    await saveRetention(pool, 14);
    // It began 20 days ago, and ended 13 days ago.
    await pool.query(`update run set ended_at = now() - interval '13 days' where run_key = $1`, [job.runKey]);
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
    await activities.removeOldLogs();
    expect(await rowsOf(job.runKey)).toContain('entity_log');
    await saveRetention(pool, 7);
    await activities.removeOldLogs();
    expect(await rowsOf(job.runKey)).toEqual([]);
    expect(await pool.query('select to_regclass($1) as name', [day])).toEqual([{ name: null }]);
    await expect(pool.query('update installation set job_log_days = 8')).rejects.toThrow('check');
  });

  it('RET-1: entries of an old job go with their day, not one by one; those without a day of their own go at once', async () => {
    const { activities, pool } = world.engine;
    const job = await world.job();
    await world.job();
    // It ended 8 days ago in the morning: its day may still have entries of jobs that are kept.
    const day = await age(job.runKey, 7);
    await pool.query(`update run set ended_at = now() - interval '7 days 1 minute' where run_key = $1`, [job.runKey]);
    await pool.query(
      `insert into entity_log (run_key, source_id, target_id, type, entity_no, operation, result, at)
       select r, $1, 1, 1, 1, 'update', 'updated', now() - interval '8 days' from unnest(array[$2::bigint, null]) r`,
      [world.hr.no, job.runKey],
    );
    expect(await pool.query('select 1 from entity_log_default')).toHaveLength(2);
    await activities.removeOldLogs();
    expect(await pool.query('select 1 from entity_log_default')).toEqual([]);
    expect(await rowsOf(job.runKey)).toEqual(['entity_log']);
    expect((await pool.query(`select 1 from ${day}`)).length).toBeGreaterThan(0);
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
  });

  it('RET-1: a day of the log that is being written to is dropped by a later round, and nobody waits for it', async () => {
    const { activities, pool } = world.engine;
    const job = await world.job();
    await world.job();
    const day = await age(job.runKey, 9);
    const exists = async (): Promise<unknown> =>
      (await pool.query<{ name: string | null }>('select to_regclass($1) as name', [day]))[0]?.name;
    await pool.transaction(async (sql) => {
      await sql.query('lock table entity_log in row exclusive mode');
      await activities.removeOldLogs();
      expect(await exists()).toBe(day);
    });
    expect(await shown()).not.toContain(job.runKey);
    expect(await activities.findHealable()).toMatchObject({ hasOldLogs: true });
    await activities.removeOldLogs();
    expect(await exists()).toBeNull();
  });

  it('RET-2, RET-3: deletion of all logs leaves running and queued jobs, plans, streaks and everything that jobs go by', async () => {
    const { pool, activities } = world.engine;
    const jobs = [await world.job(), await world.job('readPlan')];
    const refusal = world.source.faults.arm({ effect: { kind: 'status', status: 403 } });
    jobs.push(await world.job());
    world.source.faults.disarm(refusal);
    expect(jobs.at(-1)?.status).toBe('Finished with Error');
    const [plan] = await pool.query<{ id: string }>('select id from plan');
    const running = await world.engine.request(world.hr);
    const { run: _run, entity_log: _log, ...before } = await fingerprint(pool);
    expect(await deleteAllLogs(pool)).toBe(3);
    expect(await shown()).toEqual([running.runKey]);
    expect(await deleteAllLogs(pool)).toBe(0);
    await activities.removeOldLogs();
    const { run: _run2, entity_log: _log2, ...after } = await fingerprint(pool);
    expect(after).toEqual(before);
    expect(await rowsOf(jobs[0]?.runKey ?? '')).toEqual([]);
    // Hidden, with nothing but its row: the plan and the streak refer to it.
    for (const job of jobs.slice(1)) expect(await rowsOf(job.runKey)).toEqual(['run']);
    expect(await readPlan(pool, plan?.id ?? '')).toBeDefined();
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
    await world.engine.workThrough(running.runKey);
    expect((await readJob(pool, running.jobId))?.status).toBe('Success');
    expect(await pool.query('select streak from notification_state')).toEqual([{ streak: 0 }]);
  });

  it('RET-1, RET-2: a process that dies between two batches leaves nothing that is seen, and the next round removes the rest', async () => {
    const { pool, databaseUrl } = world.engine;
    await pool.query(
      `insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type, started_at, ended_at)
       select $1, 'HR', 'read', 'finished', 'Success', array['j' || n], 'REPEAT', now(), now() from generate_series(1, 45) n`,
      [world.hr.no],
    );
    await deleteAllLogs(pool);
    const mortal = new Mortal({ moment: 'logsRemoved', nth: 1 });
    const mortalPool = mortal.pool(databaseUrl);
    const { activities } = world.engine.newProcess({ pool: mortalPool, reached: mortal.reached });
    await expect(activities.removeOldLogs()).rejects.toThrow(ProcessDiedError);
    await activities.close();
    await mortalPool.close();
    expect(await shown()).toEqual([]);
    // Another batch is gone, the newest row stays for healing.
    expect(await pool.query('select 1 from run')).toHaveLength(25);
    await Promise.all([removeDeletedLogs(pool), removeDeletedLogs(pool)]);
    await world.engine.activities.removeOldLogs();
    expect(await pool.query('select 1 from run')).toHaveLength(1);
  });
});
