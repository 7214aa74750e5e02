import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import type { RunKind, StatisticsRow } from '../../state/runs/index.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator, ScimSimulatorOptions } from '../../simulators/scim/simulator.js';
import { TestEngine } from './engine.js';
import type { EngineOptions, SystemOptions, TestSystem } from './engine.js';

/** What tells systems of worlds on one engine apart. */
const MARK = / #\d+/;

/** A simulated target with its configured system. */
export interface WorldTarget {
  readonly system: TestSystem;
  readonly simulator: ScimSimulator;
}

/** A finished job in the words of a test. */
export interface JobResult {
  readonly status: string;
  readonly outcome: readonly string[];
  /** As {@link summary}. */
  readonly statistics: Record<string, string>;
  readonly runKey: string;
}

/** One source and some targets, simulated, with the engine between them. */
export class World {
  private constructor(
    readonly engine: TestEngine,
    readonly source: ScimSimulator,
    readonly hr: TestSystem,
    /** Of a world that shares its engine with others: what its systems are called after their names. */
    private readonly mark?: string,
  ) {}

  private static joined = 0;
  private readonly targets: WorldTarget[] = [];

  static async start(
    options: {
      readonly engine?: EngineOptions;
      readonly source?: ScimSimulatorOptions;
      readonly hr?: SystemOptions;
    } = {},
  ): Promise<World> {
    const engine = await TestEngine.start({ isRecycled: true, ...options.engine });
    const source = await startScimSimulator(options.source);
    return new World(engine, source, await engine.addSource('HR', source.url, options.hr));
  }

  /** A world of its own on an engine that outlives it: its systems are fed by nobody else's. */
  static async join(
    engine: TestEngine,
    options: { readonly source?: ScimSimulatorOptions; readonly hr?: SystemOptions } = {},
  ): Promise<World> {
    World.joined += 1;
    const mark = ` #${World.joined}`;
    const source = await startScimSimulator(options.source);
    return new World(engine, source, await engine.addSource(`HR${mark}`, source.url, options.hr), mark);
  }

  async addTarget(
    name: string,
    simulator: ScimSimulatorOptions = {},
    system: SystemOptions = {},
  ): Promise<WorldTarget> {
    const started = await startScimSimulator({ idPrefix: `${name}-`, ...simulator });
    const own = this.mark === undefined ? {} : { sources: { selection: 'list', sourceIds: [this.hr.id] } as const };
    const configured = await this.engine.addTarget(`${name}${this.mark ?? ''}`, started.url, { ...own, ...system });
    const target = { simulator: started, system: configured };
    this.targets.push(target);
    return target;
  }

  /** Runs a job of a source, by default of the world's own. */
  async job(kind: RunKind = 'read', source: TestSystem = this.hr): Promise<JobResult> {
    const { job } = await this.engine.runJob(source, kind);
    return this.result(job.jobId);
  }

  /** What a finished job came to. */
  async result(jobId: string): Promise<JobResult> {
    const { job, statistics } = await this.engine.finished(jobId);
    const outcome = job.outcome.map((line) => line.replace(MARK, ''));
    return { status: job.status, outcome, statistics: summary(statistics), runKey: job.runKey };
  }

  async stop(): Promise<void> {
    if (this.mark === undefined) await this.engine.stop();
    await this.source.stop();
    for (const target of this.targets) await target.simulator.stop();
  }
}

/** A person as a source delivers it. */
export function person(id: string, change: JsonObject = {}): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    id,
    userName: `${id}@example.com`,
    name: { givenName: id, familyName: 'Example' },
    active: true,
    ...change,
  };
}

/** A group as a source delivers it. */
export function group(id: string, members: readonly string[]): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    id,
    displayName: `Group ${id}`,
    members: members.map((value) => ({ value, type: 'User' })),
  };
}

/** Statistics in one line each, zeros left out: `{ 'Cloud user': 'created 3, failed 1' }`. */
export function summary(statistics: readonly StatisticsRow[]): Record<string, string> {
  return Object.fromEntries(
    statistics.map((row) => [`${row.systemName.replace(MARK, '')} ${row.entity}`, numbers(row)]),
  );
}

function numbers(row: StatisticsRow): string {
  const counts: [string, number][] = [
    ['read', row.read],
    ['created', row.created],
    ['updated', row.updated],
    ['deleted', row.deleted],
    ['skipped', row.skipped],
    ['failed', row.failed],
    ['held', row.held],
  ];
  return counts.flatMap(([name, count]) => (count > 0 ? [`${name} ${count}`] : [])).join(', ');
}

/** userNames of the members of a group, by its id, sorted; `nobody` for who does not exist. */
export function memberNames({ store }: ScimSimulator, groupId: string): string[] {
  const { users, groups } = store.snapshot();
  const nameOf = new Map(users.map((user) => [user['id'], String(user['userName'])]));
  const members = groups.find((one) => one['id'] === groupId)?.['members'];
  return (Array.isArray(members) ? members : [])
    .map((member) => (isJsonObject(member) && nameOf.get(member['value'] ?? '')) || 'nobody')
    .sort();
}

/** userNames now in a simulator, sorted. */
export function userNames(simulator: ScimSimulator): string[] {
  return simulator.store
    .snapshot()
    .users.map((user) => String(user['userName']))
    .sort();
}

/** Write requests since a mark of the journal. */
export function writesSince(simulator: ScimSimulator, mark: number): string[] {
  return simulator.journal.writesSince(mark).map((record) => `${record.method} ${record.path} ${record.key ?? ''}`);
}
