import { beforeAll, expect, it } from '@jest/globals';
import { faultRuns } from '../../support/fault-runs.js';
import { testTemporal } from '../../support/temporal.js';
import { endOf, SUCCESS } from '../../system/support/results.js';
import { until } from '../../system/support/until.js';
import { isStopped } from './process-muster.js';
import type { ApiFault, WorkerFault } from './process-muster.js';
import { inLanes, ProcessScene } from './process-scene.js';

const temporal = await testTemporal();

/** Scenes side by side: each waits most of its time for leases and heartbeats. */
const LANES = 4;
const LIMIT_MS = 20 * 60_000;
const STANDSTILL_MS = 20_000;
const GOING_ON_MS = 5_000;
/** Polls of a process that stands still swallow tasks until the server gives them up, one attempt after the other. */
const END_MS = 5 * 60_000;

interface Case {
  readonly title: string;
  readonly fault: WorkerFault;
  /** The job in which it happens: everybody is created, or some change, leave and join. */
  readonly job: 'first' | 'second';
  readonly api?: ApiFault;
}

const kill = (
  title: string,
  moment: WorkerFault['moment'],
  nth: number,
  more: Partial<Case> & { afterMs?: number } = {},
): Case => {
  const { afterMs, ...rest } = more;
  return {
    title,
    fault: { moment, nth, signal: 'SIGKILL', ...(afterMs !== undefined && { afterMs }) },
    job: 'first',
    ...rest,
  };
};

const KILLS: readonly Case[] = [
  kill('after fetch', 'fetched', 2),
  kill('after the intake commit', 'pageCommitted', 1),
  kill('after the creating commit', 'intentsCommitted', 1),
  kill('after send before answer', 'sending', 3, { afterMs: 100 }),
  kill('after answer before commit', 'answered', 3),
  kill('after commit before activity completion', 'chunkEnded', 4),
  kill('after a settle', 'settled', 1),
  kill('between chunks', 'chunkBegun', 5),
  kill('in continue-as-new', 'continuingAsNew', 1, { api: { chunksPerHistory: 1 } }),
  kill('in absence planning', 'planningAbsence', 1, { job: 'second' }),
  kill('after the answer to a delete', 'answered', 6, { job: 'second' }),
  kill('in finishRun', 'finishing', 1, { job: 'second' }),
  kill('after finishRun', 'finished', 1),
];

const ZOMBIES: readonly Case[] = [
  { title: 'between lease check and send', fault: { moment: 'sending', nth: 3, signal: 'SIGSTOP' }, job: 'first' },
  { title: 'during a request', fault: { moment: 'sending', nth: 3, signal: 'SIGSTOP', afterMs: 100 }, job: 'first' },
];

/** `--only`: jest passes over the tests of the others, and their processes are not started either. */
function isWanted({ title }: Case): boolean {
  return faultRuns.only === undefined || title.includes(faultRuns.only);
}

temporal.describe('a worker process is struck; the job ends by itself', () => {
  let results: ReadonlyMap<Case, Promise<string[]>>;

  beforeAll(() => {
    results = inLanes([...ZOMBIES, ...KILLS].filter(isWanted), LANES, (one) => play(one));
  });

  it.each(KILLS.map((one) => [one.title, one] as const))(
    'faults §2.3, STP-5, STP-7: SIGKILL %s',
    async (_title, one) => {
      expect(await results.get(one)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each(ZOMBIES.map((one) => [one.title, one] as const))(
    'faults §2.3, engine invariant 3: SIGSTOP %s for longer than the lease, then SIGCONT',
    async (_title, one) => {
      expect(await results.get(one)).toEqual([]);
    },
    LIMIT_MS,
  );
});

async function play({ fault, job, api }: Case): Promise<string[]> {
  const scene = await ProcessScene.start(temporal.address, api);
  const { muster } = scene;
  try {
    if (job === 'second') {
      const first = await muster.startWorker();
      expect(endOf(await muster.runJob(scene.hr))).toEqual(SUCCESS);
      await first.stop();
      scene.evolve();
    }
    const struck = await muster.startWorker(fault);
    const jobId = await muster.client.startJob(scene.hr.id, 'READ');
    if (fault.signal === 'SIGKILL') {
      await struck.exited;
      scene.deaths += 1;
    } else {
      await until(() => isStopped(struck.pid), 60_000);
      scene.hadZombies = true;
    }
    const stoppedAtMs = Date.now();
    await muster.startWorker();
    const ended = await muster.ended(jobId, END_MS);
    if (fault.signal === 'SIGSTOP') {
      await until(() => Date.now() - stoppedAtMs > STANDSTILL_MS);
      process.kill(struck.pid, 'SIGCONT');
      // It does what it had in hand; what it settles too late makes pairs due, and the verdict comes after that.
      await new Promise((resolve) => setTimeout(resolve, GOING_ON_MS));
      await struck.stop();
    }
    const { status, error } = endOf(ended);
    const violations = await scene.verdict();
    return status === 'Success' && error === null
      ? violations
      : [`the job ended as ${status}: ${error}`, ...violations];
  } finally {
    await scene.stop();
  }
}
