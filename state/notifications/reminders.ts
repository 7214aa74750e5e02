import { REMINDER_MS } from '../../core/notifications/attempts.js';
import { NOTIFICATION_PROPERTIES } from '../../core/notifications/settings.js';
import { jobTime } from '../../core/job-time.js';
import type { Sql, SqlPool } from '../database.js';
import { storeMails } from './outbox.js';
import { factsOf, NOTED_RUN } from './run-facts.js';
import type { NotedRun } from './run-facts.js';

/**
 * SQL: streaks with a failure mail about which nothing was told for a week, $1 being a week ago, of enabled sources that somebody wants to be
 * reminded of. With R every failed job is told anyway (NTF-22).
 */
const IS_DUE = `
  s.fail_sent and s.told_at <= $1
  and exists (select from system y where y.no = s.source_id and y.enabled)
  and exists (select from notification_recipient n where n.system_no = s.source_id and 'reminder' = any(n.topics))
  and not exists (select from system_property p
                   where p.system_no = s.source_id and p.name = '${NOTIFICATION_PROPERTIES.repeat}' and btrim(p.value) = 'true')`;

const weekBefore = (now: Date): Date => new Date(now.getTime() - REMINDER_MS);

/** True when {@link remindOfStreaks} has something to do. */
export async function hasReminders(sql: Sql, now: Date): Promise<boolean> {
  const rows = await sql.query(`select 1 from notification_state s where ${IS_DUE} limit 1`, [weekBefore(now)]);
  return rows.length > 0;
}

interface RemindedStreak extends NotedRun {
  readonly failedJobs: number;
  readonly since: Date;
}

/** Puts the weekly reminders that are due into the outbox. Two processes may try at once: the row of the state lets one of them do it. */
export async function remindOfStreaks(pool: SqlPool, now: Date): Promise<void> {
  await pool.transaction(async (sql) => {
    const streaks = await sql.query<RemindedStreak>(
      `with told as (
         update notification_state s set told_at = $2 where ${IS_DUE} returning s.streak, s.failing_since, s.failed_run)
       select ${NOTED_RUN}, t.streak as "failedJobs", t.failing_since as "since" from told t join run r on r.run_key = t.failed_run`,
      [weekBefore(now), now],
    );
    for (const { failedJobs, since, ...run } of streaks) {
      const facts = await factsOf(sql, run, run.status ?? 'Finished with Error');
      const occasion = { systemNo: run.sourceNo, runKey: null, kind: 'reminder' } as const;
      await storeMails(sql, occasion, { ...facts, streak: { failedJobs, since: jobTime(since) } });
    }
  });
}
