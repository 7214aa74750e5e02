import type { EntityManager } from 'typeorm';
import type { Keyring } from '../../runtime/secrets.js';
import { BACKLOG_STATE } from '../codes.js';
import { SystemPropertyEntity } from './entities/system-property.entity.js';
import { settleContentSwitches } from '../logs/content-switches.js';

/** A whole set of properties of one system, as it shall be stored. */
export interface PropertySet {
  /** Standard properties by name. */
  readonly plain: Readonly<Record<string, string>>;
  /** New clear text of credential properties by name; it is sealed before it is stored. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Credential properties that stay as they are. */
  readonly keptSecretNames: readonly string[];
  /** Properties that are named by whoever saves; all others are to stay as they are. Absent: all are named. */
  readonly named?: readonly string[];
}

/** Replaces the properties of a system: what the set does not name is removed (PRP-8). */
export async function saveProperties(
  manager: EntityManager,
  keyring: Keyring,
  system: { readonly no: number; readonly id: string },
  set: PropertySet,
): Promise<void> {
  const plain = await settleContentSwitches(manager, system.no, set);
  await manager.query('delete from system_property where system_no = $1 and name <> all($2::text[])', [
    system.no,
    set.keptSecretNames,
  ]);
  await manager.insert(SystemPropertyEntity, [
    ...Object.entries(plain).map(([name, value]) => ({ systemNo: system.no, name, value, sealed: null })),
    ...Object.entries(set.secrets).map(([name, clearText]) => ({
      systemNo: system.no,
      name,
      value: null,
      sealed: keyring.sealSecret({ systemId: system.id, propertyName: name }, clearText),
    })),
  ]);
  await manager.query('update system set updated_at = now() where no = $1', [system.no]);
  await forgetRefusals(manager, system.no);
}

/** What the old credentials were refused is tried with the new ones (HEA-3), and an open breaker is probed at the next occasion (HEA-6). */
async function forgetRefusals(manager: EntityManager, systemNo: number): Promise<void> {
  await manager.query(
    `update backlog set error_class = null, next_at = null, state = $2 where target_id = $1 and error_class = 'auth' and state in ($2, $3)`,
    [systemNo, BACKLOG_STATE.due, BACKLOG_STATE.deferred],
  );
  await manager.query(
    `update target_gate set next_probe_at = clock_timestamp() where target_id = $1 and breaker = 'open'`,
    [systemNo],
  );
}
