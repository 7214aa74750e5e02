import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { containsContent } from '../../core/sync/contains.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import { loadInstallationKeys } from '../../state/config/index.js';
import { decide, listChanges } from '../../state/plans/index.js';
import type { PlanView } from '../../state/plans/index.js';
import { CrashScene } from '../support/crash-scene.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { canonicalJson } from '../../core/canonical-json.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { TestEngine, withUserMappings } from '../support/engine.js';
import { group, person } from '../support/world.js';

const CANDIDATES = /insert into absence \(run_key, target_id, type, entity_no, cause\)\s+select \$1, target_id/;
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
    fc.record({ kind: fc.constant('guest' as const), id: fc.constantFrom(...IDS) }),
    fc.record({
      kind: fc.constant('rename' as const),
      id: fc.constantFrom(...IDS),
      familyName: fc.constantFrom('Smith', 'Müller'),
    }),
    fc.record({
      kind: fc.constant('mails' as const),
      id: fc.constantFrom(...IDS),
      mails: fc.uniqueArray(fc.constantFrom('a@x.org', 'b@x.org', 'c@x.org'), { minLength: 1 }),
    }),
    fc.record({ kind: fc.constant('members' as const), ids: fc.uniqueArray(fc.constantFrom(...IDS)) }),
  );

  /** How each of the two targets is written, and whom it takes. */
  const system = fc.record({ patches: fc.boolean(), takesGuests: fc.boolean(), dropsTitles: fc.boolean() });

  it('PLN-11: of any systems and any changes exactly what was planned is applied, attribute by attribute, and nothing is left', async () => {
    const systems = fc.tuple(system, system);
    const anyChanges = fc.array(event, { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(systems, anyChanges, async (targets, events) => {
        const scene = await CrashScene.start(engine);
        try {
          await configure(scene, targets);
          await scene.runJob();
          for (const one of events) happen(scene, one);
          const plan = await planAndApprove(scene);
          const marks = scene.targets.map((target) => target.journal.mark());
          const before = scene.targets.map(contentsOf);
          await engine.apply(plan);
          const changes = await listChanges(engine.pool, plan.planNo, {}, { limit: 1000 });
          expect(
            changes.filter(({ state }) => state !== 'applied').map(({ sourceKey, reason }) => [sourceKey, reason]),
          ).toEqual([]);
          const writes = scene.targets.flatMap((target, no) => target.journal.writesSince(marks[no] ?? 0));
          // An update that leaves every attribute as it is needs no PATCH; a PUT is sent all the same.
          const sent = changes.filter(({ verb, attributes, targetName }) => {
            const patches = targets[targetName.startsWith('A') ? 0 : 1].patches;
            return verb !== 'update' || attributes.length > 0 || !patches;
          });
          expect(writes.filter(({ applied }) => applied).length).toBe(sent.length);
          await expectAsPlanned(scene, plan, before);
          // Groups of whoever was deleted are written once more, and are as they were: the server has taken the member out already.
          const applied = scene.targets.map(contentsOf);
          await scene.runJob();
          for (const [no, target] of scene.targets.entries()) expectNothingMoved(applied[no], contentsOf(target));
        } finally {
          await scene.stop();
        }
      }),
      { numRuns: RUNS },
    );
  }, 240_000);

  /** Commits that no named moment of the engine stands beside (apply-walk.spec.ts walks over those). */
  const COMMITS: readonly { readonly name: string; readonly point: CrashPoint }[] = [
    {
      name: 'before it commits its intents',
      point: { statement: /insert into link as l \(target_id, type, entity_no, state, sent_keys/, side: 'before' },
    },
    {
      name: 'before it commits what it has settled',
      point: { statement: /update change c set state = n.state/, side: 'before' },
    },
    { name: 'before it commits its candidates', point: { statement: CANDIDATES, side: 'before' } },
    { name: 'after it has committed its candidates', point: { statement: CANDIDATES, side: 'after' } },
  ];

  for (const { name, point } of COMMITS) {
    it(`PLN-9, PLN-10: an application whose process dies ${name} does each change once`, async () => {
      expect(await crashAt(point)).toEqual([]);
    }, 60_000);
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

  async function configure(scene: CrashScene, targets: readonly System[]): Promise<void> {
    const pairs = await engine.pool.query<{ no: number }>(
      'select target_id as no from connected_pair where source_id = $1 order by 1',
      [scene.hr.no],
    );
    for (const [index, { no }] of pairs.entries()) {
      const { patches = false, takesGuests = true, dropsTitles = false } = targets[index] ?? {};
      const document = withUserMappings(dropsTitles ? [{ type: 'remove', targetPath: '$.title' }] : []);
      const user = { ...Object(document['user']), ...(!takesGuests && { condition: "$.userType != 'guest'" }) };
      await engine.setTransformation({ no, id: '', name: '' }, { ...document, user });
      await engine.pool.query(
        `insert into system_property (system_no, name, value) values ($1, 'scim.support.patch.operation', $2)`,
        [no, String(patches)],
      );
    }
  }

  /**
   * Everything planned stands in the target, members by the ids they have got since; what an entity holds beside it, and every entity of
   * which the plan says nothing, is as it was before.
   */
  async function expectAsPlanned(scene: CrashScene, plan: PlanView, before: readonly Contents[]): Promise<void> {
    const wasOf = new Map(before.flatMap((contents) => [...contents]));
    const touched = new Set<string>();
    const gone = new Set<string>();
    const keys = await loadInstallationKeys(engine.dataSource, engine.keyring);
    const sealer = createBodySealer(keys.deriveKey('link-body'));
    const links = await engine.pool.query<{ targetNo: number; sourceKey: string; targetKey: string }>(
      `select l.target_id as "targetNo", l.type || '/' || e.source_key as "sourceKey", l.target_key as "targetKey"
         from link l join entity e on e.entity_no = l.entity_no where e.source_id = $1`,
      [scene.hr.no],
    );
    const idOf = new Map(links.map((link) => [`${link.targetNo}/${link.sourceKey}`, link.targetKey]));
    const changes = await listChanges(engine.pool, plan.planNo, {}, { limit: 1000 });
    for (const { verb, targetKey } of changes) if (verb === 'delete') gone.add(targetKey ?? '');
    // Who is deleted leaves his groups, also those that were just written: that is the server's own doing.
    const isGone = (member: JsonValue): boolean => isJsonObject(member) && gone.has(String(member['value']));
    const withoutGone = (one: JsonObject): JsonObject =>
      Array.isArray(one['members']) ? { ...one, members: one['members'].filter((member) => !isGone(member)) } : one;
    for (const change of changes) {
      if (change.verb === 'delete') {
        expect(scene.targets.some(({ store }) => store.get(RESOURCE[change.type], change.targetKey ?? ''))).toBe(false);
        continue;
      }
      if (change.content === null) throw new Error(`change ${change.changeNo} has no values`);
      const { after } = sealer.open(change.content, `change/${change.targetNo}/${change.entityNo}`);
      const code = change.type === 'user' ? 1 : 2;
      const id = idOf.get(`${change.targetNo}/${code}/${change.sourceKey}`) ?? '';
      const found = scene.targets.map((target) => target.store.get(RESOURCE[change.type], id)).find(Boolean);
      const planned = withoutGone(
        withIds(isJsonObject(after) ? after : {}, (key) => idOf.get(`${change.targetNo}/${key}`) ?? key),
      );
      touched.add(id);
      for (const [name, value] of Object.entries(planned)) {
        if (Array.isArray(value) && value.length === 0) continue;
        expect([change.sourceKey, name, containsContent(found ?? {}, { [name]: value })]).toEqual([
          change.sourceKey,
          name,
          true,
        ]);
      }
      const moved = movedBetween(withoutGone(wasOf.get(id) ?? {}), found ?? {});
      const named = change.verb === 'create' ? Object.keys(planned) : change.attributes;
      expect([change.sourceKey, moved.filter((name) => !named.includes(name))]).toEqual([change.sourceKey, []]);
    }
    const after = new Map(scene.targets.flatMap((target) => [...contentsOf(target)]));
    for (const [id, was] of wasOf)
      if (!touched.has(id) && !gone.has(id)) expect(movedBetween(withoutGone(was), after.get(id) ?? {})).toEqual([]);
  }
});

function withIds(document: JsonObject, idOf: (key: string) => string): JsonObject {
  const text = JSON.stringify(document).replaceAll(/"planned:([^"]+)"/g, (_match, key: string) =>
    JSON.stringify(idOf(key)),
  );
  const parsed: unknown = JSON.parse(text);
  return isJsonObject(parsed) ? parsed : {};
}

