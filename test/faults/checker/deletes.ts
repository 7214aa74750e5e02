import type { JournalRecord } from '../../../simulators/scim/journal.js';
import { agedBefore, textOf } from './evidence.js';
import type { Evidence, SourceEvidence, TargetEvidence, Violation } from './evidence.js';

/** Clocks of database and process differ by less. */
const CLOCK_MARGIN_MS = 50;
/** Engine invariant 7. */
const CONFIRMATION_MS = 10 * 60_000;

/** Invariant 4, engine invariants 6 and 7: whoever was deleted was gone, a complete read missed him, and the source confirmed it. */
export async function checkDeletes(evidence: Evidence): Promise<Violation[]> {
  const starts = await runStarts(evidence);
  const violations: Violation[] = [];
  for (const target of evidence.targets) {
    for (const record of target.simulator.journal.since(0)) {
      if (record.operation !== 'delete' || !record.applied) continue;
      violations.push(...judgeDelete(evidence, target, record, starts));
    }
  }
  return [...violations, ...(await checkDeletedResults(evidence)), ...(await checkThresholds(evidence))];
}

function judgeDelete(
  evidence: Evidence,
  target: TargetEvidence,
  record: JournalRecord,
  starts: readonly number[],
): Violation[] {
  const id = record.entityId ?? '';
  const who = `${record.key ?? id} in ${target.name}`;
  if (target.strangers.has(id) && !target.deletesExistedBefore)
    return [{ rule: '4', message: `${who} existed before and was deleted` }];
  if (record.type !== 'User') return [];
  const atMs = record.receivedAtMs;
  const runStartMs = starts.filter((startMs) => startMs <= atMs).at(-1) ?? 0;
  const violations: Violation[] = [];
  for (const source of evidence.sources.filter(({ no }) => target.sourceNos.includes(no))) {
    for (const sourceId of idsOf(source, record.key ?? '')) {
      const wasWanted = source.timeline.isPresentThroughout('User', sourceId, runStartMs - CLOCK_MARGIN_MS, atMs);
      const user = source.simulator.store.get('User', sourceId);
      if (wasWanted && user !== undefined && target.wants(user))
        violations.push({ rule: '4', message: `${who} was deleted and was in the source all the time` });
      const isGone = source.timeline.isAbsentThroughout('User', sourceId, atMs, atMs);
      const isWanted = user !== undefined && target.wants(user);
      const sinceMs = Math.max(runStartMs - CLOCK_MARGIN_MS, agedBefore(evidence, atMs));
      if ((isGone || isWanted) && !wasConfirmed(source, sourceId, sinceMs, atMs))
        violations.push({ rule: 'engine 7', message: `${who} was deleted and the source was not asked for him` });
    }
  }
  return violations;
}

/** Source ids with this user name, as far as the journal of the source or its store knows them. */
function idsOf({ simulator }: SourceEvidence, key: string): string[] {
  // The worlds of the fault tests name people `<id>@example.com`, so that those who have left are found too.
  const [id = ''] = key.split('@');
  const stored = simulator.store.snapshot().users.filter((user) => textOf(user['userName']) === key);
  return [...new Set([id, ...stored.map((user) => textOf(user['id']))])];
}

function wasConfirmed({ simulator }: SourceEvidence, id: string, fromMs: number, toMs: number): boolean {
  return simulator.journal
    .since(0)
    .some(
      (record) =>
        record.operation === 'get' &&
        record.entityId?.toLowerCase() === id.toLowerCase() &&
        record.status === 404 &&
        record.receivedAtMs >= Math.max(fromMs, toMs - CONFIRMATION_MS) &&
        record.receivedAtMs <= toMs,
    );
}

/** A result *deleted* comes from the absence phase of a run that read fully, to its end and without one failure. */
async function checkDeletedResults({ pool, targets }: Evidence): Promise<Violation[]> {
  const rows = await pool.query<{
    runKey: number;
    targetNo: number;
    entityNo: number;
    planned: boolean;
    complete: boolean;
  }>(
    `select g.run_key as "runKey", g.target_id as "targetNo", g.entity_no as "entityNo",
            exists (select from absence a where a.run_key = g.run_key and a.target_id = g.target_id and a.entity_no = g.entity_no) as planned,
            coalesce(r.mode = 'full', false)
              and not exists (select from run_type t where t.run_key = r.run_key and (t.state <> 'complete' or t.read_mode <> 'full'))
              and not exists (select from run_page p join run_type t on t.run_key = p.run_key and t.type = p.type and t.epoch = p.epoch
                               where p.run_key = r.run_key and p.failed_count > 0) as complete
       from entity_log g left join run d on d.run_key = g.run_key left join plan n on n.plan_no = d.plan_no
       -- The application of a plan reads nothing: what it deletes was planned by the run that made the plan.
       left join run r on r.run_key = coalesce(n.run_key, d.run_key)
      where g.operation = 'delete' and g.result = 'deleted' and g.target_id = any($1::int[]) and g.run_key is not null`,
    [targets.map((target) => target.no)],
  );
  return rows.flatMap((row) => [
    ...(row.planned
      ? []
      : [{ rule: 'engine 6', message: `entity ${row.entityNo} was deleted outside of the absence phase` }]),
    ...(row.complete
      ? []
      : [
          {
            rule: '4',
            message: `entity ${row.entityNo} was deleted by run ${row.runKey}, whose read was not complete`,
          },
        ]),
  ]);
}

/** Deletes that were sent and were never planned. */
export async function checkUnplannedDeletes({ pool, targets }: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const target of targets) {
    const sent = target.simulator.journal
      .since(0)
      .filter((record) => record.operation === 'delete' && record.applied).length;
    const [row] = await pool.query<{ planned: number }>(
      `select count(*)::int as planned from absence where target_id = $1 and (outcome is null or outcome in ('deleted', 'failed', 'kept'))`,
      [target.no],
    );
    if (sent > (row?.planned ?? 0))
      violations.push({
        rule: 'engine 6',
        message: `${sent} deletes in ${target.name}, ${row?.planned ?? 0} of them were planned`,
      });
  }
  return violations;
}

async function checkThresholds({ pool, targets }: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const target of targets) {
    if (target.threshold === undefined) continue;
    const rows = await pool.query<{ runKey: number; deleted: number }>(
      `select run_key as "runKey", count(*)::int as deleted from entity_log
        where target_id = $1 and type = 1 and operation = 'delete' and result = 'deleted' and run_key is not null
        group by run_key having count(*) > $2`,
      [target.no, target.threshold],
    );
    for (const row of rows)
      violations.push({
        rule: '4',
        message: `run ${row.runKey} deleted ${row.deleted} people in ${target.name}, the threshold is ${target.threshold}`,
      });
  }
  return violations;
}

/** When each run began, by the clock of the journals, in order. */
export async function runStarts({ pool, sources }: Evidence): Promise<number[]> {
  const rows = await pool.query<{ startedMs: number }>(
    `select extract(epoch from started_at)::float8 * 1000 as "startedMs" from run
      where source_id = any($1::int[]) and started_at is not null order by started_at`,
    [sources.map((source) => source.no)],
  );
  return rows.map((row) => row.startedMs);
}
