import { SqlPool } from '../../../state/database.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';
import { group, person } from '../../support/world.js';
import { checkAtRest } from '../checker/check.js';
import type { Evidence } from '../checker/evidence.js';
import { Timeline } from '../support/timeline.js';
import { installWitness } from '../checker/books.js';
import { readTables, writeEvidence } from '../random/artifact.js';
import { EdgePark } from './edge-park.js';
import { ProcessMuster } from './process-muster.js';
import type { ApiFault, OwnServers } from './process-muster.js';

const PEOPLE = Array.from({ length: 40 }, (_, no) => `P${no}`);
/** Memory of a worker in these tests at most (invariant 15 with 40 people: nothing may pile up). */
const MEMORY_MB = 300;

/** A source with forty people and two groups and two targets, connected by real processes. */
export class ProcessScene {
  readonly timeline: Timeline;
  deaths = 0;
  hadZombies = false;

  private constructor(
    readonly muster: ProcessMuster,
    /** None is started; undefined unless the systems are private. */
    readonly edges: EdgePark | undefined,
    readonly source: ScimSimulator,
    readonly targets: readonly ScimSimulator[],
    readonly hr: { readonly id: string; readonly name: string },
    private readonly numbers: { readonly source: number; readonly targets: readonly number[] },
    private readonly pool: SqlPool,
  ) {
    this.timeline = Timeline.watch(source);
  }

  static async start(temporalAddress: string, apiFault: ApiFault = {}, own: OwnServers = {}): Promise<ProcessScene> {
    const users = PEOPLE.map((id) => person(id, { nickName: 'v1' }));
    const groups = [group('G', PEOPLE.slice(0, 20)), group('H', ['P1'])];
    const source = await startScimSimulator({ users, groups });
    const slow = { create: { fixedMs: 200 }, patch: { fixedMs: 100 }, delete: { fixedMs: 100 } };
    const targets = [
      await startScimSimulator({ idPrefix: 'A-', latency: slow, journal: { keepBodies: true } }),
      await startScimSimulator({ idPrefix: 'B-', journal: { keepBodies: true } }),
    ];
    const muster = await ProcessMuster.start(temporalAddress, apiFault, own);
    const ports = [source, ...targets].map(({ port }) => port);
    const edges = own.isPrivate === true ? await EdgePark.register(muster, ports) : undefined;
    const way: Record<string, string> = edges === undefined ? {} : { ProxyType: 'OnPremise' };
    const hr = await muster.addSystem('source', 'HR', source, { 'scim.page.size': '15', ...way });
    for (const [no, target] of targets.entries())
      await muster.addSystem('target', 'AB'[no] ?? '', target, { 'scim.max.concurrent.writes': '4', ...way });
    const pool = new SqlPool(muster.databaseUrl, { maxConnections: 2 });
    await installWitness(pool);
    const systems = await pool.query<{ no: number; role: string }>('select no, role from system order by no');
    const numbers = {
      source: systems.find(({ role }) => role === 'source')?.no ?? 0,
      targets: systems.flatMap(({ role, no }) => (role === 'target' ? [no] : [])),
    };
    return new ProcessScene(muster, edges, source, targets, hr, numbers, pool);
  }

  get slowTarget(): ScimSimulator {
    const [first] = this.targets;
    if (first === undefined) throw new Error('there is no target');
    return first;
  }

  /** Some leave, some change, somebody joins. */
  evolve(): void {
    const { store } = this.source;
    for (const id of ['P3', 'P4', 'P5']) store.remove('User', id);
    for (const id of ['P6', 'P7', 'P8']) store.update('User', id, { nickName: 'v2' });
    store.add('User', person('N', { nickName: 'v1' }));
  }

  /** What the checker says when the job is over; a further job must write nothing. */
  async verdict(): Promise<string[]> {
    await this.muster.runJob(this.hr);
    const marks = this.targets.map((target) => target.journal.mark());
    await this.muster.runJob(this.hr);
    const late = this.targets.flatMap((target, no) => target.journal.writesSince(marks[no] ?? 0));
    const broken = await checkAtRest(this.evidence());
    const memoryMb = this.muster.peakMemoryMb();
    const violations = [
      ...late.map(({ method, path }) => `1: written by a further job: ${method} ${path}`),
      ...broken.map(({ rule, message }) => `${rule}: ${message}`),
      ...(memoryMb > MEMORY_MB ? [`15: a worker had ${Math.round(memoryMb)} MB`] : []),
    ];
    return violations.length === 0 ? [] : [...violations, `more in ${await this.keepEvidence(violations)}`];
  }

  private async keepEvidence(violations: readonly string[]): Promise<string> {
    return writeEvidence(`processes-${Date.now()}`, {
      violations,
      source: this.source.journal.since(0),
      targets: this.targets.map((target) => target.journal.since(0)),
      tables: await readTables(this.pool),
    });
  }

  /** Nobody waits for the circuit breakers of targets that are back. */
  async openTargets(): Promise<void> {
    await this.pool.query('delete from target_gate');
  }

  async stop(): Promise<void> {
    await this.pool.close();
    await this.muster.stop();
    await this.edges?.stop();
    for (const simulator of [this.source, ...this.targets]) await simulator.stop();
  }

  private evidence(): Evidence {
    return {
      pool: this.pool,
      sources: [{ no: this.numbers.source, simulator: this.source, timeline: this.timeline }],
      targets: this.targets.map((simulator, no) => ({
        no: this.numbers.targets[no] ?? 0,
        name: 'AB'[no] ?? '',
        simulator,
        sourceNos: [this.numbers.source],
        strangers: new Set(),
        deletesExistedBefore: false,
        concurrency: 4,
        wants: () => true,
        drops: new Set(),
        vanished: new Map(),
      })),
      stops: [],
      deaths: this.deaths,
      hadZombies: this.hadZombies,
    };
  }
}

/** Works through the cases, so many at a time, and hands out the promise of each. */
export function inLanes<C, R>(
  cases: readonly C[],
  lanes: number,
  play: (one: C) => Promise<R>,
): ReadonlyMap<C, Promise<R>> {
  const waiting = cases.map((one) => {
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    return { one, begin, result: begun.then(() => play(one)) };
  });
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      next.begin();
      await next.result.catch(() => undefined);
    }
  };
  const results = new Map(waiting.map(({ one, result }) => [one, result]));
  for (const result of results.values()) result.catch(() => undefined);
  for (let no = 0; no < lanes; no += 1) void lane();
  return results;
}
