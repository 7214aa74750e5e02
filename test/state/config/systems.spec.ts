import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { runMigrations } from '../../../migrations/run.js';
import { Keyring } from '../../../runtime/secrets.js';
import {
  hasOpenJob,
  listSystems,
  loadInstallationKeys,
  loadRunConfiguration,
  loadSecrets,
  loadSystem,
  removeOperationalData,
  rewrapSecrets,
  saveProperties,
  saveTransformation,
  setSystemEnabled,
} from '../../../state/config/index.js';
import { createDataSource } from '../../../state/data-source.js';
import { createEmptyTestDatabase, createTestDatabase } from '../../support/database.js';
import type { TestDatabase } from '../../support/database.js';
import { addBacklog, addSource, addTarget } from './support/configuration.js';

let database: TestDatabase;
let dataSource: DataSource;
const keyring = new Keyring(randomBytes(32));

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(database.url);
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(() => dataSource.query('truncate system, pair_sweep, backlog, entity, link, run cascade'));

describe('names', () => {
  it.each(['HR', ' hr ', 'Hr'])('SYS-4: %j is taken when HR exists, whatever its role', async (name) => {
    await addSource(dataSource, 'HR');
    await expect(addTarget(dataSource, name, { selection: 'none' })).rejects.toMatchObject({
      code: 'nameTaken',
      pointer: '/name',
    });
  });

  it('SYS-4: the database itself refuses what a forgotten check would let through', async () => {
    await addSource(dataSource, 'HR');
    const insert = `insert into system (id, role, type_name, name) values (gen_random_uuid(), 'source', 'x', ' hr')`;
    await expect(dataSource.query(insert)).rejects.toMatchObject({ code: '23505' });
  });

  it('SYS-16: lists enabled systems first, then by name ignoring case', async () => {
    for (const name of ['beta', 'Alpha', 'gamma']) await addSource(dataSource, name);
    const alpha = await loadSystemNamed('Alpha');
    await dataSource.transaction((manager) => setSystemEnabled(manager, alpha, false));
    const { items, total } = await listSystems(dataSource, {}, { limit: 2, offset: 0 });
    expect(items.map((system) => system.name)).toEqual(['beta', 'gamma']);
    expect(total).toBe(3);
    const found = await listSystems(dataSource, { nameContains: 'ALPH', enabled: false }, { limit: 5, offset: 0 });
    expect(found.items.map((system) => system.name)).toEqual(['Alpha']);
  });

  it('a list cannot name a target as source, or a system that is not there', async () => {
    const crm = await addTarget(dataSource, 'CRM', { selection: 'none' });
    await expect(addTarget(dataSource, 'Mail', { selection: 'list', sourceIds: [crm.id] })).rejects.toMatchObject({
      code: 'notASource',
      pointer: '/sources/sourceIds/0',
    });
  });
});

describe('snapshots', () => {
  it('JOB-15: hold properties, names of secrets and the newest transformation, and no secret', async () => {
    const hr = await addSource(dataSource, 'HR');
    const plain = { URL: 'https://hr.example', User: 'u' };
    await dataSource.transaction((manager) =>
      saveProperties(manager, keyring, hr, { plain, secrets: { Password: 'geheim' }, keptSecretNames: [] }),
    );
    const document = { group: { mappings: [] }, user: { mappings: [], condition: 'x' } };
    await dataSource.transaction((manager) =>
      saveTransformation(manager, hr.no, { document, description: '', modifiedBy: 'admin' }),
    );
    const system = await loadSystem(dataSource, hr.no);
    expect(system).toEqual({
      no: hr.no,
      id: hr.id,
      name: 'HR',
      role: 'source',
      typeName: 'SCIM System',
      enabled: true,
      properties: plain,
      secretNames: ['Password'],
      transformation: document,
      transformationVersion: 2,
      savedAt: expect.any(String),
      programNumber: 0,
    });
    // The order of keys is part of what the administrator wrote.
    expect(JSON.stringify(system?.transformation)).toBe(JSON.stringify(document));
    expect(await loadSecrets(dataSource, keyring, hr.no)).toEqual({ Password: 'geheim' });
  });

  it('JOB-15: a run sees every connected target, disabled ones marked, and no other', async () => {
    const hr = await addSource(dataSource, 'HR');
    const other = await addSource(dataSource, 'Other');
    await addTarget(dataSource, 'All', { selection: 'all' });
    const listed = await addTarget(dataSource, 'Listed', { selection: 'list', sourceIds: [hr.id] });
    await addTarget(dataSource, 'Elsewhere', { selection: 'list', sourceIds: [other.id] });
    await dataSource.transaction((manager) => setSystemEnabled(manager, listed.no, false));
    const run = await loadRunConfiguration(dataSource, hr.no);
    expect(run.source.id).toBe(hr.id);
    expect(run.targets.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['All', true],
      ['Listed', false],
    ]);
    await expect(loadRunConfiguration(dataSource, listed.no)).rejects.toThrow(RangeError);
  });

  it('finds nothing for an id that is no UUID', async () => {
    expect(await loadSystem(dataSource, `'; drop table system; --`)).toBeUndefined();
  });
});

