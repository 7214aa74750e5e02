import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { withGroups } from '../support/engine.js';
import { person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** Stored state of the pair of one person. */
interface PairState {
  presence: number;
  link: number | null;
  outOfScope: boolean | null;
  backlog: boolean;
}

const PRESENT = 1;
const SKIPPED = 2;
const LINKED = 1;
const LINK_SKIPPED = 2;
const CREATING = 3;

/** Accepts everybody who is not a guest. */
function writeNoGuests(change: JsonObject = {}): JsonObject {
  const write = withGroups('target');
  const user = write['user'];
  return { ...write, user: { ...Object(user), condition: "$.userType != 'guest'", ...change } };
}

function readNoInterns(): JsonObject {
  const read = withGroups('source');
  return { ...read, user: { ...Object(read['user']), condition: "$.userType != 'intern'" } };
}

describe('the table of in-step pairs (engine.md §2), row by row', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function start(people: readonly JsonObject[], target: JsonObject[] = []): Promise<void> {
    world = await World.start({ source: { users: people }, hr: { transformation: readNoInterns() } });
    cloud = await world.addTarget('Cloud', { users: target }, { transformation: writeNoGuests() });
  }

  async function pair(id: string): Promise<PairState | undefined> {
    const rows = await world.engine.pool.query<PairState>(
      `select e.presence, l.state as link, l.out_of_scope as "outOfScope",
              exists (select from backlog b where b.entity_no = e.entity_no and b.target_id = $2) as backlog
         from entity e left join link l on l.entity_no = e.entity_no and l.target_id = $2 where e.source_key = $1`,
      [id, cloud.system.no],
    );
    return rows[0];
  }

  /** Something else in the source, so that the empty-read guard does not speak. */
  const witness = person('W');

  it('present · true · none → create; then in step', async () => {
    await start([person('P')]);
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toEqual({ presence: PRESENT, link: LINKED, outOfScope: false, backlog: false });
    expect(userNames(cloud.simulator)).toEqual(['P@example.com']);
  });

  it('present · true · linked: same hashes → nothing; another common hash → update', async () => {
    await start([person('P')]);
    await world.engine.runJob(world.hr);
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    world.source.store.update('User', 'P', { title: 'Lead' });
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toHaveLength(1);
    expect(cloud.simulator.store.snapshot().users[0]).toMatchObject({ title: 'Lead' });
  });

  it('CHG-4: present · true · linked: another program number → evaluated; only another target hash is written', async () => {
    await start([person('P'), person('Q', { nickName: 'q' })]);
    await world.engine.runJob(world.hr);
    const mark = cloud.simulator.journal.mark();
    const write = withGroups('target');
    const mappings = [
      ...(Object(write['user'])['mappings'] as JsonObject[]),
      { type: 'remove', targetPath: '$.nickName' },
    ];
    await world.engine.setTransformation(cloud.system, writeNoGuests({ mappings }));
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1' });
    expect(writesSince(cloud.simulator, mark)).toHaveLength(1);
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toHaveLength(1);
  });

  it('present · false · none → link skipped, no request; present · true · skipped → create', async () => {
    await start([person('P', { userType: 'guest' })]);
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toEqual({ presence: PRESENT, link: LINK_SKIPPED, outOfScope: false, backlog: false });
    expect(cloud.simulator.journal.writesSince(0)).toEqual([]);
    world.source.store.update('User', 'P', { userType: 'employee' });
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toEqual({ presence: PRESENT, link: LINKED, outOfScope: false, backlog: false });
  });

  it('invariant 6: present · false · linked → marked out of scope without a request, also where nothing may be deleted', async () => {
    await start([person('P'), witness]);
    await world.engine.runJob(world.hr);
    const mark = cloud.simulator.journal.mark();
    world.source.store.update('User', 'P', { userType: 'guest' });
    world.source.faults.arm({
      effect: { kind: 'missingId', at: 1 },
      match: { operations: ['list'], type: 'User' },
      times: 1,
    });
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toEqual({ presence: PRESENT, link: LINKED, outOfScope: true, backlog: false });
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    // Back in scope before a run was allowed to delete: nothing but an update.
    world.source.store.update('User', 'P', { userType: 'employee' });
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toMatchObject({ outOfScope: false });
    expect(writesSince(cloud.simulator, mark).map((line) => line.split(' ')[0])).toEqual(['PUT']);
  });

  it('skipped · linked → out of scope, deleted by the absence phase; skipped · none → always in step', async () => {
    await start([person('P'), person('N', { userType: 'intern' }), witness]);
    await world.engine.runJob(world.hr);
    expect(await pair('N')).toEqual({ presence: SKIPPED, link: null, outOfScope: null, backlog: false });
    world.source.store.update('User', 'P', { userType: 'intern' });
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 3, skipped 2', 'Cloud user': 'deleted 1' });
    expect(await pair('P')).toEqual({ presence: SKIPPED, link: null, outOfScope: null, backlog: false });
  });

  it('absent · linked → deleted after confirmation, and forgotten', async () => {
    await start([person('P'), witness]);
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toBeUndefined();
    expect(userNames(cloud.simulator)).toEqual(['W@example.com']);
  });

  it('absent · none → the backlog row of a failed create goes, and nobody who has left gets an account', async () => {
    await start([person('P'), witness]);
    const refusal = cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['POST'], key: 'P@example.com' },
    });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, failed 1' });
    expect(await pair('P')).toMatchObject({ link: null, backlog: true });
    cloud.simulator.faults.disarm(refusal);
    world.source.store.remove('User', 'P');
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(await pair('P')).toBeUndefined();
  });

  it('DEL-6 step 3: released is never in step with a present entity: who returns is provisioned again', async () => {
    await start([person('P'), witness], [person('P', { id: 'old' })]);
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    // Nothing is kept of somebody who is gone, except that the account stands in the list of those no longer managed (DEL-22).
    expect(await pair('P')).toBeUndefined();
    world.source.store.add('User', person('P', { title: 'back' }));
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toEqual({ presence: PRESENT, link: LINKED, outOfScope: false, backlog: false });
    expect(cloud.simulator.store.snapshot().users[0]).toMatchObject({ id: 'old', title: 'back' });
  });

  it('RTY-5: a create whose answer is lost and cannot be looked for stays creating, and is found by its keys in the next run', async () => {
    await start([person('P'), witness]);
    const lost = cloud.simulator.faults.arm({
      effect: { kind: 'applyThenDrop' },
      match: { methods: ['POST'], key: 'P@example.com' },
    });
    const deaf = cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidFilter' },
      match: { operations: ['list'] },
    });
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toMatchObject({ link: CREATING, backlog: true });
    cloud.simulator.faults.disarm(lost);
    cloud.simulator.faults.disarm(deaf);
    await world.engine.runJob(world.hr);
    expect(await pair('P')).toMatchObject({ link: LINKED, backlog: false });
    expect(cloud.simulator.journal.createsPerKey().get('User:p@example.com')).toMatchObject({ creates: 1 });
  });
});
