import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createBodySealer, entityPlace, linkPlace } from '../../runtime/sealed-bodies.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { loadInstallationKeys, loadSystem, saveProperties } from '../../state/config/index.js';
import { withGroups } from '../support/engine.js';
import { person, summary, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const CANARY = 'canary-f06b7d';

/** The default write transformation with more mappings for users. */
function writing(...more: JsonValue[]): JsonObject {
  const document = withGroups('target');
  const { user } = document;
  const mappings = isJsonObject(user) ? user['mappings'] : undefined;
  if (!Array.isArray(mappings)) throw new Error('the default transformation has no mappings');
  mappings.push(...more);
  return document;
}

describe('LNK-5: credential properties as placeholders', () => {
  let world: World;
  let cloud: WorldTarget;
  beforeEach(async () => {
    world = await World.start({ source: { users: [person('P'), person('Q'), person('R')] } });
    const password = { constant: '%initial.password%', targetPath: '$.password', scope: 'createEntity' };
    const nickName = { constant: 'hint: %initial.password%', targetPath: '$.nickName' };
    cloud = await world.addTarget(
      'Cloud',
      {},
      { transformation: writing(password, nickName), secrets: { 'initial.password': CANARY } },
    );
  });
  afterEach(() => world.stop());

  /** Every stored document, opened. */
  async function storedDocuments(): Promise<JsonObject[]> {
    const { pool, dataSource, keyring } = world.engine;
    const keys = await loadInstallationKeys(dataSource, keyring);
    const entities = createBodySealer(keys.deriveKey('entity-body'));
    const links = createBodySealer(keys.deriveKey('link-body'));
    const entityBodies = await pool.query<{ sourceNo: number; type: number; sourceKey: string; body: Buffer }>(
      `select e.source_id as "sourceNo", e.type, e.source_key as "sourceKey", b.body from entity_body b join entity e using (entity_no)`,
    );
    const linkBodies = await pool.query<{ targetNo: number; entityNo: number; body: Buffer }>(
      `select target_id as "targetNo", entity_no::float8 as "entityNo", body from link_body`,
    );
    const intents = await pool.query<{ targetNo: number; entityNo: number; body: Buffer }>(
      `select target_id as "targetNo", entity_no::float8 as "entityNo", sent_keys as body from link where sent_keys is not null`,
    );
    return [
      ...entityBodies.map((row) => entities.open(row.body, entityPlace(row.sourceNo, row.type, row.sourceKey))),
      ...linkBodies.map((row) => links.open(row.body, linkPlace(row.targetNo, row.entityNo))),
      ...intents.map((row) => links.openBrief(row.body, `${linkPlace(row.targetNo, row.entityNo)}/intent`)),
    ];
  }

  /** All rows of all tables as text, bytes readable. */
  async function dump(): Promise<string> {
    const { pool } = world.engine;
    const tables = await pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const rows = await pool.query(`select t::text as text from "${name}" t`);
      parts.push(`${name}\n${JSON.stringify(rows)}`);
    }
    return parts.join('\n');
  }

  it('LNK-5, PHL-5, CONN-CORE-60: reach the target, and nothing that is stored contains them', async () => {
    // What became of one create stays unknown, so that its intent is stored; one is refused by a server that repeats what it was sent.
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 500 },
      match: { methods: ['POST'], key: 'Q@example.com' },
    });
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue', detail: `the password ${CANARY} is too weak` },
      match: { methods: ['POST'], key: 'R@example.com' },
    });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toMatchObject({ 'Cloud user': 'created 1, failed 2' });
    const sent = JSON.stringify(cloud.simulator.store.snapshot().users);
    expect(sent).toContain(`hint: ${CANARY}`);

    const documents = await storedDocuments();
    // Three people, one link, and the intent of the create that nobody knows about.
    expect(documents).toHaveLength(5);
    expect(documents.filter((document) => JSON.stringify(document).includes(CANARY))).toEqual([]);
    const text = await dump();
    expect(text).toContain('entity_body');
    expect(text).toContain('too weak');
    expect(text.includes(CANARY)).toBe(false);
    expect(text.includes(Buffer.from(CANARY).toString('hex'))).toBe(false);
  });

  it('CHG-4: a credential that changes is written to nobody who has an account, a mapping that changes does', async () => {
    await world.engine.runJob(world.hr);
    const { dataSource, keyring } = world.engine;
    const plain = (await loadSystem(dataSource, cloud.system.no))?.properties ?? {};
    await dataSource.transaction((manager) =>
      saveProperties(manager, keyring, cloud.system, {
        plain,
        secrets: { 'initial.password': `${CANARY}-new` },
        keptSecretNames: [],
      }),
    );
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({ 'HR user': 'read 3' });
    await world.engine.setTransformation(
      cloud.system,
      writing({ constant: '%initial.password%', targetPath: '$.nickName' }, { constant: 'x', targetPath: '$.title' }),
    );
    const after = await world.engine.runJob(world.hr);
    expect(summary(after.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 3' });
    expect(JSON.stringify(cloud.simulator.store.snapshot().users)).toContain(`${CANARY}-new`);
    expect((await dump()).includes(CANARY)).toBe(false);
  });

  it('LNK-5, ERR-3: a source whose read transformation takes one as value does not run', async () => {
    const leaking = await world.engine.addSource('Other', world.source.url, {
      secrets: { 'initial.password': CANARY },
      transformation: {
        user: {
          mappings: [
            { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
            { constant: '%initial.password%', targetPath: '$.password' },
          ],
        },
      },
    });
    const { job } = await world.engine.runJob(leaking);
    expect(job.status).toBe('Finished with Error');
    expect(JSON.stringify(job)).toContain('/user/mappings/1/constant');
    expect((await dump()).includes(CANARY)).toBe(false);
  });
});
