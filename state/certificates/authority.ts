import { createAuthority } from '../../runtime/certificates.js';
import type { KeyedCertificate } from '../../runtime/certificates.js';
import type { Keyring } from '../../runtime/secrets.js';
import type { SqlPool } from '../database.js';

/** Where the key of the authority belongs. */
export const AUTHORITY_PLACE = { systemId: 'installation', propertyName: 'certificateAuthority' };

/** The authority of this installation. */
export interface Authority {
  readonly installationId: string;
  readonly keyed: KeyedCertificate;
}

interface AuthorityRow {
  readonly id: string;
  readonly certificate: string | null;
  readonly sealed: Buffer | null;
}

/**
 * The authority that issues all outbound certificates, made by the first call ever: all certificates of an installation have the same issuer
 * (CRT-2). The row is locked while it is made, so that two processes agree on one.
 */
export async function loadAuthority(pool: SqlPool, keyring: Keyring, now: Date): Promise<Authority> {
  return pool.transaction(async (sql) => {
    const [row] = await sql.query<AuthorityRow>(
      'select id, authority_certificate as certificate, sealed_authority_key as sealed from installation for update',
    );
    if (row === undefined) throw new Error('the table installation is empty: restore its row from a backup');
    if (row.certificate !== null && row.sealed !== null) {
      const privateKey = keyring.openSecret(AUTHORITY_PLACE, row.sealed);
      return { installationId: row.id, keyed: { certificate: row.certificate, privateKey } };
    }
    const keyed = await createAuthority(row.id, now);
    await sql.query('update installation set authority_certificate = $1, sealed_authority_key = $2', [
      keyed.certificate,
      keyring.sealSecret(AUTHORITY_PLACE, keyed.privateKey),
    ]);
    return { installationId: row.id, keyed };
  });
}

/** The public part of the authority; undefined until the first certificate was generated. */
export async function readAuthorityCertificate(pool: SqlPool): Promise<string | undefined> {
  const [row] = await pool.query<{ certificate: string | null }>(
    'select authority_certificate as certificate from installation',
  );
  return row?.certificate ?? undefined;
}
