import type { EntityManager } from 'typeorm';
import type { Database } from '../data-source.js';
import { SystemEntity } from './entities/system.entity.js';
import type { SourceSelection, SystemRole } from './entities/system.entity.js';
import { SystemSourceEntity } from './entities/system-source.entity.js';
import { ConfigurationConflictError } from './errors.js';
import { changePairs, lockConfiguration, sweepSystem } from './pairs.js';

/** A system as lists and pages show it. */
export interface SystemRecord {
  readonly no: number;
  readonly id: string;
  readonly role: SystemRole;
  readonly typeName: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  /** Targets only. */
  readonly sourceSelection: SourceSelection | null;
  /** Public ids of the listed sources; empty unless the selection is `list`. */
  readonly sourceIds: readonly string[];
  /** Set while the target waits for a new choice because its last listed source was deleted (SYS-14). */
  readonly sourcesLostAt: Date | null;
  /** Since when a target is paused for maintenance; null while it is not. */
  readonly pausedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Which systems a list shows; absent fields do not restrict. */
export interface SystemFilter {
  readonly role?: SystemRole;
  readonly typeName?: string;
  readonly enabled?: boolean;
  /** Part of the name, in any case. */
  readonly nameContains?: string;
}

/** A part of a longer list. */
export interface PageRequest {
  readonly limit: number;
  readonly offset: number;
}

/** The choice of sources of a target (SYS-13). */
export type SourceChoice =
  | { readonly selection: 'all' }
  | { readonly selection: 'none' }
  | { readonly selection: 'list'; readonly sourceIds: readonly string[] };

const RECORD_SQL = `
  select s.no, s.id, s.role, s.type_name as "typeName", s.name, s.description, s.enabled,
         s.source_selection as "sourceSelection", s.sources_lost_at as "sourcesLostAt", s.paused_at as "pausedAt",
         s.created_at as "createdAt", s.updated_at as "updatedAt",
         coalesce((select json_agg(o.id order by lower(o.name)) from system_source l join system o on o.no = l.source_no
                    where l.target_no = s.no and s.source_selection = 'list'), '[]') as "sourceIds"
    from system s`;

/** One system by its public id; undefined if there is none, also for text that is no UUID. */
export async function findSystem(database: Database, id: string): Promise<SystemRecord | undefined> {
  const rows: SystemRecord[] = await database.query(`${RECORD_SQL} where s.id::text = lower($1)`, [id]);
  return rows[0];
}

/** Systems in the order of SYS-16: enabled first, then by name ignoring case. */
export async function listSystems(
  database: Database,
  filter: SystemFilter,
  page: PageRequest,
): Promise<{ items: SystemRecord[]; total: number }> {
  const where = `
    where ($1::text is null or s.role = $1) and ($2::text is null or s.type_name = $2)
      and ($3::boolean is null or s.enabled = $3) and ($4::text is null or strpos(lower(s.name), lower($4)) > 0)`;
  const values = [filter.role ?? null, filter.typeName ?? null, filter.enabled ?? null, filter.nameContains ?? null];
  const items: SystemRecord[] = await database.query(
    `${RECORD_SQL} ${where} order by s.enabled desc, lower(s.name) limit $5 offset $6`,
    [...values, page.limit, page.offset],
  );
  const counts: { total: number }[] = await database.query(
    `select count(*)::int as total from system s ${where}`,
    values,
  );
  return { items, total: counts[0]?.total ?? 0 };
}

/** What a new system starts with; properties, transformation and program are saved by the caller in the same transaction. */
export interface NewSystem {
  readonly id: string;
  readonly role: SystemRole;
  readonly typeName: string;
  readonly name: string;
  readonly description: string;
  /** Required for targets, absent for sources. */
  readonly sources?: SourceChoice;
  /** Systems of this role at most (LIM-1); absent: any number. */
  readonly limit?: number;
}

/**
 * Adds an enabled system (SYS-6) and sweeps the pairs that come with it: a new target's sources, and for a new source all targets
 * that take every source (SYS-13). Returns its number.
 * Throws {@link ConfigurationConflictError} `tooManySystems` (LIM-1), `nameTaken` (SYS-4) or `notASource`.
 */
export async function createSystem(manager: EntityManager, system: NewSystem): Promise<number> {
  await lockConfiguration(manager);
  await refuseTooMany(manager, system);
  await refuseTakenName(manager, system.name, undefined);
  const entity = manager.create(SystemEntity, {
    id: system.id,
    role: system.role,
    typeName: system.typeName,
    name: system.name.trim(),
    description: system.description,
    sourceSelection: system.role === 'target' ? (system.sources?.selection ?? 'none') : null,
  });
  const { no } = await manager.save(entity);
  if (system.sources !== undefined) await writeSources(manager, no, system.sources);
  await sweepSystem(manager, no);
  return no;
}

/** The caller holds the lock of the configuration, so that two requests do not pass the limit side by side. */
async function refuseTooMany(manager: EntityManager, { role, limit }: NewSystem): Promise<void> {
  if (limit === undefined || (await manager.count(SystemEntity, { where: { role } })) < limit) return;
  const message = `the maximum number of ${limit} ${role} systems is reached: delete one that is not needed, or let the operator raise MUSTER_MAX_${role.toUpperCase()}S`;
  throw new ConfigurationConflictError('tooManySystems', '', message);
}

/** What may be changed of a system; role and type may not (SYS-1). */
export interface SystemChange {
  readonly name?: string;
  readonly description?: string;
  readonly sources?: SourceChoice;
}

/** Changes a system; a changed choice of sources sweeps new pairs and drops what was waiting for lost ones. Throws like {@link createSystem}. */
export async function updateSystem(manager: EntityManager, no: number, change: SystemChange): Promise<void> {
  await lockConfiguration(manager);
  if (change.name !== undefined) await refuseTakenName(manager, change.name, no);
  await manager.update(SystemEntity, no, {
    ...(change.name !== undefined && { name: change.name.trim() }),
    ...(change.description !== undefined && { description: change.description }),
    updatedAt: () => 'now()',
  });
  const { sources } = change;
  if (sources !== undefined) await changePairs(manager, no, () => writeSources(manager, no, sources));
}

/** Enables or disables a system (SYS-19). Enabling sweeps its pairs: what changed meanwhile reached no backlog. */
export async function setSystemEnabled(manager: EntityManager, no: number, enabled: boolean): Promise<void> {
  await lockConfiguration(manager);
  await changePairs(manager, no, async () => {
    await manager.update(SystemEntity, no, { enabled, updatedAt: () => 'now()' });
  });
}

/**
 * Pauses a target for maintenance, or ends the pause. While it is paused jobs collect what is to be written to it and send nothing; the
 * first job after the pause writes it. Pausing again does not move the begin.
 */
export async function setTargetPaused(manager: EntityManager, no: number, paused: boolean): Promise<void> {
  const since = paused ? 'coalesce(paused_at, now())' : 'null';
  await manager.query(`update system set paused_at = ${since}, updated_at = now() where no = $1 and role = 'target'`, [
    no,
  ]);
}

/**
 * Removes a system with its properties, transformations and program numbers (RST-9). A deleted source leaves the lists of its
 * targets; a list that gets empty becomes `none`, not `all`, and is marked (SYS-14). The caller checks that no job runs and removes
 * the operational data first, in the same transaction. Returns the public ids of the targets that lost their last source.
 */
export async function deleteSystem(manager: EntityManager, no: number): Promise<string[]> {
  await lockConfiguration(manager);
  await changePairs(manager, no, async () => {
    await manager.delete(SystemEntity, no);
  });
  const [orphans]: [{ id: string }[], number] = await manager.query(
    `update system t set source_selection = 'none', sources_lost_at = now(), updated_at = now()
      where t.source_selection = 'list' and not exists (select from system_source l where l.target_no = t.no)
      returning t.id`,
  );
  return orphans.map((target) => target.id);
}

/** Targets that would lose a source, or read from all, when this source is deleted (SYS-14). */
export async function listTargetsOfSource(database: Database, sourceNo: number): Promise<SystemRecord[]> {
  return database.query(
    `${RECORD_SQL} where s.no in (select target_id from connected_pair where source_id = $1) order by lower(s.name)`,
    [sourceNo],
  );
}

async function refuseTakenName(manager: EntityManager, name: string, except: number | undefined): Promise<void> {
  const rows: unknown[] = await manager.query(
    'select from system where lower(btrim(name)) = lower(btrim($1)) and no is distinct from $2',
    [name, except ?? null],
  );
  if (rows.length > 0) {
    throw new ConfigurationConflictError('nameTaken', '/name', `a system with the name "${name.trim()}" exists`);
  }
}

/** An empty list counts as `none`: only an explicit choice may mean "all" (SYS-13). */
async function writeSources(manager: EntityManager, targetNo: number, choice: SourceChoice): Promise<void> {
  const wanted = choice.selection === 'list' ? [...new Set(choice.sourceIds.map((id) => id.toLowerCase()))] : [];
  const sources: { no: number; id: string }[] = await manager.query(
    `select no, id from system where id = any($1::uuid[]) and role = 'source'`,
    [wanted],
  );
  const unknown = wanted.findIndex((id) => !sources.some((source) => source.id === id));
  if (unknown >= 0) {
    const message = `there is no source system with the id ${wanted[unknown] ?? ''}`;
    throw new ConfigurationConflictError('notASource', `/sources/sourceIds/${unknown}`, message);
  }
  await manager.delete(SystemSourceEntity, { targetNo });
  await manager.insert(
    SystemSourceEntity,
    sources.map((source) => ({ targetNo, sourceNo: source.no })),
  );
  const selection = choice.selection === 'list' && sources.length === 0 ? 'none' : choice.selection;
  await manager.update(SystemEntity, targetNo, { sourceSelection: selection, sourcesLostAt: null });
}
