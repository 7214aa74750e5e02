import type { JsonObject } from '../../core/json.js';
import { resetSystem } from '../../state/config/index.js';
import type { ScimDialectName } from '../../simulators/scim/dialects.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { withGroups } from './engine.js';
import type { SystemOptions, TestEngine, TestSystem } from './engine.js';
import { person, userNames, World } from './world.js';
import type { JobResult, WorldTarget } from './world.js';

const CONNECTION = { Type: 'HTTP', ProxyType: 'Internet', Authentication: 'NoAuthentication' };
/** Failed requests are not repeated, and nothing is held for approval: the tables are about what is documented. */
const PLAIN = { 'ips.failed.request.retry.attempts': '0', 'ips.governor.delete': 'off' };

/** The property that lets entities be deleted that existed before (DEL-12). */
export const EXISTED_BEFORE = { 'ips.delete.existedbefore.entities': 'true' };
/** Properties of a source that reads deltas to the second. */
export const DELTA = { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0' };

/** How a scene begins. */
export interface SceneStart {
  readonly people?: readonly string[];
  readonly groups?: readonly JsonObject[];
  readonly hr?: SystemOptions;
  /** Accounts that are in the target before the first job. */
  readonly accounts?: readonly string[];
  readonly accountGroups?: readonly JsonObject[];
  readonly cloud?: SystemOptions;
  /** Of the target. */
  readonly dialect?: ScimDialectName;
  /** Adds sources that the target is connected with, too. */
  readonly moreSources?: () => Promise<readonly TestSystem[]>;
}

/** A source, a target and what the documentation lets happen to them. */
export class DeletionScene {
  private ticks = 0;

  private constructor(
    readonly world: World,
    readonly cloud: WorldTarget,
  ) {}

  static async start(engine: TestEngine, start: SceneStart = {}): Promise<DeletionScene> {
    const users = (start.people ?? ['P', 'W']).map((id) => person(id));
    const world = await World.join(engine, {
      source: { users, groups: [...(start.groups ?? [])] },
      hr: { ...start.hr, properties: { ...PLAIN, ...start.hr?.properties } },
    });
    const more = (await start.moreSources?.()) ?? [];
    const sourceIds = [world.hr, ...more].map(({ id }) => id);
    const cloud = await world.addTarget(
      'Cloud',
      {
        users: (start.accounts ?? []).map((id) => person(id, { id: `old-${id}` })),
        groups: [...(start.accountGroups ?? [])],
        ...(start.dialect !== undefined && { dialect: start.dialect }),
      },
      {
        ...(more.length > 0 && { sources: { selection: 'list', sourceIds } }),
        ...start.cloud,
        properties: { ...PLAIN, ...start.cloud?.properties },
      },
    );
    return new DeletionScene(world, cloud);
  }

  job(kind: 'read' | 'resync' = 'read'): Promise<JobResult> {
    this.later();
    return this.world.job(kind);
  }

  leave(...ids: string[]): void {
    for (const id of ids) this.world.source.store.remove('User', id);
  }

  arrive(id: string, change: JsonObject = {}): void {
    this.world.source.store.add('User', person(id, change));
  }

  change(id: string, change: JsonObject): void {
    this.later();
    this.world.source.store.update('User', id, change);
  }

  /** The n-th person of the list cannot be read, until the returned function is called. */
  breakReading(at = 0): () => void {
    return this.fault(this.world.source, {
      effect: { kind: 'missingId', at },
      match: { operations: ['list'], type: 'User' },
    });
  }

  fault(simulator: ScimSimulator, rule: Parameters<ScimSimulator['faults']['arm']>[0]): () => void {
    const armed = simulator.faults.arm(rule);
    return () => void simulator.faults.disarm(armed);
  }

  async configure(side: 'source' | 'target', properties: Readonly<Record<string, string>>): Promise<void> {
    const [system, url] =
      side === 'source' ? [this.world.hr, this.world.source.url] : [this.cloud.system, this.cloud.simulator.url];
    await this.world.engine.setProperties(system, { ...CONNECTION, ...PLAIN, URL: url, ...properties });
  }

  /** Changes the transformation of users. */
  async transform(side: 'source' | 'target', change: JsonObject): Promise<void> {
    const system = side === 'source' ? this.world.hr : this.cloud.system;
    await this.world.engine.setTransformation(system, users(side, change));
  }

  async reset(side: 'source' | 'target'): Promise<void> {
    const system = side === 'source' ? this.world.hr : this.cloud.system;
    await this.world.engine.dataSource.transaction((manager) =>
      resetSystem(manager, system.no, { role: side, keepOrigins: false }),
    );
  }

  /** User names in the target, without the domain. */
  accounts(simulator = this.cloud.simulator): string[] {
    return userNames(simulator).map((name) => name.replace('@example.com', ''));
  }

  /** Links of the scene's target by source id: who has made the account, or what else the link says. */
  async links(): Promise<Record<string, string>> {
    const rows = await this.world.engine.pool.query<{ id: string; link: string }>(
      `select e.source_key as id, case l.state when 1 then case l.origin when 1 then 'created' else 'existedBefore' end
                                             when 2 then 'skipped' when 3 then 'creating' else 'released' end as link
         from link l join entity e on e.entity_no = l.entity_no where l.target_id = $1 and l.type = 1 order by 1`,
      [this.cloud.system.no],
    );
    return Object.fromEntries(rows.map((row) => [row.id, row.link]));
  }

  /** The source's clock goes on: marks have whole seconds, and a change must be clearly before or after one. */
  later(): void {
    this.ticks += 1;
    this.world.source.setClockSkewMs(this.ticks * 5_000);
  }

  stop(): Promise<void> {
    return this.world.stop();
  }
}

/** The default transformation with something else for users. */
export function users(side: 'source' | 'target', change: JsonObject): JsonObject {
  const document = withGroups(side);
  return { ...document, user: { ...Object(document['user']), ...change } };
}

/** A write transformation that deactivates instead of deleting (DEL-10), with more mappings of that scope. */
export function deactivating(...more: readonly JsonObject[]): JsonObject {
  const mappings: unknown = Object(withGroups('target')['user'])['mappings'];
  return users('target', {
    mappings: [
      ...(Array.isArray(mappings) ? mappings : []),
      { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id', scope: 'deleteEntity' },
      { sourcePath: '$.userName', targetPath: '$.userName', scope: 'deleteEntity' },
      { constant: false, targetPath: '$.active', scope: 'deleteEntity' },
      ...more,
    ],
  });
}
