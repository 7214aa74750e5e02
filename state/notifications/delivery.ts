import { KEPT_MS, nextAttempt, RETRY_MS } from '../../core/notifications/attempts.js';
import type { MailContent } from '../../core/notifications/mail-text.js';
import type { Sql, SqlPool } from '../database.js';

/** A mail that its holder alone may send, once. */
export type ClaimedMail = MailContent & {
  readonly eventNo: number;
  readonly recipientNo: number;
  readonly at: Date;
  readonly name: string;
  readonly email: string;
  /** This one included. */
  readonly attempts: number;
};

/** What came of an attempt. `refused`: it was surely not taken. `uncertain`: it may have been, so it is not sent again. */
export type DeliveryResult =
  { readonly kind: 'sent' } | { readonly kind: 'refused' | 'uncertain'; readonly reason: string };

/** A mail that was claimed so long ago has lost its sender; no attempt takes so long. */
const LOST_AFTER_MS = 15 * 60_000;

const before = (now: Date, ms: number): Date => new Date(now.getTime() - ms);

/**
 * Takes the mail that waits longest and whose time has come. Committed before it is sent: whoever dies in between has perhaps sent it, and
 * nobody sends it again (NTF-20).
 */
export async function claimMail(pool: SqlPool, now: Date): Promise<ClaimedMail | undefined> {
  const [mail] = await pool.query<ClaimedMail>(
    `with next as (
       select event_no, recipient_no from mail where state = 'waiting' and due_at <= $1
        order by due_at, event_no, recipient_no limit 1 for update skip locked)
     update mail m set state = 'sending', attempts = m.attempts + 1, due_at = $1
       from next join mail_event e using (event_no)
      where m.event_no = next.event_no and m.recipient_no = next.recipient_no
      returning m.event_no as "eventNo", m.recipient_no as "recipientNo", e.kind, e.facts, e.at, m.name, m.email, m.attempts`,
    [now],
  );
  return mail;
}

/** Stores what came of an attempt; a mail whose recipient was removed meanwhile is gone. */
export async function settleMail(sql: Sql, mail: ClaimedMail, result: DeliveryResult, now: Date): Promise<void> {
  const key = [mail.eventNo, mail.recipientNo];
  const where = `where event_no = $1 and recipient_no = $2 and state = 'sending'`;
  if (result.kind === 'sent') {
    await sql.query(`update mail set state = 'sent', last_error = null, ended_at = $3 ${where}`, [...key, now]);
    return;
  }
  const nextMs =
    result.kind === 'uncertain'
      ? null
      : nextAttempt({ eventMs: mail.at.getTime(), nowMs: now.getTime(), attempts: mail.attempts });
  await sql.query(
    `update mail set state = case when $3::timestamptz is null then 'undeliverable' else 'waiting' end, due_at = coalesce($3, due_at),
            last_error = $4, ended_at = case when $3::timestamptz is null then $5::timestamptz end ${where}`,
    [...key, nextMs === null ? null : new Date(nextMs), result.reason, now],
  );
}

/** What {@link tidyMails} says of mails that it ends. */
export const LOST_SENDER =
  'the process that sent it has died before the mail server answered: it may have arrived, and is not sent twice';
/** See {@link LOST_SENDER}. */
export const NO_MAIL_SERVER = 'no mail server was configured for 24 hours: set MUSTER_SMTP_HOST and MUSTER_MAIL_FROM';

/** SQL: mails that nobody ends but time. $1: senders that claimed before are lost; $2: without a mail server events before are given up. */
const IS_LOST = `m.state = 'sending' and m.due_at <= $1`;
const IS_HOPELESS = `m.state = 'waiting' and $2::timestamptz is not null and e.at <= $2`;

/** Ends mails that nobody else will end, and removes what was kept long enough: nothing piles up, with or without a mail server. */
export async function tidyMails(pool: SqlPool, now: Date, canSend: boolean): Promise<void> {
  await pool.query(
    `update mail m set state = 'undeliverable', ended_at = $3, last_error = case when m.state = 'sending' then $4 else coalesce(m.last_error, $5) end
       from mail_event e where e.event_no = m.event_no and m.state in ('waiting', 'sending') and ((${IS_LOST}) or (${IS_HOPELESS}))`,
    [...limits(now, canSend), now, LOST_SENDER, NO_MAIL_SERVER],
  );
  await pool.query('delete from mail_event where at <= $1', [before(now, KEPT_MS)]);
}

/** True when {@link claimMail} or {@link tidyMails} has something to do. */
export async function hasMailWork(sql: Sql, now: Date, canSend: boolean): Promise<boolean> {
  const [row] = await sql.query<{ isDue: boolean }>(
    `select exists (select from mail m join mail_event e on e.event_no = m.event_no
                     where m.state in ('waiting', 'sending')
                       and ((${IS_LOST}) or (${IS_HOPELESS}) or ($4 and m.state = 'waiting' and m.due_at <= $3)))
            or exists (select from mail_event where at <= $5) as "isDue"`,
    [...limits(now, canSend), now, canSend, before(now, KEPT_MS)],
  );
  return row?.isDue === true;
}

function limits(now: Date, canSend: boolean): [Date, Date | null] {
  return [before(now, LOST_AFTER_MS), canSend ? null : before(now, RETRY_MS)];
}
