import { randomUUID } from 'node:crypto';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { listResults } from '../../state/runs/index.js';
import type { StatisticsRow } from '../../state/runs/index.js';
import type { RunInput } from '../../activities/contract.js';
import { ConnectionLostError, expireLeases, Mortal } from './crash.js';
import type { CrashPoint } from './crash.js';
import type { EngineProcess, TestEngine, TestSystem } from './engine.js';
import { group, person, summary } from './world.js';

const PEOPLE = ['P', 'Q', 'R', 'S', 'T'];

/** What happened at one crash point, for the message of a failed expectation; empty lists when all is well. */
export interface Verdict {
  readonly point: string;
  readonly status: string;
  readonly statistics: Record<string, string>;
  readonly complaints: readonly string[];
}

/** A source with five people and two groups of them, and two targets; many of them share one engine. */
export class CrashScene {
  private constructor(
    readonly engine: TestEngine,
    readonly source: ScimSimulator,
    readonly hr: TestSystem,
    readonly targets: readonly ScimSimulator[],
  ) {}

  static async start(engine: TestEngine): Promise<CrashScene> {
    const users = PEOPLE.map((id) => person(id));
    const source = await startScimSimulator({ users, groups: [group('G', PEOPLE), group('H', ['P'])] });
    const hr = await engine.addSource(`HR ${randomUUID()}`, source.url);
    const targets: ScimSimulator[] = [];
    for (const name of ['A', 'B']) {
      const target = await startScimSimulator({ idPrefix: `${name}-` });
      const sources = { selection: 'list', sourceIds: [hr.id] } as const;
      await engine.addTarget(`${name} ${randomUUID()}`, target.url, { sources });
      targets.push(target);
    }
    return new CrashScene(engine, source, hr, targets);
  }

  async stop(): Promise<void> {
    for (const simulator of [this.source, ...this.targets]) await simulator.stop();
  }

  async runJob(): Promise<void> {
    await this.countOperations();
  }

  /** Runs a job, and tells how many operations on the database it had. */
  async countOperations(): Promise<number> {
    const { runKey } = await this.engine.request(this.hr);
    const immortal = new Mortal(undefined);
    await this.inProcess(immortal, runKey);
    return immortal.operations;
  }

  /** Runs a job, and tells what kinds of requests it sent to one of the simulators, in their order. */
  async requestsTo(simulator: ScimSimulator): Promise<string[]> {
    const before = simulator.journal.mark();
    await this.runJob();
    return simulator.journal.since(before).map(({ operation, type }) => `${operation ?? ''} ${type ?? ''}`);
  }

  /**
   * A job whose process dies at the point; another one goes on with it, and a further job follows. Undefined: it did not die.
   *
   * @param pauseSeconds so long nobody worked on it: after 60 s the job is paused, and resumed under a new id (STP-4).
   */
  async survive(point: CrashPoint, pauseSeconds = 0): Promise<Verdict | undefined> {
    const deletedBefore = this.targets.map((target) => target.journal.mark());
    const { runKey, jobId } = await this.engine.request(this.hr);
    const first = new Mortal(point);
    await this.inProcess(first, runKey);
    const died = first.diedAt;
    if (died === undefined) return undefined;
    await expireLeases(this.engine.pool, this.hr.no);
    const wasPaused = pauseSeconds > 0 && (await this.age(runKey, pauseSeconds));
    await this.inProcess(new Mortal(undefined), runKey);
    const verdict = await this.verdict({ runKey, jobId }, died, deletedBefore);
    return wasPaused && !(await this.hasTwoIds(runKey))
      ? { ...verdict, complaints: [...verdict.complaints, 'paused, but not resumed under a new id'] }
      : verdict;
  }

  /** True when the job counts as paused: it had begun and was not over. */
  private async age(runKey: string, seconds: number): Promise<boolean> {
    const rows = await this.engine.pool.query<{ begun: boolean }>(
      `with aged as (
         update run set requested_at = requested_at - $2::int * interval '1 second', heartbeat_at = heartbeat_at - $2::int * interval '1 second'
          where run_key = $1 and state <> 'finished' returning started_at)
       select started_at is not null as begun from aged`,
      [runKey, seconds],
    );
    await this.engine.pool.query(
      `update run_type set last_page_at = last_page_at - $2::int * interval '1 second' where run_key = $1`,
      [runKey, seconds],
    );
    return rows[0]?.begun === true;
  }

  private async hasTwoIds(runKey: string): Promise<boolean> {
    const rows = await this.engine.pool.query('select 1 from run where run_key = $1 and cardinality(job_ids) = 2', [
      runKey,
    ]);
    return rows.length === 1;
  }

