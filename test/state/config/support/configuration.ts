import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { createSystem, saveTransformation } from '../../../../state/config/index.js';
import type { SourceChoice } from '../../../../state/config/index.js';

/** A system as the tests name it. */
export interface TestSystem {
  readonly no: number;
  readonly id: string;
}

/** Adds a source with a transformation. */
export function addSource(dataSource: DataSource, name: string): Promise<TestSystem> {
  return add(dataSource, name, undefined);
}

/** Adds a target with a transformation and a choice of sources. */
export function addTarget(dataSource: DataSource, name: string, sources: SourceChoice): Promise<TestSystem> {
  return add(dataSource, name, sources);
}

async function add(dataSource: DataSource, name: string, sources: SourceChoice | undefined): Promise<TestSystem> {
  const id = randomUUID();
  const no = await dataSource.transaction(async (manager) => {
    const role = sources === undefined ? 'source' : 'target';
    const system = { id, role, typeName: 'SCIM System', name, description: '' } as const;
    const created = await createSystem(manager, { ...system, ...(sources !== undefined && { sources }) });
    await saveTransformation(manager, created, { document: { user: {} }, description: '', modifiedBy: 'system' });
    return created;
  });
  return { no, id };
}

/** Sweeps as `source>target:type`, those that have begun with a `+`. */
export async function listSweeps(dataSource: DataSource): Promise<string[]> {
  const rows: { text: string }[] = await dataSource.query(
    `select source_id || '>' || target_id || ':' || type || case when after_no > 0 then '+' else '' end as text
       from pair_sweep order by source_id, target_id, type`,
  );
  return rows.map((row) => row.text);
}

/** The sweeps of all three types of a pair. */
export function allTypes(source: TestSystem, target: TestSystem): string[] {
  return [1, 2, 3].map((type) => `${source.no}>${target.no}:${type}`);
}

/** Pretends that a run has done all sweeps. */
export async function finishSweeps(dataSource: DataSource): Promise<void> {
  await dataSource.query('delete from pair_sweep');
}

/** Puts one row into the backlog of a pair. */
export async function addBacklog(
  dataSource: DataSource,
  source: TestSystem,
  target: TestSystem,
  entityNo: number,
): Promise<void> {
  await dataSource.query(
    `insert into backlog (target_id, entity_no, source_id, type, reason) values ($1, $2, $3, 1, 'test')`,
    [target.no, entityNo, source.no],
  );
}

/** The backlog as `source>target`. */
export async function listBacklog(dataSource: DataSource): Promise<string[]> {
  const rows: { text: string }[] = await dataSource.query(
    `select source_id || '>' || target_id as text from backlog order by target_id, entity_no`,
  );
  return rows.map((row) => row.text);
}
