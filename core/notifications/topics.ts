import type { JobMail } from './state-machine.js';

/** Names of {@link Topic}. */
export const TOPICS = ['jobs', 'held', 'reminder'] as const;
/**
 * What a recipient wants to hear of. `jobs`: failures of jobs and their end (NTF-6); `held`: changes that wait for approval (GOV-7);
 * `reminder`: once a week that jobs still fail (NTF-22).
 */
export type Topic = (typeof TOPICS)[number];

/** What a recipient hears of who has chosen nothing: the reminder is off. */
export const DEFAULT_TOPICS: readonly Topic[] = ['jobs', 'held'];

/** The one topic of those who are told of the certificates of a system: a subscription of its own (CRT-8). */
export const CERTIFICATE_TOPIC = 'certificates';

/** Mails about what comes from a source. */
export type SourceMail = JobMail | 'held' | 'reminder';

/** Names of {@link CertificateMail}. */
export const CERTIFICATE_MAILS = ['certificateRenewed', 'certificateExpires'] as const;
/** Mails about the certificates of a system (CRT-7). */
export type CertificateMail = (typeof CERTIFICATE_MAILS)[number];

/** Every mail that there is. */
export type MailKind = SourceMail | CertificateMail;

/** The topic that a mail belongs to. */
export function topicOf(kind: MailKind): Topic | typeof CERTIFICATE_TOPIC {
  if (kind === 'certificateRenewed' || kind === 'certificateExpires') return CERTIFICATE_TOPIC;
  return kind === 'held' || kind === 'reminder' ? kind : 'jobs';
}