  /** A job whose connection to the database breaks once, at the point; activities are repeated like Temporal does. */
  async reconnect(point: CrashPoint): Promise<Verdict | undefined> {
    const deletedBefore = this.targets.map((target) => target.journal.mark());
    const run = await this.engine.request(this.hr);
    const flaky = new Mortal(point, 'connection');
    await this.inProcess(flaky, run.runKey);
    return flaky.diedAt === undefined ? undefined : this.verdict(run, flaky.diedAt, deletedBefore);
  }

  /** A job during which the n-th request that one of the simulators is sent meets the fault. Undefined: there were fewer requests. */
  async disturb(simulator: ScimSimulator, request: number, effect: FaultEffect): Promise<Verdict | undefined> {
    const deletedBefore = this.targets.map((target) => target.journal.mark());
    const before = simulator.journal.mark();
    simulator.faults.arm({ effect, skip: request - 1, times: 1 });
    const run = await this.engine.request(this.hr);
    await this.inProcess(new Mortal(undefined), run.runKey);
    const struck = simulator.journal.since(before).find((record) => record.fault !== undefined);
    if (struck === undefined) return undefined;
    return this.verdict(run, `${effect.kind} ${request}: ${struck.method} ${struck.path}`, deletedBefore);
  }

  private async verdict(
    run: { readonly runKey: string; readonly jobId: string },
    point: string,
    deletedBefore: readonly number[],
  ): Promise<Verdict> {
    const { job, statistics } = await this.engine.finished(run.jobId);
    const complaints = [
      ...this.compare(),
      ...this.judge(deletedBefore),
      ...(await this.recount(run.runKey, statistics)),
    ];
    if (job.errorMessage !== null) complaints.push(job.errorMessage);
    const marks = this.targets.map((target) => target.journal.mark());
    await this.runJob();
    const late = this.targets.flatMap((target, no) => target.journal.writesSince(marks[no] ?? 0));
    complaints.push(...late.map((record) => `written by the further run: ${record.method} ${record.path}`));
    return { point, status: job.status, statistics: withoutIds(summary(statistics)), complaints };
  }

  private async inProcess(mortal: Mortal, runKey: string): Promise<void> {
    const pool = mortal.pool(this.engine.databaseUrl);
    const process = this.engine.newProcess({
      pool,
      decorateFactory: (factory) => mortal.factory(factory),
      reached: mortal.reached,
    });
    try {
      await this.engine.workThrough(runKey, { ...process, activities: this.repeated(process.activities) });
    } catch (error) {
      if (!mortal.isDead) throw error;
    } finally {
      await process.activities.close();
      await pool.close();
    }
  }

  /** The activities, repeated when a connection broke; the leases of the attempt that failed run out meanwhile. */
  private repeated(activities: EngineProcess['activities']): EngineProcess['activities'] {
    const repeat =
      <I extends RunInput, R>(call: (input: I) => Promise<R>) =>
      async (input: I): Promise<R> => {
        try {
          return await call(input);
        } catch (error) {
          if (!(error instanceof ConnectionLostError)) throw error;
          await expireLeases(this.engine.pool, this.hr.no);
          return call(input);
        }
      };
    return {
      ...activities,
      openRun: repeat((input: Parameters<typeof activities.openRun>[0]) => activities.openRun(input)),
      sweepPairs: repeat((input: Parameters<typeof activities.sweepPairs>[0]) => activities.sweepPairs(input)),
      intakeChunk: repeat((input: Parameters<typeof activities.intakeChunk>[0]) => activities.intakeChunk(input)),
      endIntake: repeat((input: Parameters<typeof activities.endIntake>[0]) => activities.endIntake(input)),
      drainChunk: repeat((input: Parameters<typeof activities.drainChunk>[0]) => activities.drainChunk(input)),
      planAbsence: repeat((input: Parameters<typeof activities.planAbsence>[0]) => activities.planAbsence(input)),
      deleteChunk: repeat((input: Parameters<typeof activities.deleteChunk>[0]) => activities.deleteChunk(input)),
      // The answer of its last commit may be lost: then the run is not ours any more, because it is finished.
      finishRun: (input) =>
        repeat((again: typeof input) => activities.finishRun(again))(input).catch((error: unknown) => {
          if (String(error).includes('closed or owned')) return { status: 'finished before' };
          throw error;
        }),
    };
  }

  /** Target = mapped source. */
  private compare(): string[] {
    const wanted = picture(this.source);
    return this.targets.flatMap((target) => {
      const found = picture(target);
      return found === wanted ? [] : [`target ${found} is not the source ${wanted}`];
    });
  }

