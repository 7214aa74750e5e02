import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { expireLeases, Mortal } from './crash.js';
import type { CrashPoint } from './crash.js';
import { withGroups } from './engine.js';
import type { SystemOptions, TestEngine, TestSystem } from './engine.js';
import { person, World } from './world.js';
import type { WorldTarget } from './world.js';

const TYPE_NAME = 'SAP BTP XS Advanced UAA (Cloud Foundry)';

/** A target in which each user has an account of two identity providers (PRP-172). */
export const UAA_TARGET: SystemOptions = {
  typeName: TYPE_NAME,
  properties: { 'xsuaa.origin': 'idp1;idp2', 'xsuaa.user.unique.attribute': 'userName,origin' },
  transformation: withGroups('target', TYPE_NAME),
};

/** People of a source, and a target with an account of two identity providers for each of them. */
export async function startOrigins(
  engine: TestEngine,
  ids: readonly string[],
  properties: Readonly<Record<string, string>> = {},
): Promise<{ readonly world: World; readonly cloud: WorldTarget }> {
  const world = await World.join(engine, { source: { users: ids.map((id) => person(id)) } });
  const target = { ...UAA_TARGET, properties: { ...UAA_TARGET.properties, ...properties } };
  return { world, cloud: await world.addTarget('Cloud', { dialect: 'uaa' }, target) };
}

/** Both accounts of these people, as {@link users} shows them. */
export function bothAccounts(...ids: readonly string[]): string[] {
  return ids.flatMap((id) => [`${id}@example.com idp1`, `${id}@example.com idp2`]);
}

/** Users of a simulated UAA by name and origin, sorted. */
export function users({ store }: ScimSimulator): string[] {
  return store
    .snapshot()
    .users.map((user) => `${String(user['userName'])} ${String(user['origin'])}`)
    .sort();
}

/** A stored link, as far as a test looks at it. */
export interface LinkView {
  readonly ord: number;
  readonly part: string | null;
  readonly state: number;
  readonly origin: number | null;
}

/** Links of users in a target, of one source entity or of all, in order. */
export function links(engine: TestEngine, target: WorldTarget, sourceKey?: string): Promise<LinkView[]> {
  return engine.pool.query<LinkView>(
    `select l.ord, l.part, l.state, l.origin from link l join entity e on e.entity_no = l.entity_no
      where l.target_id = $1 and l.type = 1 and ($2::text is null or e.source_key = $2) order by e.source_key, l.ord`,
    [target.system.no, sourceKey ?? null],
  );
}

/** A worker process that dies at a point; another one takes its leases at once and works the job to its end. */
export async function workWithCrash(engine: TestEngine, source: TestSystem, point: CrashPoint): Promise<void> {
  const mortal = new Mortal(point);
  const process = engine.newProcess({
    pool: mortal.pool(engine.databaseUrl),
    decorateFactory: (factory) => mortal.factory(factory),
    reached: mortal.reached,
  });
  const run = await engine.request(source);
  await engine.workThrough(run.runKey, process).catch(() => undefined);
  await process.activities.close().catch(() => undefined);
  if (mortal.diedAt === undefined) throw new Error('the process did not come to the point where it was to die');
  await expireLeases(engine.pool, source.no);
  await engine.workThrough(run.runKey);
}
