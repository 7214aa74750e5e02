import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqlPool } from '../../state/database.js';
import { renewLease } from '../../state/drain/lease.js';
import { takeTrial } from '../../state/drain/breaker.js';
import { joinLeaseHolders, leaveLeaseHolders } from '../../state/drain/lease-holders.js';
import { identifyProcess, isAlive } from '../../worker/process-identity.js';
import { TestEngine } from '../support/engine.js';

const MACHINE = 'a machine';

describe('holders of leases', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());

  const join = (pid: number, alive: readonly number[], machine = MACHINE): ReturnType<typeof joinLeaseHolders> =>
    joinLeaseHolders(engine.dataSource, { machine, pid, started: '1' }, (one) => alive.includes(one.pid));

  async function leaseOf(holder: number, entityNo: number): Promise<void> {
    const pool = new SqlPool(engine.databaseUrl, { maxConnections: 1, leaseHolder: holder });
    await pool.query(
      `insert into backlog (target_id, entity_no, source_id, type, reason, lease_token, lease_until)
       values (1, $1, 2, 1, 'changed', next_lease_token(), clock_timestamp() + interval '75 seconds')`,
      [entityNo],
    );
    await pool.close();
  }

  it('engine invariant 3: leases of processes that are dead for certain end when the next one of the machine comes, and no others', async () => {
    const one = await join(11, []);
    const other = await join(12, [11]);
    const elsewhere = await join(11, [], 'another machine');
    for (const [no, holder] of [one.holder, other.holder, elsewhere.holder, 0].entries()) await leaseOf(holder, no);
    const next = await join(13, [12]);
    expect([one.endedLeases, other.endedLeases, next.endedLeases]).toEqual([0, 0, 1]);
    expect(
      await engine.pool.query(
        'select entity_no as "no", lease_until <= clock_timestamp() as ended from backlog order by entity_no',
      ),
    ).toEqual([
      { no: 0, ended: true },
      { no: 1, ended: false },
      { no: 2, ended: false },
      { no: 3, ended: false },
    ]);
  });

  it('engine invariant 3: a lease is prolonged for the rows that are still of its token, and for no others', async () => {
    await leaseOf(0, 101);
    await leaseOf(0, 102);
    const [row] = await engine.pool.query<{ token: number }>(
      'select lease_token as token from backlog where entity_no = 101',
    );
    expect(await renewLease(engine.pool, 1, row?.token ?? 0, [101, 102, 103], 600_000)).toEqual(new Set([101]));
    expect(
      await engine.pool.query(
        `select entity_no as "no", lease_until > clock_timestamp() + interval '9 minutes' as prolonged
           from backlog where entity_no > 100 order by entity_no`,
      ),
    ).toEqual([
      { no: 101, prolonged: true },
      { no: 102, prolonged: false },
    ]);
  });

  it('HEA-6: a probe or trial of a breaker whose process is dead is anybody’s when the next one of the machine comes', async () => {
    const dead = await join(31, [11, 12, 13, 21, 22, 23]);
    const alive = await join(32, [11, 12, 13, 21, 22, 23, 31]);
    for (const [no, { holder }] of [dead, alive].entries()) {
      await engine.pool.query(
        `insert into target_gate (target_id, closed_until, breaker) values ($1, now(), 'trial')`,
        [900 + no],
      );
      const pool = new SqlPool(engine.databaseUrl, { maxConnections: 1, leaseHolder: holder });
      expect(await takeTrial(pool, 900 + no)).toBeDefined();
      await pool.close();
    }
    await join(33, [11, 12, 13, 21, 22, 23, 32]);
    expect(await takeTrial(engine.pool, 900)).toBeDefined();
    expect(await takeTrial(engine.pool, 901)).toBeUndefined();
  });

  it('engine invariant 3: a number is that of one process at a time', async () => {
    const one = await join(21, [11, 12, 13]);
    const other = await join(22, [11, 12, 13, 21]);
    expect(other.holder).not.toBe(one.holder);
    await leaveLeaseHolders(engine.dataSource, one.holder);
    expect((await join(23, [11, 12, 13, 22])).holder).toBe(one.holder);
  });

  it('engine invariant 3: a process is taken for dead only when it is', async () => {
    const child = spawn('sleep', ['60']);
    const own = identifyProcess();
    const other = identifyProcess(child.pid);
    if (own === undefined || other === undefined) throw new Error('this system tells nothing of its processes');
    child.kill('SIGSTOP');
    expect([isAlive(own), isAlive(other), isAlive({ ...other, started: own.started })]).toEqual([true, true, false]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect([isAlive(own), isAlive(other)]).toEqual([true, false]);
  });
});
