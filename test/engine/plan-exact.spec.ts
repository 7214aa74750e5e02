import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { containsContent } from '../../core/sync/contains.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import { loadInstallationKeys } from '../../state/config/index.js';
import { decide, listChanges } from '../../state/plans/index.js';
import type { PlanView } from '../../state/plans/index.js';
import { CrashScene } from '../support/crash-scene.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { TestEngine } from '../support/engine.js';
import { group, person } from '../support/world.js';

const RUNS = 4;
const IDS = ['P', 'Q', 'R', 'S', 'T', 'U', 'V'];

describe('application of plans', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 20 } });
  });
  afterAll(() => engine.stop());

  const event = fc.oneof(
    fc.record({
      kind: fc.constant('title' as const),
      id: fc.constantFrom(...IDS),
      title: fc.constantFrom('Lead', 'Expert'),
    }),
    fc.record({ kind: fc.constant('disable' as const), id: fc.constantFrom(...IDS) }),
    fc.record({ kind: fc.constant('leave' as const), id: fc.constantFrom(...IDS) }),
    fc.record({ kind: fc.constant('join' as const), id: fc.constantFrom(...IDS) }),
    fc.record({ kind: fc.constant('members' as const), ids: fc.uniqueArray(fc.constantFrom(...IDS)) }),
  );

  it('PLN-11: of any changes of a source exactly what was planned is applied, attribute by attribute, and nothing is left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 8 }), async (events) => {
        const scene = await CrashScene.start(engine);
        try {
          await scene.runJob();
          for (const one of events) happen(scene, one);
          const plan = await planAndApprove(scene);
          const marks = scene.targets.map((target) => target.journal.mark());
          await engine.apply(plan);
          const changes = await listChanges(engine.pool, plan.planNo, {}, { limit: 1000 });
          expect(
            changes.filter(({ state }) => state !== 'applied').map(({ sourceKey, reason }) => [sourceKey, reason]),
          ).toEqual([]);
          const writes = scene.targets.flatMap((target, no) => target.journal.writesSince(marks[no] ?? 0));
          expect(writes.filter(({ applied }) => applied).length).toBe(changes.length);
          await expectAsPlanned(scene, plan);
          const after = scene.targets.map((target) => target.journal.mark());
          await scene.runJob();
          expect(scene.targets.flatMap((target, no) => target.journal.writesSince(after[no] ?? 0))).toEqual([]);
        } finally {
          await scene.stop();
        }
      }),
      { numRuns: RUNS },
    );
  }, 240_000);

  /** The commits of an application: intents of creates, settled pairs with their changes, candidates, the end of the books. */
  const COMMITS = {
    intents: /insert into link as l \(target_id, type, entity_no, state, sent_keys/,
    settled: /update change c set state = n.state/,
    candidates: /insert into absence \(run_key, target_id, type, entity_no, cause\)\s+select \$1, target_id/,
    books: /update run set state = 'finished'/,
  } as const;

  for (const [name, statement] of Object.entries(COMMITS)) {
    for (const side of ['before', 'after'] as const) {
      it(`PLN-9, PLN-10: an application whose process dies ${side} it commits its ${name} does each change once`, async () => {
        expect(await crashAt({ statement, side })).toEqual([]);
      }, 60_000);
    }
  }

  async function crashAt(point: CrashPoint): Promise<string[]> {
    const scene = await CrashScene.start(engine);
    try {
      await scene.runJob();
      scene.source.store.update('User', 'P', { title: 'Lead' });
      scene.source.store.update('User', 'Q', { active: false });
      scene.source.store.remove('User', 'S');
      scene.source.store.add('User', person('N'));
      const members = ['P', 'N'].map((value) => ({ value, type: 'User' }));
      scene.source.store.update('Group', 'G', { members });
      const plan = await planAndApprove(scene);
      const run = await engine.requestApply(plan);
      const mortal = new Mortal(point);
      await work(run.runKey, mortal);
      if (mortal.diedAt === undefined) return ['the process did not die'];
      await expireLeases(engine.pool, scene.hr.no);
      await work(run.runKey, new Mortal(undefined));
      const changes = await listChanges(engine.pool, plan.planNo, {}, { limit: 1000 });
      const complaints = changes
        .filter(({ state }) => state !== 'applied')
        .map(({ sourceKey, state, reason }) => `${sourceKey} is ${state}: ${reason ?? ''}`);
      for (const target of scene.targets) {
        for (const [key, { creates }] of target.journal.createsPerKey())
          if (creates > 1) complaints.push(`${key} was created twice`);
      }
      const marks = scene.targets.map((target) => target.journal.mark());
      await scene.runJob();
      const late = scene.targets.flatMap((target, no) => target.journal.writesSince(marks[no] ?? 0));
      return [...complaints, ...late.map((record) => `written later: ${record.method} ${record.path}`)];
    } finally {
      await scene.stop();
    }
  }

  async function work(runKey: string, mortal: Mortal): Promise<void> {
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    try {
      await engine.workThrough(runKey, process);
    } catch (error) {
      // The answer of the last commit may be lost: then the run is finished.
      if (!mortal.isDead && !String(error).includes('closed or owned')) throw error;
    } finally {
      await process.activities.close();
      await pool.close();
    }
  }

  async function planAndApprove(scene: CrashScene): Promise<PlanView> {
    await engine.runJob(scene.hr, 'readPlan');
    const plan = await engine.newestPlan(scene.hr);
    const { planNo, sourceNo } = plan;
    await decide(engine.pool, {
      planNo,
      sourceNo,
      decision: 'approve',
      by: 'test',
      comment: '',
      filter: {},
      secondPersonFor: [],
    });
    return plan;
  }

  /** Everything planned stands in the target; members by the ids they have got since. */
  async function expectAsPlanned(scene: CrashScene, plan: PlanView): Promise<void> {
    const keys = await loadInstallationKeys(engine.dataSource, engine.keyring);
    const sealer = createBodySealer(keys.deriveKey('link-body'));
    const links = await engine.pool.query<{ targetNo: number; sourceKey: string; targetKey: string }>(
      `select l.target_id as "targetNo", l.type || '/' || e.source_key as "sourceKey", l.target_key as "targetKey"
         from link l join entity e on e.entity_no = l.entity_no where e.source_id = $1`,
      [scene.hr.no],
    );
    const idOf = new Map(links.map((link) => [`${link.targetNo}/${link.sourceKey}`, link.targetKey]));
    for (const change of await listChanges(engine.pool, plan.planNo, {}, { limit: 1000 })) {
      if (change.content === null || change.verb === 'delete') continue;
      const { after } = sealer.open(change.content, `change/${change.targetNo}/${change.entityNo}`);
      const code = change.type === 'user' ? 1 : 2;
      const id = idOf.get(`${change.targetNo}/${code}/${change.sourceKey}`) ?? '';
      const found = scene.targets
        .map((target) => target.store.get(change.type === 'user' ? 'User' : 'Group', id))
        .find(Boolean);
      const planned = withIds(isJsonObject(after) ? after : {}, (key) => idOf.get(`${change.targetNo}/${key}`) ?? key);
      expect([change.sourceKey, containsContent(found ?? {}, planned)]).toEqual([change.sourceKey, true]);
    }
  }
});

