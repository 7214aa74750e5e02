import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../core/json.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import type { ScimSimulator, ScimSimulatorOptions } from '../../../simulators/scim/simulator.js';
import { retryNow } from '../../../state/healing/waiting.js';
import { closeRunAs } from '../../../state/runs/index.js';
import type { RunKind } from '../../../state/runs/index.js';
import { expireLeases } from '../../support/crash.js';
import type { EngineProcess, FinishedJob, SystemOptions, TestEngine, TestSystem } from '../../support/engine.js';
import { group, person } from '../../support/world.js';
import type { BudgetEvidence, Evidence, QuarantineEvidence, StopEvidence } from '../checker/evidence.js';
import { monotonicMs, Timeline } from './timeline.js';

/** A source of a fault test. */
export interface FaultSource {
  readonly simulator: ScimSimulator;
  readonly system: TestSystem;
  readonly timeline: Timeline;
}

/** A target of a fault test, with what the checker has to know of it. */
export interface FaultTarget {
  readonly simulator: ScimSimulator;
  readonly system: TestSystem;
  readonly strangers: Set<string>;
  readonly vanished: Map<string, number>;
  readonly drops: Set<string>;
  /** Of the governor, where a test knows what it lets through. */
  budget: BudgetEvidence | undefined;
  readonly quarantines: QuarantineEvidence[];
  wants: (user: JsonObject) => boolean;
  readonly deletesExistedBefore: boolean;
  readonly threshold: number | undefined;
}

/** How a world begins. */
export interface FaultWorldOptions {
  readonly people?: readonly string[];
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly source?: ScimSimulatorOptions;
  readonly hr?: SystemOptions;
}

/** The watch of an activity looks for a stop this often. */
const WATCH_MS = 250;
/** Writes in flight per target and process of the test engine. */
const CONCURRENCY = 16;

/** Systems of one fault test on an engine that many tests share, with everything that the checker needs to know about them. */
export class FaultWorld {
  readonly sources: FaultSource[] = [];
  readonly targets: FaultTarget[] = [];
  readonly stops: StopEvidence[] = [];
  private readonly askedToStop: Promise<void>[] = [];
  /** Processes that died. */
  deaths = 0;
  hadZombies = false;
  private agedAtMs: number | undefined;
  private readonly versions = new Map<string, number>();
  private readonly running = new Map<number, string>();

  private constructor(readonly engine: TestEngine) {}

  /** A source with these people (ids), no target yet. */
  static async start(engine: TestEngine, options: FaultWorldOptions = {}): Promise<FaultWorld> {
    const world = new FaultWorld(engine);
    const { people = ['P', 'Q', 'R'], groups = {} } = options;
    await world.addSource(people, groups, options.source, options.hr);
    return world;
  }

  get source(): FaultSource {
    const [first] = this.sources;
    if (first === undefined) throw new Error('the world has no source');
    return first;
  }

  async addSource(
    people: readonly string[],
    groups: Readonly<Record<string, readonly string[]>> = {},
    simulator: ScimSimulatorOptions = {},
    system: SystemOptions = {},
  ): Promise<FaultSource> {
    const started = await startScimSimulator({
      users: people.map((id) => person(id, { nickName: 'v1' })),
      groups: Object.entries(groups).map(([id, members]) => group(id, members)),
      ...simulator,
    });
    const added = {
      simulator: started,
      system: await this.engine.addSource(`HR ${randomUUID()}`, started.url, system),
      timeline: Timeline.watch(started),
    };
    this.sources.push(added);
    return added;
  }

  async addTarget(
    name: string,
    simulator: ScimSimulatorOptions = {},
    system: SystemOptions = {},
  ): Promise<FaultTarget> {
    const started = await startScimSimulator({ idPrefix: `${name}-`, journal: { keepBodies: true }, ...simulator });
    const sources = { selection: 'list', sourceIds: this.sources.map((source) => source.system.id) } as const;
    const threshold = system.properties?.['ips.delete.threshold.users'];
    const target: FaultTarget = {
      simulator: started,
      system: await this.engine.addTarget(`${name} ${randomUUID()}`, started.url, { sources, ...system }),
      strangers: new Set(),
      vanished: new Map(),
      drops: new Set(),
      budget: undefined,
      quarantines: [],
      wants: () => true,
      deletesExistedBefore: system.properties?.['ips.delete.existedbefore.entities'] === 'true',
      threshold: threshold === undefined ? undefined : Number(threshold),
    };
    this.targets.push(target);
    return target;
  }

