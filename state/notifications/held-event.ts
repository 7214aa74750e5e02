import type { HeldPlan } from '../../core/notifications/mail-text.js';
import type { Sql } from '../database.js';
import type { JobStatus } from '../runs/run.js';
import { hasRecipients, storeMails } from './outbox.js';
import { factsOf } from './run-facts.js';
import type { NotedRun } from './run-facts.js';

interface HeldRow {
  planId: string;
  class: string;
  target: string;
  count: number;
  newest: number;
}

/**
 * Tells of changes that wait for approval since the last mail about such (GOV-7): those of this run, of healing before it, and the plan itself of
 * a source that plans first (PLN-13). Each change is told once.
 */
export async function noteHeldChanges(sql: Sql, run: NotedRun, status: JobStatus): Promise<void> {
  const occasion = { systemNo: run.sourceNo, runKey: run.runKey, kind: 'held' } as const;
  if (!(await hasRecipients(sql, occasion))) return;
  const rows = await newlyHeld(sql, run);
  if (rows.length === 0) return;
  await storeMails(sql, occasion, { ...(await factsOf(sql, run, status)), held: byPlan(rows) });
  await sql.query(
    `insert into notification_state (source_id, held_told) values ($1, $2)
     on conflict (source_id) do update set held_told = excluded.held_told`,
    [run.sourceNo, Math.max(...rows.map((row) => row.newest))],
  );
}

async function newlyHeld(sql: Sql, run: NotedRun): Promise<HeldRow[]> {
  return sql.query<HeldRow>(
    `select p.id as "planId", c.class, coalesce(t.name, 'system ' || c.target_id) as target, count(*)::int as count, max(c.change_no) as newest
       from change c join plan p on p.plan_no = c.plan_no left join system t on t.no = c.target_id
      where c.source_id = $1 and c.state in ('planned', 'held') and (c.state = 'held' or ($3 and p.run_key = $2))
        and c.change_no > coalesce((select s.held_told from notification_state s where s.source_id = $1), 0)
      group by p.plan_no, 1, 2, 3 order by p.plan_no, 3, 2`,
    [run.sourceNo, run.runKey, run.planFirst],
  );
}

function byPlan(rows: readonly HeldRow[]): HeldPlan[] {
  const ids = [...new Set(rows.map((row) => row.planId))];
  return ids.map((planId) => ({
    planId,
    counts: rows
      .filter((row) => row.planId === planId)
      .map(({ class: name, target, count }) => ({ class: name, target, count })),
  }));
}
