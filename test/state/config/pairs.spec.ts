import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import {
  currentProgramNumber,
  deleteSystem,
  ensureProgram,
  loadSystem,
  setSystemEnabled,
  updateSystem,
} from '../../../state/config/index.js';
import { createDataSource } from '../../../state/data-source.js';
import { SqlPool } from '../../../state/database.js';
import { createTestDatabase } from '../../support/database.js';
import type { TestDatabase } from '../../support/database.js';
import {
  addBacklog,
  addSource,
  addTarget,
  allTypes,
  finishSweeps,
  listBacklog,
  listSweeps,
} from './support/configuration.js';
import type { TestSystem } from './support/configuration.js';

let database: TestDatabase;
let dataSource: DataSource;
let hr: TestSystem;
let crm: TestSystem;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(database.url);
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query('truncate system, pair_sweep, backlog cascade');
  hr = await addSource(dataSource, 'HR');
  crm = await addTarget(dataSource, 'CRM', { selection: 'list', sourceIds: [hr.id] });
});

const enable = (system: TestSystem, enabled: boolean) =>
  dataSource.transaction((manager) => setSystemEnabled(manager, system.no, enabled));
const program = (system: TestSystem, text: string) =>
  dataSource.transaction((manager) => ensureProgram(manager, system.no, Buffer.from(text)));

describe('sweeps (engine.md §6)', () => {
  it('a new target is swept for each source it lists, for every type', async () => {
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, crm));
  });

  it('SYS-13: a new source is swept for each target that takes all sources, and for no other', async () => {
    const mail = await addTarget(dataSource, 'Mail', { selection: 'all' });
    await addTarget(dataSource, 'Nobody', { selection: 'none' });
    await finishSweeps(dataSource);
    const contractors = await addSource(dataSource, 'Contractors');
    expect(await listSweeps(dataSource)).toEqual(allTypes(contractors, mail));
  });

  it.each(['source', 'target'] as const)('SYS-21: enabling a %s sweeps its pairs, disabling does not', async (role) => {
    const system = role === 'source' ? hr : crm;
    await finishSweeps(dataSource);
    await enable(system, false);
    expect(await listSweeps(dataSource)).toEqual([]);
    await enable(system, true);
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, crm));
  });

  it('a pair is swept only when both of its systems are enabled', async () => {
    await enable(hr, false);
    await enable(crm, false);
    await finishSweeps(dataSource);
    await enable(crm, true);
    expect(await listSweeps(dataSource)).toEqual([]);
    await enable(hr, true);
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, crm));
  });

  it('saving the same choice of sources again, or another name, sweeps nothing', async () => {
    await finishSweeps(dataSource);
    await dataSource.transaction(async (manager) => {
      await updateSystem(manager, crm.no, { name: 'Sales', sources: { selection: 'list', sourceIds: [hr.id] } });
    });
    expect(await listSweeps(dataSource)).toEqual([]);
  });

  it('a sweep that had begun starts over when its reason comes again', async () => {
    await dataSource.query('update pair_sweep set after_no = 77');
    await program(crm, 'first');
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, crm));
  });

  it('a new source and a target that takes all sources, saved at the same moment, are swept', async () => {
    await finishSweeps(dataSource);
    for (let round = 0; round < 5; round++) {
      const [source, target] = await Promise.all([
        addSource(dataSource, `S${round}`),
        addTarget(dataSource, `T${round}`, { selection: 'all' }),
      ]);
      expect(await listSweeps(dataSource)).toEqual(expect.arrayContaining(allTypes(source, target)));
    }
  });
});

