const DAY_MS = 24 * 60 * 60_000;

/** From so many days before expiry a certificate is warned of (CRT-4); before that nothing is to be done about it. */
export const WARNED_DAYS = 30;
/** Within so many days before expiry a certificate is replaced, where that is wanted (CRT-5). */
export const RENEWED_DAYS = 14;
/** On these days before expiry a mail is due, where nothing is replaced (CRT-7). */
const TOLD_DAYS = [3, 14, 30] as const;

/** The active certificate of a system, as far as its end goes. */
export interface ActiveCertificate {
  readonly validUntil: Date;
  /** *Automatic Regeneration* of its system. */
  readonly isRenewed: boolean;
  /** The last day before expiry of which was told; null: of none yet. */
  readonly toldDays: number | null;
}

/** What time asks for. */
export type CertificateTask =
  /** A new one takes its place (CRT-5). */
  | { readonly kind: 'renew' }
  /** Its end is told (CRT-7); `days` is to be remembered. */
  | { readonly kind: 'tell'; readonly days: number };

/** What is to be done about an active certificate now. Days that nobody was there for are told once, with the last of them. */
export function certificateTask(certificate: ActiveCertificate, now: Date): CertificateTask | undefined {
  const leftMs = certificate.validUntil.getTime() - now.getTime();
  if (certificate.isRenewed) return leftMs <= RENEWED_DAYS * DAY_MS ? { kind: 'renew' } : undefined;
  const days = TOLD_DAYS.find((one) => leftMs <= one * DAY_MS);
  if (days === undefined || (certificate.toldDays !== null && certificate.toldDays <= days)) return undefined;
  return { kind: 'tell', days };
}

/** What administrators are warned of, from {@link WARNED_DAYS} before expiry on (CRT-4). */
export function expiryWarning(certificate: Omit<ActiveCertificate, 'toldDays'>, now: Date): string | undefined {
  const { validUntil, isRenewed } = certificate;
  const leftMs = validUntil.getTime() - now.getTime();
  if (leftMs > WARNED_DAYS * DAY_MS) return undefined;
  const day = validUntil.toISOString();
  const begin =
    leftMs <= 0
      ? `The active certificate has expired on ${day}: jobs of this system fail.`
      : `The active certificate expires on ${day}.`;
  return `${begin} ${isRenewed ? RENEWAL_NOTE : REMEDY}`;
}

const REMEDY =
  'Its validity cannot be extended: generate a second certificate, upload its public part to the back end, then activate it.';
const RENEWAL_NOTE = `It is replaced ${RENEWED_DAYS} days before: a back end that checks the fingerprint refuses the new one until it is uploaded.`;
