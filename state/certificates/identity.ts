import type { Keyring } from '../../runtime/secrets.js';
import type { Sql } from '../database.js';
import { placeOfKey } from './certificates.js';
import type { CertifiedSystem } from './certificates.js';

/** Who a system is to its back end: the active certificate with its key, both PEM. Never log it. */
export interface OutboundIdentity {
  readonly certificate: string;
  readonly privateKey: string;
  readonly validUntil: Date;
}

interface IdentityRow {
  readonly id: string;
  readonly certificate: string;
  readonly sealed: Buffer;
  readonly validUntil: Date;
}

/** The identity of a system as it is now, so that a switch of the active certificate is felt by the next connection. Undefined: it has none. */
export async function loadIdentity(
  sql: Sql,
  keyring: Keyring,
  system: CertifiedSystem,
): Promise<OutboundIdentity | undefined> {
  const [row] = await sql.query<IdentityRow>(
    `select id, certificate, sealed_key as sealed, valid_until as "validUntil" from outbound_certificate where system_no = $1 and active`,
    [system.no],
  );
  if (row === undefined) return undefined;
  const { certificate, validUntil } = row;
  return { certificate, validUntil, privateKey: keyring.openSecret(placeOfKey(system.id, row.id), row.sealed) };
}
