import { LINK_STATE, ORIGIN, PRESENCE } from '../codes.js';
import { sweepSystem } from './pairs.js';
import { removeOperationalData, removeTargetData } from './operational-data.js';
import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/** What a reset of a system leaves behind. */
export interface ResetOptions {
  readonly role: 'source' | 'target';
  /** Remember which target entities are ours, so that they count as *created* when they are linked again (RST-7). */
  readonly keepOrigins: boolean;
}

/**
 * Deletes the operational data of a system (RST-1, RST-2): of a source its links to all targets, marks and forced-full counter; of a target
 * its links from all sources, and each of them reads fully next (RST-3). Configuration, schedule and job logs stay. The caller holds the
 * locks and has made sure that no job runs (RST-6).
 */
export async function resetSystem(transaction: Statements, systemNo: number, options: ResetOptions): Promise<void> {
  const side = options.role === 'source' ? 'source_id' : 'target_id';
  if (options.keepOrigins) await transaction.query(keepOrigins(side), [systemNo]);
  else await transaction.query(`delete from kept_origin where ${side} = $1`, [systemNo]);
  if (options.role === 'source') await resetSource(transaction, systemNo);
  else await resetTarget(transaction, systemNo, options.keepOrigins);
}

function keepOrigins(side: 'source_id' | 'target_id'): string {
  return `insert into kept_origin (target_id, type, target_key, source_id)
          select l.target_id, l.type, l.target_key, e.source_id from link l join entity e on e.entity_no = l.entity_no
           where ${side === 'source_id' ? 'e.source_id' : 'l.target_id'} = $1
             and l.state = ${LINK_STATE.linked} and l.origin = ${ORIGIN.created} and l.target_key is not null
          on conflict do nothing`;
}

/** The rows of the entities stay, without anything known about them, because the results in the job logs name them. */
async function resetSource(transaction: Statements, sourceNo: number): Promise<void> {
  await removeOperationalData(transaction, sourceNo, { keepEntities: true });
  await transaction.query('delete from notification_state where source_id = $1', [sourceNo]);
  await transaction.query(
    `update entity set source_hash = null, common_hash = null, identities = null, program = 0, presence = ${PRESENCE.absent} where source_id = $1`,
    [sourceNo],
  );
}

/** Whom we have put into groups that others make is an origin as well (CONN-CORE-12). */
async function resetTarget(transaction: Statements, targetNo: number, keepOrigins: boolean): Promise<void> {
  await removeTargetData(transaction, targetNo, { keepAssigned: keepOrigins });
  await transaction.query(
    `update source_state set full_read_done = false, delta_mark = null
      where source_id in (select source_id from connected_pair where target_id = $1)`,
    [targetNo],
  );
  await sweepSystem(transaction, targetNo);
}

/** Tables that a reset of the provisioning settings leaves alone: who may use the platform, and what it is (RST-8). */
export const KEPT_TABLES = ['admin_user', 'api_token', 'installation', 'schema_migration'] as const;

/** Key of the run rows' lock: no job may be requested while everything is removed. */
const EVERYTHING = 'lock table system, run in access exclusive mode';

/** Keeps others from changing systems and requesting jobs until the transaction ends; true when a job waits or runs. */
export async function lockEverything(transaction: Statements): Promise<boolean> {
  await transaction.query(EVERYTHING);
  return (await selectRows(transaction, `select run_key from run where state <> 'finished' limit 1`)).length > 0;
}

/** Deletes all systems with everything that belongs to them, and all job logs (RST-8). The caller holds {@link lockEverything}. */
export async function removeAllSystems(transaction: Statements): Promise<void> {
  const tables = await selectRows<{ name: string }>(
    transaction,
    `select format('%I', c.relname) as name from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> all($1::text[])`,
    [KEPT_TABLES],
  );
  await transaction.query(`truncate ${tables.map((table) => table.name).join(', ')}`);
}
