import type { JsonObject } from '../../../core/json.js';
import { Actor, Gate } from '../../support/actors.js';
import { withGroups } from '../../support/engine.js';
import { checkAlways, checkAtRest } from '../checker/check.js';
import type { Violation } from '../checker/evidence.js';
import type { FaultTarget, FaultWorld } from '../support/fault-world.js';
import { budgetOf, decidable, decideOn, govern, governorProperties, setQuarantine } from '../random/review.js';
import type { GovernorLimits } from '../random/commands.js';
import { dieAt, inWorld, leave, USERS } from './scenario-kit.js';
import type { Scenario } from './scenario-kit.js';

const UNGOVERNED: GovernorLimits = { delete: null, disable: null, recreate: null, members: null };
const DAYS_TO_DECIDE = 9;
/** Far longer than the few people of a scenario need. */
const CHUNK_MS = 5_000;

/** Scenarios by name. On the engine as it is the checker finds nothing in any of them. */
export const REVIEW_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a target that stands still beside another one': (kit) =>
    inWorld(kit, {}, async (world) => {
      const [slow, fast] = [await world.addTarget('A'), await world.addTarget('B')];
      const { runKey, jobId } = await world.engine.request(world.source.system);
      const actor = Actor.join(world.engine);
      await actor.activities.openRun({ runKey });
      await world.engine.readAll(runKey, ['user', 'group']);
      const [standing, goingOn] = [new Gate(), new Gate()];
      actor.before(/^call create user/, async () => {
        standing.open();
        await goingOn.opened;
      });
      const waiting = actor.activities.drainChunk({ runKey, targetNo: slow.system.no, ...USERS });
      await standing.opened;
      const brisk = world.engine.newProcess({ owner: world.engine.owner, timing: { chunkMs: CHUNK_MS } });
      const { more } = await brisk.activities.drainChunk({ runKey, targetNo: fast.system.no, ...USERS });
      const message = `${fast.system.name} waited for another target`;
      const violations: Violation[] = more ? [{ rule: 'engine §6 chains', message }] : [];
      goingOn.open();
      await waiting;
      await leave(actor);
      await brisk.activities.close();
      await world.workThrough(runKey, jobId);
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a person who cannot be read any more': (kit) =>
    inWorld(kit, { hr: { transformation: demanding('title') } }, async (world) => {
      for (const id of ['P', 'Q', 'R']) world.edit(id, { title: 'Lead' });
      await world.addTarget('A');
      await world.run();
      world.edit('P', { title: null });
      await world.run();
      const violations = await checkAlways(world.evidence());
      world.edit('P', { title: 'Expert' });
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a confirmation from before a long pause': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      await world.run();
      world.leave('P');
      const { runKey, jobId } = await world.engine.request(world.source.system);
      await dieAt(world, { statement: /update absence set confirmed_at/, side: 'after' }, runKey);
      await world.engine.pool.query(
        `update absence set confirmed_at = confirmed_at - interval '11 minutes' where run_key = $1`,
        [runKey],
      );
      world.age();
      world.join('P');
      await world.workThrough(runKey, jobId);
      const violations = await checkAlways(world.evidence());
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a long rest between two pages': (kit) => {
    const people = ['P', 'Q', 'R', 'S', 'T', 'U'];
    return inWorld(kit, { people, hr: { properties: { 'scim.page.size': '3' } } }, async (world) => {
      await world.addTarget('A');
      const { runKey, jobId } = await world.engine.request(world.source.system);
      await dieAt(world, { moment: 'pageCommitted', nth: 1 }, runKey);
      await world.engine.pool.query(
        `update run_type set last_page_at = last_page_at - interval '2 minutes' where run_key = $1`,
        [runKey],
      );
      await world.workThrough(runKey, jobId);
      return checkAtRest(world.evidence());
    });
  },

  'two sources adopt one account': (kit) =>
    inWorld(kit, { people: ['P'] }, async (world) => {
      const other = await world.addSource(['P']);
      const slow = { patch: { fixedMs: 300 }, replace: { fixedMs: 300 } };
      const target = await world.addTarget('A', { latency: slow });
      world.addStranger(target, 'P', {}, Date.now() - 60_000);
      await Promise.all([world.run(), world.run({ source: other })]);
      return checkAlways(world.evidence());
    }),

  'the answer to a create gets lost': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      const match = { operations: ['create' as const] };
      target.simulator.faults.arm({ effect: { kind: 'applyThenDrop' }, match, times: 1 });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'a plan of two changes, one of them approved': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      await world.run();
      world.edit('P');
      world.edit('Q', { active: false });
      await world.run({ kind: 'readPlan' });
      await approve(world, 'disable');
      await apply(world);
      const violations = await checkAlways(world.evidence());
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a person changes between approval and application': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      const other = await world.addTarget('B');
      await world.run();
      // In one target his change has failed; there healing asks the source for him.
      other.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['PATCH', 'PUT'] } });
      world.edit('P');
      await world.run();
      await world.engine.setEnabled(other.system, false);
      world.edit('P');
      await world.run({ kind: 'readPlan' });
      await approve(world, null);
      other.simulator.faults.clear();
      await world.engine.setEnabled(other.system, true);
      world.edit('P');
      await world.letTimePass(1);
      await world.heal();
      await apply(world);
      const violations = await checkAlways(world.evidence());
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a refused change': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      await world.run();
      world.edit('P');
      await world.run({ kind: 'readPlan' });
      for (const plan of await decidable(world)) await decideOn(world, plan, { decision: 'reject', verb: null });
      await world.run();
      const violations = await checkAlways(world.evidence());
      world.edit('P');
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'two disables, one run after the other': (kit) =>
    inWorld(kit, {}, async (world) => {
      await governed(world, { ...UNGOVERNED, disable: 1 });
      await world.run();
      for (const id of ['P', 'Q']) {
        world.edit(id, { active: false });
        await world.run();
      }
      return checkAtRest(world.evidence());
    }),

  'two leave and one may be deleted': (kit) =>
    inWorld(kit, {}, async (world) => {
      await governed(world, { ...UNGOVERNED, delete: 1 });
      await world.run();
      for (const id of ['P', 'Q']) world.leave(id);
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'the limit is raised and the held person changes': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await governed(world, { ...UNGOVERNED, disable: 0 });
      await world.run();
      world.edit('P', { active: false });
      await world.run();
      await govern(world, target, UNGOVERNED);
      world.edit('P', { title: 'Lead' });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'nobody decides in time': (kit) =>
    inWorld(kit, {}, async (world) => {
      const limits = { ...UNGOVERNED, disable: 1 };
      const target = await governed(world, limits);
      await world.run();
      for (const id of ['P', 'Q']) world.edit(id, { active: false });
      await world.run();
      await world.letTimePass(DAYS_TO_DECIDE);
      target.budget = budgetOf(limits);
      // The first run after the time ends the plan, the next one looks at what was kept back.
      await world.run();
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'somebody in quarantine changes': (kit) =>
    inWorld(kit, { people: ['P0', 'P1'] }, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      await setQuarantine(world, target, 0, 'quarantine');
      world.edit('P0');
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'somebody leaves before healing comes': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.join('S');
      world.edit('P');
      target.simulator.faults.arm({
        effect: { kind: 'status', status: 400 },
        match: { methods: ['POST', 'PUT', 'PATCH'] },
      });
      await world.run();
      target.simulator.faults.clear();
      world.leave('S');
      world.edit('P');
      await world.letTimePass(1);
      await world.heal();
      const violations = await checkAlways(world.evidence());
      await world.run();
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a removal that drifted': (kit) => {
    const people = Array.from({ length: 12 }, (_, no) => `P${no}`);
    return inWorld(kit, { people, groups: { G: people } }, async (world) => {
      const target = await governed(world, { ...UNGOVERNED, members: 30 });
      await world.run();
      const members = people.slice(6).map((value) => ({ value, type: 'User' }));
      world.source.simulator.store.update('Group', 'G', { members });
      await world.run();
      await approve(world, null);
      const { store } = target.simulator;
      const group = store.snapshot().groups[0] ?? {};
      const ofGroup = String(group['id']);
      const stranger = world.addStranger(target, 'X');
      store.update('Group', ofGroup, { members: [...Object(group['members']), { value: stranger }] });
      await apply(world);
      store.update('Group', ofGroup, { members: Object(group['members']) });
      await world.run();
      return checkAtRest(world.evidence());
    });
  },
};

/** The read transformation with an attribute that everybody must have. */
function demanding(attribute: string): JsonObject {
  const document = withGroups('source');
  const user = Object(document['user']) as { readonly mappings: readonly JsonObject[] };
  const path = `$.${attribute}`;
  return { ...document, user: { ...user, mappings: [...user.mappings, { sourcePath: path, targetPath: path }] } };
}

async function governed(world: FaultWorld, limits: GovernorLimits): Promise<FaultTarget> {
  const target = await world.addTarget('A', {}, { properties: governorProperties(limits) });
  target.budget = budgetOf(limits);
  return target;
}

async function approve(world: FaultWorld, verb: Parameters<typeof decideOn>[2]['verb']): Promise<void> {
  const [plan] = await decidable(world);
  if (plan === undefined) throw new Error('there is no plan');
  await decideOn(world, plan, { decision: 'approve', verb });
}

async function apply(world: FaultWorld): Promise<void> {
  const [plan] = await decidable(world);
  if (plan === undefined) throw new Error('there is no plan');
  const { runKey, jobId } = await world.engine.requestApply(plan);
  await world.workThrough(runKey, jobId);
}
