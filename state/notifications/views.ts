import { CERTIFICATE_MAILS } from '../../core/notifications/topics.js';
import type { SourceMail } from '../../core/notifications/topics.js';
import type { Sql } from '../database.js';
import type { RecipientList } from './recipients.js';

/** Where a source stands (NTF-11). */
export interface StreakView {
  readonly failedJobs: number;
  readonly intermediateSent: boolean;
  readonly failureSent: boolean;
  /** End of the first failed job in a row; null without one. */
  readonly failingSince: Date | null;
  /** The last failed job in a row. */
  readonly failedJob: string | null;
}

/** One message of the last thirty days. */
export interface MailView {
  readonly kind: SourceMail;
  readonly sourceName: string;
  readonly jobId: string;
  readonly at: Date;
  readonly name: string;
  readonly email: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'undeliverable';
  readonly attempts: number;
  /** When it is offered again. */
  readonly nextAttemptAt: Date | null;
  readonly endedAt: Date | null;
  readonly error: string | null;
}

/** The streak of a source. */
export async function readStreak(sql: Sql, sourceNo: number): Promise<StreakView> {
  const [row] = await sql.query<StreakView>(
    `select s.streak as "failedJobs", s.inter_sent as "intermediateSent", s.fail_sent as "failureSent", s.failing_since as "failingSince",
            r.job_ids[cardinality(r.job_ids)] as "failedJob"
       from notification_state s left join run r on r.run_key = s.failed_run where s.source_id = $1`,
    [sourceNo],
  );
  return row ?? { failedJobs: 0, intermediateSent: false, failureSent: false, failingSince: null, failedJob: null };
}

/** SQL: mail event `e` is for this list of recipients. */
const isFor = (list: RecipientList): string =>
  `e.kind ${list === 'jobs' ? '<> all' : '= any'}('{${CERTIFICATE_MAILS.join()}}')`;

/** Mails about what comes from a source: first those that could not be delivered, then the newest. */
export async function listMails(sql: Sql, sourceNo: number, limit: number): Promise<MailView[]> {
  return sql.query<MailView>(
    `select e.kind, e.facts ->> 'sourceName' as "sourceName", e.facts ->> 'jobId' as "jobId", e.at, m.name, m.email, m.state, m.attempts,
            case when m.state = 'waiting' then m.due_at end as "nextAttemptAt", m.ended_at as "endedAt", m.last_error as error
       from mail_event e join mail m on m.event_no = e.event_no
      where e.system_no = $1 and ${isFor('jobs')}
      order by m.state = 'undeliverable' desc, e.event_no desc, m.recipient_no limit $2`,
    [sourceNo, limit],
  );
}

/** How many mails about a system could not be delivered to those of a list, of the last thirty days. */
export async function countUndeliverable(sql: Sql, systemNo: number, list: RecipientList): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from mail_event e join mail m on m.event_no = e.event_no and m.state = 'undeliverable'
      where e.system_no = $1 and ${isFor(list)}`,
    [systemNo],
  );
  return row?.count ?? 0;
}
