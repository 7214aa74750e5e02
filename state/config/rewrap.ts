import type { EntityManager } from 'typeorm';
import type { Keyring, SecretPlace } from '../../runtime/secrets.js';
import { AUTHORITY_PLACE } from '../certificates/authority.js';
import { placeOfKey } from '../certificates/certificates.js';
import { ROOT_KEY } from './installation.js';

interface SealedRow {
  /** Tells the row from the others of its table. */
  readonly key: string;
  /** Public id of the system that it belongs to. */
  readonly systemId: string;
  readonly sealed: Buffer;
}

/** A column whose values the keyring has sealed. */
interface SealedColumn {
  /** SQL: all rows with a value, locked. */
  readonly select: string;
  /** SQL: stores the value $2 in the row $1 of the system $3. */
  readonly update: string;
  readonly placeOf: (row: SealedRow) => SecretPlace;
}

const COLUMNS: readonly SealedColumn[] = [
  {
    select: `select p.name as key, s.id as "systemId", p.sealed from system_property p join system s on s.no = p.system_no
              where p.sealed is not null for update of p`,
    update:
      'update system_property p set sealed = $2 from system s where s.no = p.system_no and p.name = $1 and s.id::text = $3',
    placeOf: ({ key, systemId }) => ({ systemId, propertyName: key }),
  },
  {
    select: `select c.id as key, s.id as "systemId", c.sealed_key as sealed from outbound_certificate c join system s on s.no = c.system_no
              for update of c`,
    update:
      'update outbound_certificate c set sealed_key = $2 from system s where s.no = c.system_no and c.id::text = $1 and s.id::text = $3',
    placeOf: ({ key, systemId }) => placeOfKey(systemId, key),
  },
  {
    select: `select '' as key, '' as "systemId", sealed_authority_key as sealed from installation where sealed_authority_key is not null for update`,
    update: `update installation set sealed_authority_key = $2 where $1 = '' and $3 = ''`,
    placeOf: () => AUTHORITY_PLACE,
  },
  {
    select: `select '' as key, '' as "systemId", sealed_root_key as sealed from installation where sealed_root_key is not null for update`,
    update: `update installation set sealed_root_key = $2 where $1 = '' and $3 = ''`,
    placeOf: () => ROOT_KEY,
  },
];

/**
 * Wraps every credential, every private key of a certificate and the root key, which stored bodies and contents are sealed with, again that
 * was sealed under an older master key; values are neither read nor changed, so it may run while the installation works. Returns how many
 * were wrapped again.
 */
export async function rewrapSecrets(manager: EntityManager, keyring: Keyring): Promise<number> {
  let wrapped = 0;
  for (const { select, update, placeOf } of COLUMNS) {
    const rows: SealedRow[] = await manager.query(select);
    const old = rows.filter((row) => keyring.needsRewrap(row.sealed));
    for (const row of old)
      await manager.query(update, [row.key, keyring.rewrap(placeOf(row), row.sealed), row.systemId]);
    wrapped += old.length;
  }
  return wrapped;
}