  /** Another version of a person: `nickName` rises. */
  edit(id: string, change: JsonObject = {}, source = this.source): void {
    const version = (this.versions.get(id) ?? 1) + 1;
    this.versions.set(id, version);
    source.simulator.store.update('User', id, { nickName: `v${version}`, ...change });
  }

  join(id: string, change: JsonObject = {}, source = this.source): void {
    source.simulator.store.add('User', person(id, { nickName: `v${this.versions.get(id) ?? 1}`, ...change }));
  }

  leave(id: string, source = this.source): void {
    source.simulator.store.remove('User', id);
  }

  /** Somebody else makes an account; it is never ours. */
  addStranger(target: FaultTarget, id: string, change: JsonObject = {}, createdMs?: number): string {
    const { id: _id, ...content } = person(id, { nickName: 'v1', ...change });
    const made = target.simulator.store.add('User', content, createdMs === undefined ? {} : { createdMs });
    target.strangers.add(made);
    return made;
  }

  /** Runs a job to its end. One that was stopped is finished as the workflow would; any other failure is thrown. */
  async run(options: { kind?: RunKind; process?: EngineProcess; source?: FaultSource } = {}): Promise<FinishedJob> {
    const { kind = 'read', process = this.engine, source = this.source } = options;
    const { runKey, jobId } = await this.engine.request(source.system, kind);
    this.running.set(source.system.no, jobId);
    return this.workThrough(runKey, jobId, process, source);
  }

  async workThrough(
    runKey: string,
    jobId: string,
    process: EngineProcess = this.engine,
    source = this.source,
  ): Promise<FinishedJob> {
    try {
      await this.engine.workThrough(runKey, process);
    } catch (error) {
      // The job may know of a stop before whoever has asked for it hears that it is written down.
      await Promise.allSettled(this.askedToStop);
      if (!this.stops.some((stop) => stop.overMs === Infinity)) throw error;
      await process.activities.finishRun({ runKey, end: 'stopped' });
    }
    this.running.delete(source.system.no);
    for (const stop of this.stops) stop.overMs = Math.min(stop.overMs, monotonicMs());
    return this.engine.finished(jobId);
  }

  /** Asks the job that runs to stop. */
  async stopJob(source = this.source): Promise<void> {
    const jobId = this.running.get(source.system.no);
    if (jobId !== undefined) await this.stopRun(jobId);
  }

  async stopRun(jobId: string): Promise<void> {
    const asked = this.askToStop(jobId);
    this.askedToStop.push(asked);
    await asked;
  }

  private async askToStop(jobId: string): Promise<void> {
    await this.engine.requestStop(jobId);
    const stop: StopEvidence = { requestedMs: monotonicMs(), overMs: Infinity, delayMs: 0 };
    this.stops.push(stop);
    void this.measureDelay(stop);
  }

  /** A timer and a statement like those of the watch that has to notice the stop, as long as it takes. */
  private async measureDelay(stop: StopEvidence): Promise<void> {
    while (stop.overMs === Infinity) {
      const startedMs = monotonicMs();
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      await this.engine.pool.query('select 1').catch(() => []);
      stop.delayMs = (stop.delayMs ?? 0) + Math.max(0, monotonicMs() - startedMs - WATCH_MS);
    }
  }

  /** The workflow of a run is gone, and so are the processes that worked on it. */
  async lose(runKey: string, end: 'terminated' | 'lost' = 'lost'): Promise<void> {
    await closeRunAs(this.engine.pool, runKey, end, 'the workflow is gone');
    await this.expireLeases();
    for (const stop of this.stops) stop.overMs = Math.min(stop.overMs, monotonicMs());
  }

  async expireLeases(): Promise<void> {
    for (const source of this.sources) await expireLeases(this.engine.pool, source.system.no);
  }