describe('disconnecting', () => {
  it('drops backlog and sweeps of the lost pair and sweeps the new one', async () => {
    const contractors = await addSource(dataSource, 'Contractors');
    await addBacklog(dataSource, hr, crm, 1);
    await dataSource.transaction(async (manager) => {
      await updateSystem(manager, crm.no, { sources: { selection: 'list', sourceIds: [contractors.id] } });
    });
    expect(await listBacklog(dataSource)).toEqual([]);
    expect(await listSweeps(dataSource)).toEqual(allTypes(contractors, crm));
  });

  it('disabling keeps the backlog: it is due again after enabling', async () => {
    await addBacklog(dataSource, hr, crm, 1);
    await enable(crm, false);
    expect(await listBacklog(dataSource)).toEqual([`${hr.no}>${crm.no}`]);
  });

  it('deleting a system drops the rows of its pairs and of no other', async () => {
    const mail = await addTarget(dataSource, 'Mail', { selection: 'all' });
    await addBacklog(dataSource, hr, crm, 1);
    await addBacklog(dataSource, hr, mail, 1);
    await dataSource.transaction((manager) => deleteSystem(manager, crm.no));
    expect(await listBacklog(dataSource)).toEqual([`${hr.no}>${mail.no}`]);
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, mail));
  });

  it('SYS-14: a target that loses its last listed source reads from none, not from all, and is marked', async () => {
    const mail = await addTarget(dataSource, 'Mail', { selection: 'all' });
    const orphans = await dataSource.transaction((manager) => deleteSystem(manager, hr.no));
    expect(orphans).toEqual([crm.id]);
    const rows: unknown[] = await dataSource.query(
      `select no, source_selection as selection, sources_lost_at is not null as lost from system order by no`,
    );
    expect(rows).toEqual([
      { no: crm.no, selection: 'none', lost: true },
      { no: mail.no, selection: 'all', lost: false },
    ]);
  });
});

describe('program numbers (engine.md §6)', () => {
  it('start at 1, stay while nothing changed, and never go back to an old number', async () => {
    expect(await currentProgramNumber(dataSource, crm.no)).toBe(0);
    expect(await program(crm, 'A')).toEqual({ number: 1, changed: true });
    expect(await program(crm, 'A')).toEqual({ number: 1, changed: false });
    expect(await program(crm, 'B')).toEqual({ number: 2, changed: true });
    expect(await program(crm, 'A')).toEqual({ number: 3, changed: true });
    expect(await currentProgramNumber(dataSource, crm.no)).toBe(3);
    expect((await loadSystem(dataSource, crm.id))?.programNumber).toBe(3);
  });

  it('a changed program of a target sweeps its pairs; an unchanged one and one of a source do not', async () => {
    await program(crm, 'A');
    await finishSweeps(dataSource);
    await program(crm, 'A');
    await program(hr, 'A');
    expect(await listSweeps(dataSource)).toEqual([]);
    await program(crm, 'B');
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, crm));
  });

  it('a changed program of a disabled target sweeps when it is enabled', async () => {
    await enable(crm, false);
    await finishSweeps(dataSource);
    await program(crm, 'B');
    expect(await listSweeps(dataSource)).toEqual([]);
    await enable(crm, true);
    expect(await listSweeps(dataSource)).toEqual(allTypes(hr, crm));
  });

  it('two savers at once get one number each, and equal programs one together', async () => {
    const numbers = await Promise.all(['X', 'Y', 'X', 'Y'].map(() => program(crm, 'same')));
    expect(numbers.map(({ number }) => number)).toEqual([1, 1, 1, 1]);
    expect(numbers.filter(({ changed }) => changed)).toHaveLength(1);
  });

  it("works inside a transaction of the engine's own pool", async () => {
    const pool = new SqlPool(database.url, { maxConnections: 1 });
    try {
      const result = await pool.transaction((sql) => ensureProgram(sql, crm.no, Buffer.from('A')));
      expect(result).toEqual({ number: 1, changed: true });
    } finally {
      await pool.close();
    }
  });

  it('a system that does not exist has none', async () => {
    await expect(program({ no: 999_999, id: '' }, 'A')).rejects.toThrow('no system with the number 999999');
  });
});
