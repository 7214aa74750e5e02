import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { RunActivities } from '../../activities/contract.js';
import { createActivities } from '../../activities/index.js';
import type { ActivityDependencies, FaultListener, Timing } from '../../activities/index.js';
import type { ConnectorFactory } from '../../connectors/contract.js';
import { createRegistry } from '../../connectors/registry.js';
import type { JsonObject } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import type { Mailer } from '../../runtime/mailer.js';
import type { Keyring } from '../../runtime/secrets.js';
import { createSystem, saveProperties, saveTransformation, setSystemEnabled } from '../../state/config/index.js';
import type { SqlPool } from '../../state/database.js';
import { readJob, readStatistics, requestRun, requestStop } from '../../state/runs/index.js';
import type { JobView, RunKind, StatisticsRow } from '../../state/runs/index.js';
import { isSimulation } from '../../state/runs/run.js';
import { decide, listPlans } from '../../state/plans/index.js';
import type { ChangeFilter, PlanView } from '../../state/plans/index.js';
import { createBase, giveBack, takeBase } from './engine-base.js';

const TYPE_NAME = 'SCIM System';
const DIRECTORIES: readonly string[] = ['LDAP Server', 'Microsoft Active Directory'];

/** A configured system of a test. */
export interface TestSystem {
  readonly no: number;
  readonly id: string;
  readonly name: string;
}

/** One finished job. */
export interface FinishedJob {
  readonly job: JobView;
  readonly statistics: readonly StatisticsRow[];
}

export interface EngineOptions {
  readonly timing?: Partial<Timing>;
  readonly concurrency?: number;
  /** Time of the jobs; default: now. */
  readonly clock?: () => Date;
  /** Absent: no mail server is configured. */
  readonly mailer?: Mailer;
  /** The database of an engine of this suite that was stopped may serve again, emptied; absent: it gets one of its own. */
  readonly isRecycled?: boolean;
  /** Replaces the pool that the activities work with, for tests that break it. */
  readonly decoratePool?: (pool: SqlPool) => SqlPool;
}

/** What a process of its own has other than the engine it belongs to. */
export interface ProcessOptions {
  /** Its database; closed by whoever made it. */
  readonly pool?: SqlPool;
  readonly decorateFactory?: (factory: ConnectorFactory) => ConnectorFactory;
  readonly reached?: FaultListener;
  /** Default: a new one, as a workflow that was started again has. */
  readonly owner?: string;
  readonly timing?: Partial<Timing>;
  readonly clock?: () => Date;
  readonly log?: ActivityDependencies['log'];
  /** Null: it knows no mail server. */
  readonly mailer?: Mailer | null;
}

/** One worker process: its activities, under one owner. */
export interface EngineProcess {
  readonly owner: string;
  readonly activities: RunActivities & { close(): Promise<void> };
}

const APPROVAL = { decision: 'approve', by: 'reviewer', comment: '', secondPersonFor: [] } as const;

/** Short times, so that a test of waiting does not wait. */
const TEST_TIMING: Partial<Timing> = { idlePollMs: 10, stopGraceMs: 2_000 };

/** The real engine on a real database, driven without Temporal: activities are called in the order of the run loop. */
export class TestEngine {
  /** Stands for the Temporal run id; a new one is another attempt of the whole workflow. */
  owner = randomUUID();
  /** The run became a full read: all chains stop, and it goes on from its beginning (`ChunkResult.restart`). */
  private begunAgain = false;
  /** Aborting it is a cancellation by Temporal. */
  cancellation = new AbortController();

  private constructor(
    readonly databaseUrl: string,
    readonly pool: SqlPool,
    readonly dataSource: DataSource,
    readonly keyring: Keyring,
    readonly activities: RunActivities & { close(): Promise<void> },
    private readonly dependencies: ActivityDependencies,
    private readonly leave: () => Promise<void>,
  ) {}

