import type { JsonObject } from '../../core/json.js';
import type { StatisticsRow } from '../../state/runs/index.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator, ScimSimulatorOptions } from '../../simulators/scim/simulator.js';
import { TestEngine } from './engine.js';
import type { EngineOptions, SystemOptions, TestSystem } from './engine.js';

/** A simulated target with its configured system. */
export interface WorldTarget {
  readonly system: TestSystem;
  readonly simulator: ScimSimulator;
}

/** One source and some targets, simulated, with the engine between them. */
export class World {
  private constructor(
    readonly engine: TestEngine,
    readonly source: ScimSimulator,
    readonly hr: TestSystem,
  ) {}

  private readonly targets: WorldTarget[] = [];

  static async start(
    options: {
      readonly engine?: EngineOptions;
      readonly source?: ScimSimulatorOptions;
      readonly hr?: SystemOptions;
    } = {},
  ): Promise<World> {
    const engine = await TestEngine.start(options.engine);
    const source = await startScimSimulator(options.source);
    return new World(engine, source, await engine.addSource('HR', source.url, options.hr));
  }

  async addTarget(
    name: string,
    simulator: ScimSimulatorOptions = {},
    system: SystemOptions = {},
  ): Promise<WorldTarget> {
    const started = await startScimSimulator({ idPrefix: `${name}-`, ...simulator });
    const target = { simulator: started, system: await this.engine.addTarget(name, started.url, system) };
    this.targets.push(target);
    return target;
  }

  async stop(): Promise<void> {
    await this.engine.stop();
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
  return Object.fromEntries(statistics.map((row) => [`${row.systemName} ${row.entity}`, numbers(row)]));
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