  /** Nobody created twice, nobody present deleted. */
  private judge(since: readonly number[]): string[] {
    const present = new Set(this.source.store.snapshot().users.map((user) => text(user['userName']).toLowerCase()));
    return this.targets.flatMap((target, no) => [
      ...[...target.journal.createsPerKey()].flatMap(([key, { creates, deletes }]) =>
        creates - deletes > 1 || creates > 1 ? [`${key} was created ${creates} times`] : [],
      ),
      ...target.journal
        .since(since[no] ?? 0)
        .filter(
          ({ operation, applied, key }) => operation === 'delete' && applied && present.has(String(key).toLowerCase()),
        )
        .map(({ key }) => `${String(key)} is present and was deleted`),
    ]);
  }

  /** STA-10: each counted result is logged, exactly once. */
  private async recount(runKey: string, statistics: readonly StatisticsRow[]): Promise<string[]> {
    const { results } = await listResults(this.engine.pool, runKey, { limit: 1000 });
    const counted = statistics
      .filter((row) => row.action === 'Write')
      .reduce((sum, row) => sum + row.created + row.updated + row.deleted + row.skipped + row.failed, 0);
    const pairs = new Set(results.map((row) => `${row.targetId ?? ''}/${row.entityNo}`));
    return counted === results.length && pairs.size === results.length
      ? []
      : [`${counted} results are counted, ${results.length} logged of ${pairs.size} pairs`];
  }
}

/** People with titles and groups with the names of their members, in an order of their own. */
function picture(simulator: ScimSimulator): string {
  const { users, groups } = simulator.store.snapshot();
  const nameOf = new Map(users.map((user) => [text(user['id']), text(user['userName'])]));
  const people = users.map((user) => `${text(user['userName'])}:${text(user['title'])}`).sort();
  const memberships = groups.map((one) => {
    const members = Array.isArray(one['members']) ? one['members'] : [];
    const names = members.map((member) =>
      typeof member === 'object' && member !== null && 'value' in member
        ? (nameOf.get(text(member['value'])) ?? 'nobody')
        : 'unreadable',
    );
    return `${text(one['displayName'])}=${names.sort().join('+')}`;
  });
  return [...people, ...memberships.sort()].join(' ');
}

/** Names of systems are made unique by an id, which no expectation knows. */
function withoutIds(rows: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(rows).map(([name, text]) => [name.replace(/ [0-9a-f-]{36} /, ' '), text]));
}

/** A job that is worth being disturbed. */
export interface CrashPhase {
  readonly name: string;
  /** What has happened before the job that dies. */
  prepare(scene: CrashScene): Promise<void>;
  /** Statistics of that job, wherever it died. */
  readonly statistics: Record<string, string>;
}

/** Creating, changing and deleting. */
export const CRASH_PHASES: readonly CrashPhase[] = [
  {
    name: 'create',
    prepare: async () => undefined,
    statistics: {
      'HR user': 'read 5',
      'HR group': 'read 2',
      'A user': 'created 5',
      'A group': 'created 2',
      'B user': 'created 5',
      'B group': 'created 2',
    },
  },
  {
    name: 'update',
    prepare: async (scene) => {
      await scene.runJob();
      scene.source.store.update('User', 'P', { title: 'Lead' });
      scene.source.store.update('User', 'Q', { title: 'Expert' });
      scene.source.store.update('Group', 'G', { members: [{ value: 'P', type: 'User' }] });
    },
    statistics: {
      'HR user': 'read 5',
      'HR group': 'read 2',
      'A user': 'updated 2',
      'A group': 'updated 1',
      'B user': 'updated 2',
      'B group': 'updated 1',
    },
  },
  {
    name: 'delete',
    prepare: async (scene) => {
      await scene.runJob();
      scene.source.store.remove('User', 'S');
      scene.source.store.remove('User', 'T');
      scene.source.store.remove('Group', 'G');
      scene.source.store.add('User', person('N'));
    },
    statistics: {
      'HR user': 'read 4',
      'HR group': 'read 1',
      'A user': 'created 1, deleted 2',
      'A group': 'deleted 1',
      'B user': 'created 1, deleted 2',
      'B group': 'deleted 1',
    },
  },
];

/** True when nothing of the disturbance is left to be seen. */
export function isAsExpected(verdict: Verdict, phase: CrashPhase): boolean {
  const sorted = (rows: Record<string, string>): string => JSON.stringify(Object.entries(rows).sort());
  return (
    verdict.status === 'Success' &&
    verdict.complaints.length === 0 &&
    sorted(verdict.statistics) === sorted(phase.statistics)
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
