import { mailText } from '../../core/notifications/mail-text.js';
import type { Mailer, MailAnswer } from '../../runtime/mailer.js';
import { claimMail, hasMailWork, settleMail, tidyMails } from '../../state/notifications/delivery.js';
import type { ClaimedMail } from '../../state/notifications/delivery.js';
import { hasReminders, remindOfStreaks } from '../../state/notifications/reminders.js';
import type { EngineServices } from '../support/services.js';

/** A round begins no further mail after this; the rest has its turn a minute later. */
const ROUND_MS = 20_000;

/** True when {@link sendMails} has something to do. */
export async function hasMails({ pool, deps }: EngineServices): Promise<boolean> {
  const now = deps.clock();
  return (await hasMailWork(pool, now, deps.mailer !== undefined)) || (await hasReminders(pool, now));
}

/**
 * One round of the outbox (NTF-20): reminders that are due are put into it, mails whose time has come are sent, what has waited too long is given up.
 * Without a mail server only the last. Nothing of a job depends on it.
 */
export async function sendMails(services: EngineServices): Promise<void> {
  const { pool, deps } = services;
  await remindOfStreaks(pool, deps.clock());
  await tidyMails(pool, deps.clock(), deps.mailer !== undefined);
  if (deps.mailer !== undefined) await sendDue(services, deps.mailer);
}

async function sendDue(services: EngineServices, mailer: Mailer): Promise<void> {
  const { pool, deps } = services;
  const scope = services.scope();
  const untilMs = Date.now() + ROUND_MS;
  while (Date.now() < untilMs && !scope.signal.aborted) {
    scope.heartbeat();
    const mail = await claimMail(pool, deps.clock());
    if (mail === undefined) return;
    deps.reached?.('mailClaimed');
    const answer = await send(mailer, mail);
    deps.reached?.('mailAnswered');
    await settleMail(pool, mail, answer, deps.clock());
    if (answer.kind === 'sent') continue;
    const isServerAway = answer.kind === 'refused' && answer.isServerAway;
    // What a server says of a single message may name its recipient; the API shows it to administrators.
    const reason = isServerAway ? answer.reason : 'see the notifications of the system';
    deps.log.warn({ kind: mail.kind, attempts: mail.attempts, reason }, 'a mail was not delivered');
    if (isServerAway) return;
  }
}

function send(mailer: Mailer, mail: ClaimedMail): Promise<MailAnswer> {
  return mailer.send({
    ...mailText(mail, mailer.publicUrl),
    to: { name: mail.name, address: mail.email },
    messageId: `muster-${mail.eventNo}-${mail.recipientNo}-${mail.at.getTime()}@${new URL(mailer.publicUrl).hostname}`,
    date: mail.at,
  });
}
