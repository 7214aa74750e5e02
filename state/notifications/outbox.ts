import type { MailFacts } from '../../core/notifications/mail-text.js';
import { topicOf } from '../../core/notifications/topics.js';
import type { MailKind } from '../../core/notifications/topics.js';
import type { Sql } from '../database.js';

/** Something that recipients are told of. */
export interface MailOccasion {
  readonly sourceNo: number;
  /** Null: it belongs to no run. */
  readonly runKey: string | null;
  readonly kind: MailKind;
}

/** Somebody wants to hear of such an occasion. */
export async function hasRecipients(sql: Sql, { sourceNo, kind }: MailOccasion): Promise<boolean> {
  const rows = await sql.query(
    'select 1 from notification_recipient where source_id = $1 and $2 = any(topics) limit 1',
    [sourceNo, topicOf(kind)],
  );
  return rows.length > 0;
}

/**
 * Puts one mail for each recipient into the outbox, in the transaction of what causes it: either both are stored or neither. Once for
 * each run and kind, whoever comes again (NTF-20).
 */
export async function storeMails(sql: Sql, { sourceNo, runKey, kind }: MailOccasion, facts: MailFacts): Promise<void> {
  await sql.query(
    `with event as (
       insert into mail_event (source_id, run_key, kind, facts) values ($1, $2, $3, $4::json)
       on conflict (run_key, kind) do nothing returning event_no)
     insert into mail (event_no, recipient_no, name, email)
     select e.event_no, r.recipient_no, r.name, r.email from event e
       join notification_recipient r on r.source_id = $1 and $5 = any(r.topics)`,
    [sourceNo, runKey, kind, JSON.stringify(facts), topicOf(kind)],
  );
}