  static async start(options: EngineOptions = {}): Promise<TestEngine> {
    const base = options.isRecycled ? await takeBase() : await createBase();
    const { pool, dataSource, keyring, keys } = base;
    const registry = createRegistry();
    const silent = (): void => undefined;
    // The scope is looked up at each call, because tests change owner and cancellation.
    const holder: { engine?: TestEngine } = {};
    const dependencies: ActivityDependencies = {
      pool: options.decoratePool?.(pool) ?? pool,
      dataSource,
      keyring,
      keys,
      connectorFactory: (typeName) => registry.find(typeName),
      clock: options.clock ?? (() => new Date()),
      ...(options.mailer !== undefined && { mailer: options.mailer }),
      log: { debug: silent, info: silent, warn: silent, error: silent },
      concurrency: options.concurrency ?? 16,
      timing: { ...TEST_TIMING, ...options.timing },
      scope: () => {
        if (holder.engine === undefined) throw new Error('the engine is not started');
        return { owner: holder.engine.owner, signal: holder.engine.cancellation.signal, heartbeat: silent };
      },
    };
    const activities = createActivities(dependencies);
    const leave = (): Promise<void> => (options.isRecycled ? giveBack(base) : base.close());
    const engine = new TestEngine(base.databaseUrl, pool, dataSource, keyring, activities, dependencies, leave);
    holder.engine = engine;
    return engine;
  }

  async stop(): Promise<void> {
    await this.activities.close();
    await this.leave();
  }

  /** Another worker process on the same database; close its activities. */
  newProcess(options: ProcessOptions = {}): EngineProcess {
    const { pool, decorateFactory, timing, reached, clock, log } = options;
    const { mailer: own, ...dependencies } = this.dependencies;
    const mailer = options.mailer === undefined ? own : (options.mailer ?? undefined);
    const owner = options.owner ?? randomUUID();
    const { signal } = new AbortController();
    const activities = createActivities({
      ...dependencies,
      ...(mailer !== undefined && { mailer }),
      ...(clock !== undefined && { clock }),
      ...(log !== undefined && { log }),
      ...(pool !== undefined && { pool }),
      ...(reached !== undefined && { reached }),
      connectorFactory: (typeName) => {
        const found = this.dependencies.connectorFactory(typeName);
        return found === undefined || decorateFactory === undefined ? found : decorateFactory(found);
      },
      timing: { ...this.dependencies.timing, ...timing },
      scope: () => ({ owner, signal, heartbeat: () => undefined }),
    });
    return { owner, activities };
  }

  addSource(name: string, url: string, more: SystemOptions = {}): Promise<TestSystem> {
    return this.addSystem('source', name, url, more);
  }

  addTarget(name: string, url: string, more: SystemOptions = {}): Promise<TestSystem> {
    return this.addSystem('target', name, url, more);
  }

  async setEnabled(system: TestSystem, enabled: boolean): Promise<void> {
    await this.dataSource.transaction((manager) => setSystemEnabled(manager, system.no, enabled));
  }

  /** @param named those that somebody has named, of the whole set; default: all */
  async setProperties(
    system: TestSystem,
    properties: Readonly<Record<string, string>>,
    named?: readonly string[],
  ): Promise<void> {
    const set = { plain: properties, secrets: {}, keptSecretNames: [], ...(named !== undefined && { named }) };
    await this.dataSource.transaction((manager) => saveProperties(manager, this.keyring, system, set));
  }

  /** The stored properties with some of them changed. */
  async changeProperties(system: TestSystem, change: Readonly<Record<string, string>>): Promise<void> {
    await this.setProperties(system, { ...(await this.properties(system)), ...change }, Object.keys(change));
  }