  /** A round of healing between these systems, as the workflow does it every minute. */
  async heal({ activities }: Pick<EngineProcess, 'activities'> = this.engine): Promise<void> {
    const { pairs } = await activities.findHealable();
    const own = this.sources.map((source) => source.system.no);
    for (const pair of pairs) if (own.includes(pair.sourceNo)) await activities.healPair(pair);
  }

  /**
   * Days go by between two jobs: what waits for its time is due, what was read is old, what the governor has counted is forgotten, plans
   * are older. What the journals and the books say of earlier jobs stays as it was.
   */
  async letTimePass(days: number): Promise<void> {
    this.age();
    const { pool } = this.engine;
    const [sources, targets] = [this.sources, this.targets].map((all) => all.map(({ system }) => system.no));
    await pool.query(
      `update backlog set next_at = next_at - $2::int * interval '1 day', failed_at = failed_at - $2::int * interval '1 day',
              tried_at = tried_at - $2::int * interval '1 day', read_at = null, seen_run = null, granted = null
        where source_id = any($1::int[])`,
      [sources, days],
    );
    await pool.query(
      `update plan set expires_at = expires_at - $2::int * interval '1 day' where source_id = any($1::int[])`,
      [sources, days],
    );
    await pool.query(
      `update governor_use set hour = hour - $2::int * interval '1 day' where target_id = any($1::int[])`,
      [targets, days],
    );
    await pool.query(
      `update target_gate set next_probe_at = next_probe_at - $2::int * interval '1 day', closed_until = least(closed_until, now())
        where target_id = any($1::int[])`,
      [targets, days],
    );
  }

  /** What the source has said before is old now. */
  age(): void {
    this.agedAtMs = monotonicMs();
  }

  /** Faults off, everything enabled and up, one more full run of each source. */
  async quiesce(): Promise<void> {
    for (const { simulator } of [...this.sources, ...this.targets]) {
      simulator.faults.clear();
      await simulator.up();
    }
    for (const { system } of [...this.sources, ...this.targets]) await this.engine.setEnabled(system, true);
    await this.engine.pool.query('delete from target_gate where target_id = any($1::int[])', [
      this.targets.map(({ system }) => system.no),
    ]);
    // Somebody looks after what was given up.
    for (const { system } of this.targets) await retryNow(this.engine.pool, system.no, {});
    await this.expireLeases();
    for (const source of this.sources) await this.run({ source });
  }

  /** Writes that a further run of each source sends; none when all is well. */
  async furtherWrites(): Promise<string[]> {
    const marks = this.targets.map(({ simulator }) => simulator.journal.mark());
    for (const source of this.sources) await this.run({ source });
    return this.targets.flatMap(({ simulator }, no) =>
      simulator.journal.writesSince(marks[no] ?? 0).map(({ method, path, key }) => `${method} ${path} ${key ?? ''}`),
    );
  }

  evidence(): Evidence {
    return {
      pool: this.engine.pool,
      sources: this.sources.map(({ simulator, system, timeline }) => ({ no: system.no, simulator, timeline })),
      targets: this.targets.map((target) => ({
        no: target.system.no,
        name: target.system.name.split(' ')[0] ?? '',
        simulator: target.simulator,
        sourceNos: this.sources.map((source) => source.system.no),
        strangers: target.strangers,
        deletesExistedBefore: target.deletesExistedBefore,
        ...(target.threshold !== undefined && { threshold: target.threshold }),
        concurrency: CONCURRENCY,
        wants: target.wants,
        drops: target.drops,
        vanished: target.vanished,
        ...(target.budget !== undefined && { budget: target.budget }),
        quarantines: target.quarantines,
      })),
      stops: this.stops,
      ...(this.agedAtMs !== undefined && { agedAtMs: this.agedAtMs }),
      deaths: this.deaths,
      hadZombies: this.hadZombies,
    };
  }

  /** {@link close} on an engine that goes on: nobody heals these systems any more. */
  async retire(): Promise<void> {
    for (const { system } of [...this.sources, ...this.targets]) await this.engine.setEnabled(system, false);
    await this.close();
  }

  async close(): Promise<void> {
    // Whoever measures a stop ends with it, also where a test broke off in the middle of one.
    for (const stop of this.stops) stop.overMs = Math.min(stop.overMs, monotonicMs());
    for (const { simulator } of [...this.sources, ...this.targets]) await simulator.stop();
  }
}
