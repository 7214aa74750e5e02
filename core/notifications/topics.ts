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

/** Every mail that there is. */
export type MailKind = JobMail | 'held' | 'reminder';

/** The topic that a mail belongs to. */
export function topicOf(kind: MailKind): Topic {
  return kind === 'held' || kind === 'reminder' ? kind : 'jobs';
}
