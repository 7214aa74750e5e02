import { NOTIFICATION_PROPERTIES, notificationSettings } from '../../core/notifications/settings.js';
import type { NotificationSettings, NotificationState } from '../../core/notifications/state-machine.js';
import { INITIAL_STATE } from '../../core/notifications/state-machine.js';
import type { JobHalf } from '../../core/notifications/vouches.js';
import type { Sql } from '../database.js';

/** What is remembered of a source, with the half of provisioning in which its last job failed. */
export interface StoredState extends NotificationState {
  readonly failedHalf: JobHalf | null;
}

/** The state of a source; the initial one when it never had anything to tell. One job of a source runs at a time, so nobody else moves it. */
export async function loadState(sql: Sql, sourceNo: number): Promise<StoredState> {
  const [row] = await sql.query<StoredState>(
    `select streak, inter_sent as "interSent", fail_sent as "failSent", failed_half as "failedHalf"
       from notification_state where source_id = $1`,
    [sourceNo],
  );
  return row ?? { ...INITIAL_STATE, failedHalf: null };
}

/** Settings of the source as they are at this moment, not as the run has frozen them (NTF-10). */
export async function loadSettings(sql: Sql, sourceNo: number): Promise<NotificationSettings> {
  const rows = await sql.query<{ name: string; value: string }>(
    'select name, value from system_property where system_no = $1 and name = any($2::text[]) and value is not null',
    [sourceNo, Object.values(NOTIFICATION_PROPERTIES)],
  );
  return notificationSettings(Object.fromEntries(rows.map(({ name, value }) => [name, value])));
}

/** An intermediate mail was due. */
export async function noteIntermediate(sql: Sql, sourceNo: number): Promise<void> {
  await sql.query(
    `insert into notification_state (source_id, inter_sent) values ($1, true)
     on conflict (source_id) do update set inter_sent = true`,
    [sourceNo],
  );
}

/** A job has failed; `isTold`: a mail about that was due. */
export async function noteFailure(
  sql: Sql,
  failure: { readonly sourceNo: number; readonly runKey: string; readonly half: JobHalf; readonly isTold: boolean },
  { streak, failSent }: NotificationState,
): Promise<void> {
  await sql.query(
    `insert into notification_state as s (source_id, streak, fail_sent, failed_half, failing_since, failed_run, told_at)
     values ($1, $2, $3, $4, now(), $5, case when $6 then now() end)
     on conflict (source_id) do update
        set streak = excluded.streak, fail_sent = excluded.fail_sent, failed_half = excluded.failed_half,
            failing_since = case when s.streak = 0 then now() else s.failing_since end, failed_run = excluded.failed_run,
            told_at = coalesce(excluded.told_at, s.told_at)`,
    [failure.sourceNo, streak, failSent, failure.half, failure.runKey, failure.isTold],
  );
}

/** A streak is over. */
export async function noteSuccess(sql: Sql, sourceNo: number): Promise<void> {
  await sql.query(
    `update notification_state
        set streak = 0, inter_sent = false, fail_sent = false, failed_half = null, failing_since = null, failed_run = null, told_at = null
      where source_id = $1`,
    [sourceNo],
  );
}
