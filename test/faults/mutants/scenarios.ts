import { checkAlways, checkAtRest } from '../checker/check.js';
import { checkIntents, checkOffered } from '../checker/pairs.js';
import { checkRepetitions } from '../checker/requests.js';
import { Actor } from '../../support/actors.js';
import { dieAt, inWorld, leave, pause, startWriting, USERS, withCondition } from './scenario-kit.js';
import type { Scenario } from './scenario-kit.js';

/** Scenarios by name. On the engine as it is the checker finds nothing in any of them. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'died with the answer, then reverted': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      await world.run();
      world.source.simulator.store.update('User', 'P', { title: 'Lead' });
      await dieAt(world, { moment: 'answered', nth: 1 });
      world.source.simulator.store.update('User', 'P', { title: null });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'A → B → A between lease and settle': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.source.simulator.store.update('User', 'P', { title: 'Lead' });
      const late = await startWriting(world, target);
      await world.lose(late.runKey);
      await world.engine.pool.query(
        "update backlog set lease_until = clock_timestamp() + interval '1 hour' where lease_token is not null",
      );
      world.source.simulator.store.update('User', 'P', { title: null });
      const { runKey, jobId } = await world.engine.request(world.source.system);
      await world.engine.activities.openRun({ runKey });
      await world.engine.readAll(runKey, ['user', 'group']);
      await late.goOn();
      await world.workThrough(runKey, jobId);
      return checkAtRest(world.evidence());
    }),

  'a page between the look and the lease': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      target.simulator.faults.arm({
        effect: { kind: 'status', status: 400 },
        match: { operations: ['patch', 'replace'] },
      });
      world.edit('P');
      await world.run();
      target.simulator.faults.clear();
      world.edit('P');
      const { runKey, jobId } = await world.engine.request(world.source.system);
      const actor = Actor.join(world.engine);
      await actor.activities.openRun({ runKey });
      actor.before(
        /^with token as materialized.*picked as/s,
        async () => void (await world.engine.readAll(runKey, ['user', 'group'])),
      );
      await actor.activities.drainChunk({ runKey, targetNo: target.system.no, ...USERS });
      await leave(actor);
      await world.workThrough(runKey, jobId);
      return checkAtRest(world.evidence());
    }),

  'a settle that comes a run too late': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.edit('P');
      const late = await startWriting(world, target);
      await world.lose(late.runKey);
      await world.run();
      world.edit('P');
      const { runKey, jobId } = await world.engine.request(world.source.system);
      await world.engine.activities.openRun({ runKey });
      await world.engine.readAll(runKey, ['user', 'group']);
      await late.goOn();
      await world.workThrough(runKey, jobId);
      return checkAtRest(world.evidence());
    }),

  'a write that comes a run too late': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.edit('P');
      const late = await startWriting(world, target, 'before');
      await world.lose(late.runKey);
      world.edit('P');
      await world.run();
      await late.goOn();
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'paging drift': (kit) => {
    const people = ['P', 'Q', 'R', 'S', 'T', 'U'];
    const hr = { properties: { 'scim.page.size': '3' } };
    return inWorld(kit, { people, hr }, async (world) => {
      await world.addTarget('A');
      await world.run();
      const joiner = { userName: 'N@example.com', id: 'N', nickName: 'v1', active: true };
      world.source.simulator.armPagingDrift({ page: 1, pageSizeEntities: 3, joiner });
      await world.run();
      const violations = await checkAlways(world.evidence());
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    });
  },

  'out of scope in a run that could not read all': (kit) =>
    inWorld(kit, { groups: { G: ['P'] } }, async (world) => {
      const transformation = withCondition("$.userType != 'guest'");
      const target = await world.addTarget('A', {}, { transformation });
      target.wants = (user) => user['userType'] !== 'guest';
      await world.run();
      world.edit('Q', { userType: 'guest' });
      world.source.simulator.faults.arm({ effect: { kind: 'status', status: 403 }, match: { type: 'Group' } });
      await world.run();
      const violations = await checkAlways(world.evidence());
      world.source.simulator.faults.clear();
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a 409 that got lost': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.addStranger(target, 'S', {}, Date.now() - 60_000);
      world.join('S');
      await dieAt(world, { statement: /insert into target_claim/, side: 'before' });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'a 409 that got lost, on a machine whose clock is fast': (kit) =>
    inWorld(kit, {}, async (world) => {
      kit.setClock(Date.now() + 5 * 60_000);
      const target = await world.addTarget('A');
      await world.run();
      // By the clock of the process this account is as young as our create.
      world.addStranger(target, 'S', {}, Date.now() - 5 * 60_000 + 10_000);
      world.join('S');
      await dieAt(world, { statement: /insert into target_claim/, side: 'before' });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'a stranger after an unsent create': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.join('S');
      await dieAt(world, { moment: 'intentsCommitted', nth: 1 });
      world.addStranger(target, 'S', { nickName: 'somebody else' });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'a plain conflict': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      world.addStranger(target, 'P', {}, Date.now() - 60_000);
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'a server that overwrites on POST': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A', { dialectChanges: { adoptOnPost: true } });
      world.addStranger(target, 'P', {}, Date.now() - 60_000);
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'died with the answer to a create': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      await dieAt(world, { moment: 'answered', nth: 1 });
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'throttled before most were sent': (kit) => {
    const people = Array.from({ length: 40 }, (_, no) => `P${no}`);
    return inWorld(kit, { people }, async (world) => {
      const target = await world.addTarget('A');
      target.simulator.faults.arm({
        effect: { kind: 'status', status: 429, retryAfter: 1 },
        match: { operations: ['create'] },
      });
      const { runKey, jobId } = await world.engine.request(world.source.system);
      await world.engine.activities.openRun({ runKey });
      await world.engine.readAll(runKey, ['user', 'group']);
      await world.engine.activities.drainChunk({ runKey, targetNo: target.system.no, ...USERS });
      const violations = await checkIntents(world.evidence());
      target.simulator.faults.clear();
      await world.engine.pool.query('delete from target_gate where target_id = $1', [target.system.no]);
      await world.workThrough(runKey, jobId);
      return [...violations, ...(await checkAtRest(world.evidence()))];
    });
  },

  'a create that failed before the leave': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.join('S');
      target.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { operations: ['create'] } });
      await world.run();
      target.simulator.faults.clear();
      world.leave('S');
      await pause(100);
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'an end date passes': (kit) =>
    inWorld(kit, {}, async (world) => {
      kit.setClock(Date.parse('2026-06-01T00:00:00Z'));
      const target = await world.addTarget('A', {}, { transformation: withCondition("$.title > '${currentDate}'") });
      for (const id of ['P', 'Q', 'R']) world.edit(id, { title: id === 'P' ? '2026-07-01' : '2027-01-01' });
      await world.run();
      kit.setClock(Date.parse('2026-08-01T00:00:00Z'));
      target.wants = (user) => user['title'] !== '2026-07-01';
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'a page of an attempt that was overtaken': (kit) => {
    const people = ['P', 'Q', 'R', 'S', 'T', 'U'];
    return inWorld(kit, { people, hr: { properties: { 'scim.page.size': '3' } } }, async (world) => {
      await world.addTarget('A');
      await world.run();
      world.edit('P');
      const { runKey, jobId } = await world.engine.request(world.source.system);
      const actor = Actor.join(world.engine);
      await actor.activities.openRun({ runKey });
      actor.after(/^call readPage user/, async () => {
        world.edit('P');
        await world.engine.readAll(runKey, ['user', 'group']);
      });
      await actor.activities.intakeChunk({ runKey, type: 'user' }).catch(() => undefined);
      await leave(actor);
      const violations = await checkAlways(world.evidence());
      await world.workThrough(runKey, jobId).catch(() => undefined);
      await world.lose(runKey);
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    });
  },

  'more leavers than allowed': (kit) =>
    inWorld(kit, { people: ['P', 'Q', 'R', 'S'] }, async (world) => {
      await world.addTarget('A', {}, { properties: { 'ips.delete.threshold.users': '1' } });
      await world.run();
      world.leave('P');
      world.leave('Q');
      await world.run();
      return checkAlways(world.evidence());
    }),

  'a leaver beside an unreadable entity': (kit) =>
    inWorld(kit, {}, async (world) => {
      await world.addTarget('A');
      await world.run();
      world.leave('P');
      world.source.simulator.faults.arm({
        effect: { kind: 'missingId' },
        match: { type: 'User', operations: ['list'] },
      });
      await world.run();
      const violations = await checkAlways(world.evidence());
      world.source.simulator.faults.clear();
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'an adopted stranger leaves': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      world.addStranger(target, 'P', {}, Date.now() - 60_000);
      await world.run();
      world.leave('P');
      await world.run();
      return checkAtRest(world.evidence());
    }),

  'one of two sources loses a person': (kit) =>
    inWorld(kit, { people: ['P', 'Q'] }, async (world) => {
      const other = await world.addSource(['P', 'R']);
      await world.addTarget('A');
      await world.run();
      await world.run({ source: other });
      world.leave('P');
      await world.run();
      return checkAlways(world.evidence());
    }),

  'a stop while a target is slow': (kit) => {
    // Whoever is deaf goes on for five rounds of requests, seconds after a stop that may come late itself.
    const people = Array.from({ length: 160 }, (_, no) => `P${no}`);
    return inWorld(kit, { people }, async (world) => {
      const target = await world.addTarget('A', { latency: { create: { fixedMs: 600 } } });
      const running = world.run();
      while (target.simulator.statistics().inFlight === 0) await pause(10);
      await world.stopJob();
      await running;
      return checkAlways(world.evidence());
    });
  },

  'many creates': (kit) => {
    const people = Array.from({ length: 60 }, (_, no) => `P${no}`);
    return inWorld(kit, { people }, async (world) => {
      await world.addTarget('A', { latency: { create: { fixedMs: 50 } } });
      await world.run();
      return [...(await checkAtRest(world.evidence())), ...checkRepetitions(world.evidence(), 0)];
    });
  },

  'two attempts of one drain': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A', { latency: { patch: { fixedMs: 500 }, replace: { fixedMs: 500 } } });
      await world.run();
      for (const id of ['P', 'Q', 'R']) world.edit(id);
      const { runKey, jobId } = await world.engine.request(world.source.system);
      await world.engine.activities.openRun({ runKey });
      await world.engine.readAll(runKey, ['user', 'group']);
      const input = { runKey, targetNo: target.system.no, ...USERS };
      const older = world.engine.activities.drainChunk(input).catch(() => undefined);
      while (target.simulator.statistics().inFlight === 0) await pause(5);
      await world.engine.activities.drainChunk(input);
      await older;
      await world.workThrough(runKey, jobId);
      return checkAtRest(world.evidence());
    }),

  'a process that stood still before the check': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.edit('P');
      // A lease that leaves a fifth of a second for a request to begin.
      const late = await startWriting(world, target, 'before', { leaseMarginMs: 5_200 });
      await pause(300);
      await world.lose(late.runKey);
      world.edit('P');
      await world.run();
      await late.goOn();
      world.hadZombies = false;
      const violations = await checkAlways(world.evidence());
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a target that was disabled meanwhile': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      await world.engine.setEnabled(target.system, false);
      world.edit('P');
      await world.run();
      await world.engine.setEnabled(target.system, true);
      const violations = await checkAlways(world.evidence());
      await world.run();
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),

  'a run with an older program': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      await world.engine.pool.query('update link set program = 99, target_hash = null where target_id = $1', [
        target.system.no,
      ]);
      await world.engine.pool.query('truncate fault_witness');
      world.edit('P');
      await world.run();
      return checkAlways(world.evidence());
    }),

  'the last page comes between lease and look': (kit) =>
    inWorld(kit, {}, async (world) => {
      const target = await world.addTarget('A');
      await world.run();
      world.edit('P');
      const { runKey, jobId } = await world.engine.request(world.source.system);
      const actor = Actor.join(world.engine);
      await actor.activities.openRun({ runKey });
      actor.after(
        /^with token as materialized.*picked as/s,
        async () => void (await world.engine.readAll(runKey, ['user', 'group'])),
      );
      const { more } = await actor.activities.drainChunk({ runKey, targetNo: target.system.no, ...USERS });
      await leave(actor);
      const violations = more ? [] : await checkOffered(world.evidence(), runKey);
      await world.workThrough(runKey, jobId);
      return [...violations, ...(await checkAtRest(world.evidence()))];
    }),
};
