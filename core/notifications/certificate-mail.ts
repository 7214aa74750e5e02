import { composeMail, oneLine, type MailText } from './compose.js';
import type { CertificateMail } from './topics.js';

/** What a mail about a certificate is about. */
export interface CertificateFacts {
  readonly systemRole: 'source' | 'target';
  readonly systemName: string;
  readonly systemId: string;
  /** Of the certificate that ends, or of the new one. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly validUntil: string;
}

/** Fixed words (CRT-7). */
const SUBJECTS: Readonly<Record<CertificateMail, string>> = {
  certificateRenewed: 'Outbound Certificate Renewed',
  certificateExpires: 'Outbound Certificate Expiration',
};

const ROLES = { source: 'Source', target: 'Target' } as const;

/** Subject of a mail about a certificate (CRT-7). */
export function certificateSubject(
  kind: CertificateMail,
  { systemRole, systemName }: Pick<CertificateFacts, 'systemRole' | 'systemName'>,
): string {
  return `${SUBJECTS[kind]}. ${ROLES[systemRole]} System: ${oneLine(systemName)}`;
}

/** The whole mail (CRT-6, CRT-7). `publicUrl`: where administrators reach the API, without a slash at its end. */
export function certificateMailText(kind: CertificateMail, facts: CertificateFacts, publicUrl: string): MailText {
  const about = [
    `${ROLES[facts.systemRole]} system: ${oneLine(facts.systemName)}`,
    `Fingerprint (SHA-256): ${facts.fingerprint}`,
    `Valid until: ${facts.validUntil}`,
  ];
  const link = `${publicUrl}/api/v1/systems/${facts.systemId}/certificates`;
  return composeMail(certificateSubject(kind, facts), [about, ADVICE[kind]], link);
}

const ADVICE: Readonly<Record<CertificateMail, readonly string[]>> = {
  certificateRenewed: [
    'This certificate was generated and activated, because the former one expires within 14 days. Subject and issuer are the same.',
    'A back end that checks fingerprints refuses it until its public part is uploaded there.',
  ],
  certificateExpires: [
    'The validity of a certificate cannot be extended. Generate a second one, upload its public part to the back end, then activate it.',
    'After this time jobs of the system fail before they read anything.',
  ],
};
