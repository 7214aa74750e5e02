import { randomUUID } from 'node:crypto';
import { describeCertificate, issueClientCertificate } from '../../runtime/certificates.js';
import type { Keyring } from '../../runtime/secrets.js';
import type { Sql, SqlPool } from '../database.js';
import { loadAuthority } from './authority.js';

/** So many a system has at most (CRT-2, LIM-2). */
export const MAX_CERTIFICATES = 2;

/** A certificate of a system; its key stays where it is. */
export interface OutboundCertificate {
  readonly id: string;
  readonly isActive: boolean;
  /** PEM, public part only. */
  readonly certificate: string;
  readonly validUntil: Date;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** A system as its certificates know it. */
export interface CertifiedSystem {
  readonly no: number;
  /** Public id. */
  readonly id: string;
}

const COLUMNS =
  'id, active as "isActive", certificate, valid_until as "validUntil", created_by as "createdBy", created_at as "createdAt"';

/** Certificates of a system, the active one first. */
export async function listCertificates(sql: Sql, systemNo: number): Promise<OutboundCertificate[]> {
  return sql.query<OutboundCertificate>(
    `select ${COLUMNS} from outbound_certificate where system_no = $1 order by active desc, created_at`,
    [systemNo],
  );
}

/** One certificate of a system. */
export async function findCertificate(
  sql: Sql,
  systemNo: number,
  id: string,
): Promise<OutboundCertificate | undefined> {
  return (await listCertificates(sql, systemNo)).find((one) => one.id === id.toLowerCase());
}

/** A certificate that is made and not yet stored. */
export interface IssuedCertificate {
  readonly id: string;
  readonly certificate: string;
  readonly sealedKey: Buffer;
  readonly validUntil: Date;
}

/** Makes a certificate and seals its key. Takes about half a second, so it is done before any row is locked. */
export async function issueCertificate(
  pool: SqlPool,
  keyring: Keyring,
  system: CertifiedSystem,
  now: Date,
): Promise<IssuedCertificate> {
  const { keyed: authority, installationId } = await loadAuthority(pool, keyring, now);
  const { certificate, privateKey } = await issueClientCertificate(authority, { id: system.id, installationId }, now);
  const id = randomUUID();
  const sealedKey = keyring.sealSecret(placeOfKey(system.id, id), privateKey);
  return { id, certificate, sealedKey, validUntil: describeCertificate(certificate).validUntil };
}

/** Where the key of a certificate belongs: it opens for this system and certificate only. */
export function placeOfKey(systemId: string, certificateId: string): { systemId: string; propertyName: string } {
  return { systemId, propertyName: `outbound certificate ${certificateId}` };
}

/** Stores a certificate in the caller's transaction. */
export async function insertCertificate(
  sql: Sql,
  systemNo: number,
  issued: IssuedCertificate,
  { isActive, by }: { readonly isActive: boolean; readonly by: string },
): Promise<void> {
  await sql.query(
    `insert into outbound_certificate (id, system_no, active, certificate, sealed_key, valid_until, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [issued.id, systemNo, isActive, issued.certificate, issued.sealedKey, issued.validUntil, by],
  );
}

/** Holds the row of the system: changes of its certificates come one after the other, and it is not deleted meanwhile. False: it is gone. */
export async function lockSystem(sql: Sql, systemNo: number): Promise<boolean> {
  return (await sql.query('select no from system where no = $1 for no key update', [systemNo])).length > 0;
}

/** Generates a certificate: the only one is active, the second one is not (CRT-2). Undefined: the system has two, or is gone. */
export async function addCertificate(
  pool: SqlPool,
  keyring: Keyring,
  system: CertifiedSystem,
  { now, by }: { readonly now: Date; readonly by: string },
): Promise<OutboundCertificate | undefined> {
  if ((await listCertificates(pool, system.no)).length >= MAX_CERTIFICATES) return undefined;
  const issued = await issueCertificate(pool, keyring, system, now);
  return pool.transaction(async (sql) => {
    if (!(await lockSystem(sql, system.no))) return undefined;
    const known = await listCertificates(sql, system.no);
    if (known.length >= MAX_CERTIFICATES) return undefined;
    await insertCertificate(sql, system.no, issued, { isActive: !known.some(({ isActive }) => isActive), by });
    return findCertificate(sql, system.no, issued.id);
  });
}

/** Makes a certificate the active one; the other becomes inactive in the same moment (CRT-3). */
export async function activateCertificate(
  pool: SqlPool,
  systemNo: number,
  id: string,
  now: Date,
): Promise<'activated' | 'missing' | 'expired'> {
  return pool.transaction(async (sql) => {
    await lockSystem(sql, systemNo);
    const certificate = await findCertificate(sql, systemNo, id);
    if (certificate === undefined) return 'missing';
    if (certificate.isActive) return 'activated';
    if (certificate.validUntil <= now) return 'expired';
    await sql.query('update outbound_certificate set active = false where system_no = $1 and active', [systemNo]);
    await sql.query('update outbound_certificate set active = true where id = $1', [certificate.id]);
    return 'activated';
  });
}

/** Deletes a certificate that is not active, with its key (CRT-3). */
export async function removeCertificate(
  pool: SqlPool,
  systemNo: number,
  id: string,
): Promise<'removed' | 'missing' | 'active'> {
  return pool.transaction(async (sql) => {
    await lockSystem(sql, systemNo);
    const certificate = await findCertificate(sql, systemNo, id);
    if (certificate === undefined) return 'missing';
    if (certificate.isActive) return 'active';
    await sql.query('delete from outbound_certificate where id = $1', [certificate.id]);
    return 'removed';
  });
}
