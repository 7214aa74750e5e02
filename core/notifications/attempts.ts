const MINUTE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * MINUTE_MS;

/** For so long a mail that the server does not take is offered again (NTF-20). */
export const RETRY_MS = 24 * 60 * MINUTE_MS;

/** Mails and their recipients are kept for so long, whatever became of them. */
export const KEPT_MS = 30 * 24 * 60 * MINUTE_MS;

/** A reminder comes so long after the last mail about the streak (NTF-22). */
export const REMINDER_MS = 7 * 24 * 60 * MINUTE_MS;

/**
 * When a mail is offered again that was refused now: after 1, 2, 4 … 60 minutes, the last time 24 hours after its event. Null: it is
 * undeliverable. Times are milliseconds since 1970; `attempts` counts those that were made.
 */
export function nextAttempt(mail: {
  readonly eventMs: number;
  readonly nowMs: number;
  readonly attempts: number;
}): number | null {
  const lastMs = mail.eventMs + RETRY_MS;
  if (mail.nowMs >= lastMs) return null;
  const pauseMs = Math.min(MINUTE_MS * 2 ** Math.min(mail.attempts - 1, 10), LONGEST_PAUSE_MS);
  return Math.min(mail.nowMs + pauseMs, lastMs);
}