interface System {
  readonly patches: boolean;
  readonly takesGuests: boolean;
  readonly dropsTitles: boolean;
}

const RESOURCE = { user: 'User', group: 'Group', role: 'Group' } as const;
/** What a server says of itself. */
const SERVER_OWN = ['id', 'meta', 'schemas', 'groups'];

type Contents = ReadonlyMap<string, JsonObject>;

/** Everybody and every group of a target, by id. */
function contentsOf({ store }: ScimSimulator): Contents {
  const { users, groups } = store.snapshot();
  return new Map([...users, ...groups].map((one) => [String(one['id']), structuredClone(one)]));
}

function expectNothingMoved(before: Contents | undefined, after: Contents): void {
  expect([...after.keys()].sort()).toEqual([...(before?.keys() ?? [])].sort());
  for (const [id, one] of after) expect(movedBetween(before?.get(id) ?? {}, one)).toEqual([]);
}

/** Attributes with another value; an empty list is none. */
function movedBetween(before: JsonObject, after: JsonObject): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isEmpty = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0);
  return names.filter((name) => {
    const [old, now] = [before[name], after[name]];
    if (SERVER_OWN.includes(name) || (isEmpty(old) && isEmpty(now))) return false;
    return canonicalJson(old ?? null) !== canonicalJson(now ?? null);
  });
}

type Event =
  | { readonly kind: 'title'; readonly id: string; readonly title: string }
  | { readonly kind: 'disable' | 'leave' | 'join' | 'guest'; readonly id: string }
  | { readonly kind: 'rename'; readonly id: string; readonly familyName: string }
  | { readonly kind: 'mails'; readonly id: string; readonly mails: readonly string[] }
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
  else if (event.kind === 'guest' && isThere) store.update('User', event.id, { userType: 'guest' });
  else if (event.kind === 'rename' && isThere)
    store.update('User', event.id, { name: { givenName: event.id, familyName: event.familyName } });
  else if (event.kind === 'mails' && isThere)
    store.update('User', event.id, { emails: event.mails.map((value) => ({ value, type: 'work' })) });
  else if (event.kind === 'disable' && isThere) store.update('User', event.id, { active: false });
  if (store.snapshot().groups.length === 0) store.add('Group', group('G', []));
}