describe('secrets', () => {
  it('CRD-2, LNK-5: rotation wraps stored credentials and the root key again without changing them, and the former key is not needed any more', async () => {
    await dataSource.query('update installation set sealed_root_key = null');
    const hr = await addSource(dataSource, 'HR');
    const older = randomBytes(32);
    const set = { plain: {}, secrets: { Password: 'geheim' }, keptSecretNames: [] };
    await dataSource.transaction((manager) => saveProperties(manager, new Keyring(older), hr, set));
    const before = await loadInstallationKeys(dataSource, new Keyring(older));
    const current = randomBytes(32);
    const both = new Keyring(current, [older]);
    expect(await dataSource.transaction((manager) => rewrapSecrets(manager, both))).toBe(2);
    expect(await dataSource.transaction((manager) => rewrapSecrets(manager, both))).toBe(0);
    expect(await loadSecrets(dataSource, new Keyring(current), hr.no)).toEqual({ Password: 'geheim' });
    const after = await loadInstallationKeys(dataSource, new Keyring(current));
    expect(after.deriveKey('entity-body')).toEqual(before.deriveKey('entity-body'));
    await dataSource.query('update installation set sealed_root_key = null');
  });

  it('keeps the credentials it is told to keep and removes the others', async () => {
    const hr = await addSource(dataSource, 'HR');
    const save = (secrets: Record<string, string>, keptSecretNames: string[]) =>
      dataSource.transaction((manager) =>
        saveProperties(manager, keyring, hr, { plain: {}, secrets, keptSecretNames }),
      );
    await save({ Password: 'a', 'initial.password': 'b' }, []);
    await save({}, ['Password']);
    expect(await loadSecrets(dataSource, keyring, hr.no)).toEqual({ Password: 'a' });
  });

  it('derives the same installation keys again, and refuses a keyring that does not fit', async () => {
    const first = await loadInstallationKeys(dataSource, keyring);
    const again = await loadInstallationKeys(dataSource, keyring);
    expect(again.deriveKey('hash').equals(first.deriveKey('hash'))).toBe(true);
    await expect(loadInstallationKeys(dataSource, new Keyring(randomBytes(32)))).rejects.toThrow('master key');
  });
});

describe('deleting', () => {
  it('RST-9: removes the operational data of a source and of nobody else', async () => {
    const hr = await addSource(dataSource, 'HR');
    const other = await addSource(dataSource, 'Other');
    const crm = await addTarget(dataSource, 'CRM', { selection: 'all' });
    for (const source of [hr, other]) {
      const rows: { no: string }[] = await dataSource.query(
        `insert into entity (source_id, type, source_key, presence, read_seq) values ($1, 1, 'k', 1, 1) returning entity_no as no`,
        [source.no],
      );
      const entityNo = Number(rows[0]?.no);
      await dataSource.query('insert into link (target_id, entity_no, type, state) values ($1, $2, 1, 1)', [
        crm.no,
        entityNo,
      ]);
      await dataSource.query('insert into link_body (target_id, entity_no, body) values ($1, $2, $3)', [
        crm.no,
        entityNo,
        Buffer.from('b'),
      ]);
      await dataSource.query('insert into entity_body (entity_no, body) values ($1, $2)', [entityNo, Buffer.from('b')]);
      await dataSource.query('insert into member (group_no, source_key) values ($1, $2)', [entityNo, 'm']);
      await addBacklog(dataSource, source, crm, entityNo);
    }
    await dataSource.transaction((manager) => removeOperationalData(manager, hr.no));
    for (const table of ['entity', 'entity_body', 'link', 'link_body', 'member', 'backlog']) {
      expect([table, await count(table)]).toEqual([table, 1]);
    }
    await dataSource.transaction((manager) => removeOperationalData(manager, crm.no));
    for (const table of ['link', 'link_body', 'backlog']) expect([table, await count(table)]).toEqual([table, 0]);
    expect(await count('entity')).toBe(1);
  });

  it('RST-9: sees open jobs of the source, and for a target those of its sources', async () => {
    const hr = await addSource(dataSource, 'HR');
    const crm = await addTarget(dataSource, 'CRM', { selection: 'list', sourceIds: [hr.id] });
    const mail = await addTarget(dataSource, 'Mail', { selection: 'none' });
    const open = () => Promise.all([hr, crm, mail].map((system) => hasOpenJob(dataSource, system.no)));
    expect(await open()).toEqual([false, false, false]);
    await dataSource.query(
      `insert into run (source_id, source_name, kind, state, job_ids, trigger_type) values ($1, 'HR', 'read', 'running', '{x}', 'IMMEDIATE')`,
      [hr.no],
    );
    expect(await open()).toEqual([true, true, false]);
    await dataSource.query(`update run set state = 'finished'`);
    expect(await open()).toEqual([false, false, false]);
  });
});

describe('schema', () => {
  it('entities and migrations agree: TypeORM would change nothing', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('migrations may be run by several processes at once', async () => {
    const empty = await createEmptyTestDatabase();
    try {
      await Promise.all([1, 2, 3].map(() => runMigrations(empty.url)));
      const other = createDataSource(empty.url);
      await other.initialize();
      const rows: unknown[] = await other.query('select from installation');
      await other.destroy();
      expect(rows).toHaveLength(1);
    } finally {
      await empty.drop();
    }
  });
});

async function loadSystemNamed(name: string): Promise<number> {
  const rows: { no: number }[] = await dataSource.query('select no from system where name = $1', [name]);
  return rows[0]?.no ?? 0;
}

async function count(table: string): Promise<number> {
  const rows: { count: number }[] = await dataSource.query(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? 0;
}