function withIds(document: JsonObject, idOf: (key: string) => string): JsonObject {
  const text = JSON.stringify(document).replaceAll(/"planned:([^"]+)"/g, (_match, key: string) =>
    JSON.stringify(idOf(key)),
  );
  const parsed: unknown = JSON.parse(text);
  return isJsonObject(parsed) ? parsed : {};
}

type Event =
  | { readonly kind: 'title'; readonly id: string; readonly title: string }
  | { readonly kind: 'disable' | 'leave' | 'join'; readonly id: string }
  | { readonly kind: 'members'; readonly ids: readonly string[] };

function happen(scene: CrashScene, event: Event): void {
  const { store } = scene.source;
  const isThere = 'id' in event && store.get('User', event.id) !== undefined;
  if (event.kind === 'members')
    store.update('Group', 'G', {
      members: event.ids.filter((id) => store.get('User', id)).map((value) => ({ value, type: 'User' })),
    });
  else if (event.kind === 'join' && !isThere) store.add('User', person(event.id));
  else if (event.kind === 'leave' && isThere && store.snapshot().users.length > 1) store.remove('User', event.id);
  else if (event.kind === 'title' && isThere) store.update('User', event.id, { title: event.title });
  else if (event.kind === 'disable' && isThere) store.update('User', event.id, { active: false });
  if (store.snapshot().groups.length === 0) store.add('Group', group('G', []));
}
