import { certificateTask, WARNED_DAYS } from '../../core/certificates/expiry.js';
import type { ActiveCertificate, CertificateTask } from '../../core/certificates/expiry.js';
import type { CertificateFacts } from '../../core/notifications/certificate-mail.js';
import type { CertificateMail } from '../../core/notifications/topics.js';
import { describeCertificate } from '../../runtime/certificates.js';
import type { Keyring } from '../../runtime/secrets.js';
import type { Sql, SqlPool } from '../database.js';
import { hasRecipients, storeMails } from '../notifications/outbox.js';
import { insertCertificate, issueCertificate, lockSystem } from './certificates.js';
import type { CertifiedSystem } from './certificates.js';

/** The author of what time brings about. */
const PLATFORM = 'system';

interface ActiveRow extends ActiveCertificate, CertifiedSystem {
  readonly certificateId: string;
  readonly certificate: string;
  readonly name: string;
  readonly role: 'source' | 'target';
}

/** An active certificate that time asks something for. */
export interface DueCertificate {
  readonly system: ActiveRow;
  readonly task: CertificateTask;
}

/** Active certificates that are to be renewed or told of now, of one system or of all (CRT-5, CRT-7). */
export async function findDueCertificates(sql: Sql, now: Date, systemNo?: number): Promise<DueCertificate[]> {
  const rows = await sql.query<ActiveRow>(
    `select s.no, s.id, s.name, s.role, c.id as "certificateId", c.certificate, c.valid_until as "validUntil",
            s.renews_certificate as "isRenewed", c.told_days as "toldDays"
       from outbound_certificate c join system s on s.no = c.system_no
      where c.active and c.valid_until <= $1::timestamptz + $3 * interval '24 hours' and ($2::int is null or s.no = $2) order by c.valid_until`,
    [now, systemNo ?? null, WARNED_DAYS],
  );
  return rows.flatMap((system) => {
    const task = certificateTask(system, now);
    return task === undefined ? [] : [{ system, task }];
  });
}

/** Does what a certificate is due for. Who comes second finds it done. */
export async function tendCertificate(
  pool: SqlPool,
  keyring: Keyring,
  { system, task }: DueCertificate,
  now: Date,
): Promise<void> {
  if (task.kind === 'renew') await renew(pool, keyring, system, now);
  else await tell(pool, system, task.days, now);
}

/**
 * A new certificate takes the place of the active one, which becomes inactive; a former inactive one goes, because there are two at most
 * (CRT-5). All of it and its mails in one transaction.
 */
async function renew(pool: SqlPool, keyring: Keyring, system: ActiveRow, now: Date): Promise<void> {
  const issued = await issueCertificate(pool, keyring, system, now);
  await pool.transaction(async (sql) => {
    if (!(await lockSystem(sql, system.no))) return;
    const [still] = await findDueCertificates(sql, now, system.no);
    if (still?.task.kind !== 'renew' || still.system.certificateId !== system.certificateId) return;
    await sql.query('delete from outbound_certificate where system_no = $1 and not active', [system.no]);
    await sql.query('update outbound_certificate set active = false where system_no = $1', [system.no]);
    await insertCertificate(sql, system.no, issued, { isActive: true, by: PLATFORM });
    await notify(sql, 'certificateRenewed', { ...system, certificate: issued.certificate }, now);
  });
}

async function tell(pool: SqlPool, system: ActiveRow, days: number, now: Date): Promise<void> {
  await pool.transaction(async (sql) => {
    const told = await sql.query(
      'update outbound_certificate set told_days = $2 where id = $1 and active and (told_days is null or told_days > $2) returning id',
      [system.certificateId, days],
    );
    if (told.length > 0) await notify(sql, 'certificateExpires', system, now);
  });
}

async function notify(sql: Sql, kind: CertificateMail, system: ActiveRow, at: Date): Promise<void> {
  const occasion = { systemNo: system.no, runKey: null, kind, at };
  if (await hasRecipients(sql, occasion)) await storeMails(sql, occasion, factsOf(system));
}

function factsOf({ id, name, role, certificate }: ActiveRow): CertificateFacts {
  const { fingerprint, validUntil } = describeCertificate(certificate);
  return { systemRole: role, systemName: name, systemId: id, fingerprint, validUntil: validUntil.toISOString() };
}

/** *Automatic Regeneration* of a system (CRT-5). */
export async function readRenewal(sql: Sql, systemNo: number): Promise<boolean> {
  const [row] = await sql.query<{ isOn: boolean }>('select renews_certificate as "isOn" from system where no = $1', [
    systemNo,
  ]);
  return row?.isOn === true;
}

/** Switches *Automatic Regeneration*; what it is already time for is done before this returns. */
export async function switchRenewal(
  pool: SqlPool,
  keyring: Keyring,
  systemNo: number,
  { isOn, now }: { readonly isOn: boolean; readonly now: Date },
): Promise<void> {
  await pool.query('update system set renews_certificate = $2, updated_at = now() where no = $1', [systemNo, isOn]);
  if (!isOn) return;
  for (const due of await findDueCertificates(pool, now, systemNo)) await tendCertificate(pool, keyring, due, now);
}
