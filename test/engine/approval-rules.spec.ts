import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApprovalRule } from '../../core/plan/approval-rules.js';
import { countChanges, listChanges, listDecisions, saveApprovalRules } from '../../state/plans/index.js';
import { listJobs, listOpenRuns, promoteQueuedRuns } from '../../state/runs/index.js';
import { Mortal } from '../support/crash.js';
import { TestEngine } from '../support/engine.js';
import { person, userNames, World, writesSince } from '../support/world.js';
import type { JobResult, WorldTarget } from '../support/world.js';

const PEOPLE = ['P', 'Q', 'R', 'S'];
const TITLES: ApprovalRule = { name: 'titles', verbs: ['update'], attributes: ['title'], atMost: 2 };
const JOINERS: ApprovalRule = { name: 'joiners', verbs: ['create'], atMost: 5, facets: ['Sales'] };

describe('approval by rules in a source that plans first', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 10 } });
  });
  afterAll(() => engine.stop());
  afterEach(() => world.stop());

  /** Everybody is provisioned; from now on the source plans first, under these rules. */
  async function start(rules: readonly ApprovalRule[], properties: Record<string, string> = {}): Promise<void> {
    world = await World.join(engine, { source: { users: PEOPLE.map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    await world.job();
    await engine.setProperties(world.hr, {
      ...(await propertiesOf(world.hr.no)),
      'ips.plan.first': 'true',
      'ips.plan.facet': 'userType',
      ...properties,
    });
    await saveApprovalRules(engine.pool, { sourceNo: world.hr.no, rules, comment: '', savedBy: 'anna' });
  }

  async function propertiesOf(no: number): Promise<Record<string, string>> {
    const rows = await engine.pool.query<{ name: string; value: string }>(
      'select name, value from system_property where system_no = $1',
      [no],
    );
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  /** What is queued runs as the reconciler would start it. Returns the kinds. */
  async function workOnQueue(): Promise<string[]> {
    await promoteQueuedRuns(engine.pool);
    const open = (await listOpenRuns(engine.pool)).filter((run) => run.sourceId === world.hr.id);
    for (const run of open) await engine.workThrough(run.runKey);
    return open.map((run) => run.kind);
  }

  const planNo = async (): Promise<number> => (await engine.newestPlan(world.hr)).planNo;
  const byRules = ({ outcome }: JobResult): string[] => outcome.filter((line) => /^(Approved by|Rule )/.test(line));

  it('PLN-13: what rules cover is applied at once by a job of its own, the rest waits; who approved is the rule, and no person', async () => {
    await start([TITLES, JOINERS]);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.update('User', 'Q', { title: 'Lead', active: false });
    world.source.store.add('User', person('T', { userType: 'Sales' }));
    world.source.store.add('User', person('U', { userType: 'Works' }));
    world.source.store.remove('User', 'S');
    const mark = cloud.simulator.journal.mark();
    const job = await world.job();
    expect(byRules(job)).toEqual(['Approved by rules (version 1): 2 of 5 changes; the next job applies them']);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(await workOnQueue()).toEqual(['apply']);
    expect(userNames(cloud.simulator)).toEqual(['P', 'Q', 'R', 'S', 'T'].map((id) => `${id}@example.com`));
    const changes = await listChanges(engine.pool, await planNo(), {}, { limit: 100 });
    expect(
      Object.fromEntries(changes.map((one) => [one.sourceKey, [one.state, one.decidedByRule, one.decidedBy]])),
    ).toEqual({
      P: ['applied', { name: 'titles', version: 1 }, null],
      T: ['applied', { name: 'joiners', version: 1 }, null],
      Q: ['planned', null, null],
      U: ['planned', null, null],
      S: ['planned', null, null],
    });
    const decisions = await listDecisions(engine.pool, await planNo());
    expect(decisions.map(({ by, rule, changes: count }) => [by, rule, count])).toEqual([
      [null, { name: 'joiners', version: 1 }, 1],
      [null, { name: 'titles', version: 1 }, 1],
    ]);
    const [applied] = await listJobs(engine.pool, { sourceNo: world.hr.no, limit: 1 });
    expect(applied).toMatchObject({
      type: 'APPLY',
      status: 'Success',
      triggeredBy: 'Identity Provisioning Internal API',
      triggerType: 'IMMEDIATE',
    });
    // Healing sends nothing for this source; a person still decides about the rest.
    await engine.letTimePass();
    await engine.heal();
    expect(userNames(cloud.simulator)).toHaveLength(5);
    await engine.approveAndApply(await engine.newestPlan(world.hr));
    expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
  });

  it('PLN-13: a rule over its count approves nothing, and the job says so', async () => {
    await start([TITLES]);
    for (const id of ['P', 'Q', 'R']) world.source.store.update('User', id, { title: 'Lead' });
    const job = await world.job();
    expect(byRules(job)).toEqual([
      'Approved by rules (version 1): 0 of 3 changes',
      'Rule titles approves nothing: 3 changes fit, at most 2 may',
    ]);
    expect(await workOnQueue()).toEqual([]);
    expect((await countChanges(engine.pool, await planNo())).byState).toEqual({ planned: 3 });
  });

  it('PLN-13: of a part of a plan nothing is approved: a source that broke off, or a job that was stopped', async () => {
    await start([{ ...TITLES, atMost: 100 }]);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.faults.arm({ effect: { kind: 'status', status: 400 }, match: { type: 'Group' } });
    const broken = await world.job();
    world.source.faults.clear();
    expect(byRules(broken)).toEqual(['Approved by rules: nothing, because the source was not read to its end']);
    expect(await workOnQueue()).toEqual([]);
    expect(byRules(await world.job())).toEqual([
      'Approved by rules (version 1): 1 of 1 changes; the next job applies them',
    ]);
  });

  it('PLN-13, PLN-3: a plan that somebody asks for stays a plan; nothing of it is approved', async () => {
    await start([TITLES]);
    world.source.store.update('User', 'P', { title: 'Lead' });
    expect(byRules(await world.job('readPlan'))).toEqual([]);
    expect(await workOnQueue()).toEqual([]);
  });

  it('PLN-13, PLN-10: an approved change passes every check: what has moved until it is applied is not executed', async () => {
    await start([{ ...TITLES, verbs: ['update', 'disable'], attributes: ['title', 'active'] }]);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.update('User', 'Q', { active: false });
    await world.job();
    const ofQ = String(cloud.simulator.store.find('User', 'userName', 'Q@example.com')[0]?.['id']);
    cloud.simulator.store.update('User', ofQ, { active: 'suspended' });
    await engine.pool.query(
      `update link l set version = version + 1 from entity e where e.entity_no = l.entity_no and e.source_key = 'P' and e.source_id = $1`,
      [world.hr.no],
    );
    const mark = cloud.simulator.journal.mark();
    expect(await workOnQueue()).toEqual(['apply']);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect((await countChanges(engine.pool, await planNo())).byState).toEqual({ drifted: 1, obsolete: 1 });
  });

  it('PLN-13: a process that dies when the books are committed has approved and queued, one that dies before has done neither', async () => {
    await start([TITLES]);
    for (const moment of ['finishing', 'finished'] as const) {
      world.source.store.update('User', moment === 'finishing' ? 'P' : 'Q', { title: 'Lead' });
      const { runKey } = await engine.request(world.hr);
      const mortal = new Mortal({ moment, nth: 1 });
      const process = engine.newProcess({ reached: mortal.reached });
      await expect(engine.workThrough(runKey, process)).rejects.toThrow('died');
      await process.activities.close();
      const queued = await engine.pool.query(`select 1 from run where source_id = $1 and state = 'queued'`, [
        world.hr.no,
      ]);
      expect([moment, queued.length]).toEqual([moment, moment === 'finishing' ? 0 : 1]);
      if (moment === 'finishing') await engine.workThrough(runKey);
      expect(await workOnQueue()).toEqual(['apply']);
      expect(await workOnQueue()).toEqual([]);
    }
    expect(cloud.simulator.store.snapshot().users.filter(({ title }) => title === 'Lead')).toHaveLength(2);
  });
});