  /** The stored properties. */
  async properties(system: TestSystem): Promise<Record<string, string>> {
    const rows = await this.pool.query<{ name: string; value: string }>(
      'select name, value from system_property where system_no = $1 and value is not null',
      [system.no],
    );
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  async setTransformation(system: TestSystem, document: JsonObject): Promise<void> {
    await this.dataSource.transaction((manager) =>
      saveTransformation(manager, system.no, { document, description: 'test', modifiedBy: 'test' }),
    );
  }

  /** Requests a job and works through it. */
  async runJob(source: TestSystem, kind: RunKind = 'read'): Promise<FinishedJob> {
    const run = await requestRun(this.pool, { sourceNo: source.no, kind, trigger: 'IMMEDIATE', triggeredBy: 'test' });
    await this.workThrough(run.runKey);
    return this.finished(run.jobId);
  }

  /** One round of healing, as the workflow does it every minute. Returns how many pairs of systems had something to heal. */
  async heal({ activities }: Pick<EngineProcess, 'activities'> = this): Promise<number> {
    const { pairs } = await activities.findHealable();
    for (const pair of pairs) await activities.healPair(pair);
    return pairs.length;
  }

  /** A day goes by: everything that waits for its time is due, and what was read is old. */
  async letTimePass(): Promise<void> {
    await this.pool.query(
      `update backlog set next_at = next_at - interval '2 days', read_at = read_at - interval '2 days', tried_at = tried_at - interval '2 days'`,
    );
    await this.pool.query(`update run set started_at = started_at - interval '2 days'`);
    await this.pool.query(
      `update target_gate set next_probe_at = next_probe_at - interval '2 days', closed_until = least(closed_until, now())`,
    );
  }

  /** Approves what fits the filter and applies the plan. */
  async approveAndApply(plan: PlanView, filter: ChangeFilter = {}): Promise<FinishedJob> {
    await decide(this.pool, { ...APPROVAL, planNo: plan.planNo, sourceNo: plan.sourceNo, filter });
    return this.apply(plan);
  }

  /** Applies what is approved of a plan. */
  async apply(plan: PlanView): Promise<FinishedJob> {
    const run = await this.requestApply(plan);
    await this.workThrough(run.runKey);
    return this.finished(run.jobId);
  }

  async requestApply({ sourceNo, planNo }: PlanView): Promise<{ runKey: string; jobId: string }> {
    return requestRun(this.pool, { sourceNo, kind: 'apply', trigger: 'IMMEDIATE', triggeredBy: 'test', planNo });
  }

  /** A plan that looks for accounts that exist, or does not, whatever the targets are like (PLN-14). */
  async requestPlan(source: TestSystem, match: boolean): Promise<{ runKey: string; jobId: string }> {
    const asked = { kind: 'readPlan', trigger: 'IMMEDIATE', triggeredBy: 'test', match } as const;
    return requestRun(this.pool, { sourceNo: source.no, ...asked });
  }

  /** The newest plan of a source. */
  async newestPlan(source: TestSystem): Promise<PlanView> {
    const [plan] = await listPlans(this.pool, { sourceNo: source.no, limit: 1 });
    if (plan === undefined) throw new Error('there is no plan');
    return plan;
  }

  async finished(jobId: string): Promise<FinishedJob> {
    const job = await readJob(this.pool, jobId);
    if (job === undefined) throw new Error(`there is no job ${jobId}`);
    return { job, statistics: await readStatistics(this.pool, job.runKey) };
  }

  async request(source: TestSystem, kind: RunKind = 'read'): Promise<{ runKey: string; jobId: string }> {
    return requestRun(this.pool, { sourceNo: source.no, kind, trigger: 'IMMEDIATE', triggeredBy: 'test' });
  }

  async requestStop(jobId: string): Promise<void> {
    await requestStop(this.pool, jobId);
  }

  /** The run loop of the workflow without its timers: intake beside one chain per target, then deletions, then the end. */
  async workThrough(runKey: string, process: EngineProcess = this): Promise<void> {
    const { activities } = process;
    const opened = await activities.openRun({ runKey });
    if (opened.closed) return;
    if (opened.hasSweeps === true) await this.repeat(() => activities.sweepPairs({ runKey }));
    const intake = this.readAll(runKey, opened.types, activities);
    const simulates = await this.isSimulated(runKey);
    const chains = opened.targets.map(async ({ targetNo, types }) => {
      if (simulates) {
        await intake;
        return this.simulate(runKey, targetNo, types, opened.asksTargets === true, activities);
      }
      for (const type of types) {
        if (!(await this.drainType(activities, { runKey, targetNo, type }))) return;
      }
      if (!(await intake)) return;
      const plan = await activities.planAbsence({ runKey, targetNo });
      for (const type of plan.types) await this.repeat(() => activities.deleteChunk({ runKey, targetNo, type }));
    });
    // As in the workflow, a chain that fails does not end before the others have.
    const ends = await Promise.allSettled([intake, ...chains]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (this.begunAgain) {
      this.begunAgain = false;
      return this.workThrough(runKey, process);
    }
    await activities.finishRun({ runKey, end: 'completed' });
  }

  private async isSimulated(runKey: string): Promise<boolean> {
    const [run] = await this.pool.query<{ kind: RunKind }>('select kind from run where run_key = $1', [runKey]);
    return run !== undefined && isSimulation(run.kind);
  }

  private async simulate(
    runKey: string,
    targetNo: number,
    types: readonly ('user' | 'group' | 'role')[],
    asksTargets: boolean,
    activities: RunActivities,
  ): Promise<void> {
    for (const step of asksTargets ? (['write', 'delete', 'compare'] as const) : (['write', 'delete'] as const)) {
      for (const type of types) {
        if (!(await this.repeat(() => activities.simulateChunk({ runKey, targetNo, type, step })))) return;
      }
    }
  }

  async sweep(runKey: string): Promise<void> {
    await this.repeat(() => this.activities.sweepPairs({ runKey }));
  }

  /** Reads every type and ends the reading; true when it may show who is absent. */
  async readAll(
    runKey: string,
    types: readonly ('user' | 'group' | 'role')[],
    activities: RunActivities = this.activities,
  ): Promise<boolean> {
    for (const type of types) {
      if (!(await this.repeat(() => activities.intakeChunk({ runKey, type })))) break;
    }
    const end = this.begunAgain ? undefined : await activities.endIntake({ runKey });
    return end?.plansAbsence ?? true;
  }

  /** Both passes of a type, the second one in the same chunk where there is time. False when the chain was ended. */
  private async drainType(
    { drainChunk }: RunActivities,
    phase: { readonly runKey: string; readonly targetNo: number; readonly type: 'user' | 'group' | 'role' },
  ): Promise<boolean> {
    let isLateDone = false;
    for (const late of [false, true]) {
      if (isLateDone) break;
      const goesOn = await this.repeat(async () => {
        const result = await drainChunk({ ...phase, late, andLate: !late });
        isLateDone = result.lateDone === true;
        return result;
      });
      if (!goesOn) return false;
    }
    return true;
  }

  /** Calls until there is no more; false when the chain was ended, or the run begins again. */
  private async repeat(call: () => ReturnType<RunActivities['drainChunk']>): Promise<boolean> {
    for (;;) {
      if (this.begunAgain) return false;
      const result = await call();
      this.begunAgain ||= result.restart === true;
      if (result.ended !== undefined) return false;
      if (!result.more) return true;
      if (result.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, result.pauseMs));
    }
  }

  private async addSystem(
    role: 'source' | 'target',
    name: string,
    url: string,
    more: SystemOptions,
  ): Promise<TestSystem> {
    const id = randomUUID();
    const { typeName = TYPE_NAME } = more;
    const properties = { ...addressOf(typeName, url), ...FAST, ...more.properties };
    const no = await this.dataSource.transaction(async (manager) => {
      const sources = role === 'target' ? { sources: more.sources ?? ({ selection: 'all' } as const) } : {};
      const made = await createSystem(manager, { id, role, typeName, name, description: '', ...sources });
      await saveTransformation(manager, made, {
        document: more.transformation ?? withGroups(role, typeName),
        description: 'test',
        modifiedBy: 'test',
      });
      const set = { plain: properties, secrets: more.secrets ?? {}, keptSecretNames: [] };
      await saveProperties(manager, this.keyring, { no: made, id }, set);
      return made;
    });
    return { no, id, name };
  }
}

export interface SystemOptions {
  /** Default: `SCIM System`. */
  readonly typeName?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly transformation?: JsonObject;
  readonly sources?:
    { readonly selection: 'all' } | { readonly selection: 'list'; readonly sourceIds: readonly string[] };
}

/** Failed requests are repeated after a second, not after thirty. */
const FAST = { 'ips.failed.request.retry.attempts': '1', 'ips.failed.request.retry.attempts.interval': '1' };

/** Where a system of a type is, and how it is spoken with. */
function addressOf(typeName: string, url: string): Record<string, string> {
  if (DIRECTORIES.includes(typeName)) return { Type: 'LDAP', 'ldap.url': url };
  return { Type: 'HTTP', URL: url, ProxyType: 'Internet', Authentication: 'NoAuthentication' };
}

/** The default write transformation with more mappings for users. */
export function withUserMappings(mappings: readonly JsonObject[]): JsonObject {
  const document = withGroups('target');
  const { user } = document;
  if (!isJsonObject(user) || !Array.isArray(user['mappings'])) throw new Error('the default has no mappings');
  user['mappings'].push(...mappings);
  return document;
}

/** The default transformation of the type, with groups switched on. */
export function withGroups(role: 'source' | 'target', typeName = TYPE_NAME): JsonObject {
  const defaults = createRegistry().find(typeName)?.descriptor.defaultTransformations;
  const document = structuredClone(role === 'source' ? defaults?.read : defaults?.write);
  if (document === undefined) throw new Error(`${typeName} has no default transformation`);
  const group = document['group'];
  if (isJsonObject(group)) delete group['ignore'];
  return document;
}

/** The same, and users are wanted on this condition only. */
export function withCondition(role: 'source' | 'target', condition: string): JsonObject {
  const document = withGroups(role);
  return { ...document, user: { ...Object(document['user']), condition } };
}
