import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { InstallationKeys } from '../../runtime/secrets.js';
import type { Keyring } from '../../runtime/secrets.js';
import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/** Identity of this database. */
export interface Installation {
  readonly id: string;
  /** Compared with the epoch file beside the master key (architecture.md §9). */
  readonly epoch: string;
}

/** Where the root key of all derived keys is sealed for. */
export const ROOT_KEY = { systemId: 'installation', propertyName: 'rootKey' };

/** The one installation; the migration made it. Throws Error naming the remedy when the database was never migrated. */
export async function loadInstallation(database: Statements): Promise<Installation> {
  const [schema] = await selectRows<{ migrated: boolean }>(
    database,
    `select to_regclass('installation') is not null as migrated`,
  );
  if (schema?.migrated !== true)
    throw new Error('the database has no tables of Muster yet: run `muster migrate` first');
  const [installation] = await selectRows<Installation>(database, 'select id, epoch from installation');
  if (installation === undefined) throw new Error('the table installation is empty: restore its row from a backup');
  return installation;
}

/**
 * Opens the keys of the installation; the first call ever makes the root key. A root key that this keyring cannot open is a
 * SecretError: the process must not start, because everything it wrote would be unreadable to the others.
 */
export async function loadInstallationKeys(dataSource: DataSource, keyring: Keyring): Promise<InstallationKeys> {
  return dataSource.transaction(async (manager) => {
    const { id } = await loadInstallation(manager);
    const rows: { sealed: Buffer | null }[] = await manager.query(
      'select sealed_root_key as sealed from installation for update',
    );
    const sealed = rows[0]?.sealed;
    if (sealed) return new InstallationKeys(keyring.openBytes(ROOT_KEY, sealed), id);
    const rootKey = randomBytes(32);
    await manager.query('update installation set sealed_root_key = $1', [keyring.sealBytes(ROOT_KEY, rootKey)]);
    return new InstallationKeys(rootKey, id);
  });
}
