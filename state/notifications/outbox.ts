import type { FactsOf } from '../../core/notifications/mail-text.js';
import { topicOf } from '../../core/notifications/topics.js';
import type { MailKind } from '../../core/notifications/topics.js';
import type { Sql } from '../database.js';

/** Something that recipients are told of. */
export interface MailOccasion<Kind extends MailKind = MailKind> {
  /** A source; of a mail about certificates any system. */
  readonly systemNo: number;
  /** Null: it belongs to no run. */
  readonly runKey: string | null;
  readonly kind: Kind;
  /** By the clock of whoever noticed it; absent: now, by that of the database. */
  readonly at?: Date;
}

/** Somebody wants to hear of such an occasion. */
export async function hasRecipients(sql: Sql, { systemNo, kind }: MailOccasion): Promise<boolean> {
  const rows = await sql.query(
    'select 1 from notification_recipient where system_no = $1 and $2 = any(topics) limit 1',
    [systemNo, topicOf(kind)],
  );
  return rows.length > 0;
}

/**
 * Puts one mail for each recipient into the outbox, in the transaction of what causes it: either both are stored or neither. Once for
 * each run and kind, whoever comes again (NTF-20).
 */
export async function storeMails<Kind extends MailKind>(
  sql: Sql,
  { systemNo, runKey, kind, at }: MailOccasion<Kind>,
  facts: FactsOf<Kind>,
): Promise<void> {
  await sql.query(
    `with event as (
       insert into mail_event (system_no, run_key, kind, facts, at) values ($1, $2, $3, $4::json, coalesce($6, now()))
       on conflict (run_key, kind) do nothing returning event_no, at)
     insert into mail (event_no, recipient_no, name, email, due_at)
     select e.event_no, r.recipient_no, r.name, r.email, e.at from event e
       join notification_recipient r on r.system_no = $1 and $5 = any(r.topics)`,
    [systemNo, runKey, kind, JSON.stringify(facts), topicOf(kind), at ?? null],
  );
}
