import type { RecordedResult } from '../../core/logs/trace.js';
import type { Sql } from '../database.js';
import { storeContents } from '../logs/contents.js';
import type { NewContent, SealContent } from '../logs/contents.js';
import { noteFailedEntities } from '../notifications/job-events.js';

/** One attempt that had a result; no attribute values (CONN-CORE-76), but for a content that the job traces. */
export interface LogLine {
  readonly operation: 'create' | 'update' | 'delete' | 'adopt';
  readonly result: 'created' | 'updated' | 'deleted' | 'skipped' | 'failed';
  readonly code: string | null;
  readonly message: string | null;
  readonly durationMs: number;
  /** Id of the target entity of a deletion, whose link goes with it; of everything else it is found in the link. */
  readonly targetKey?: string | null;
  /** What the entity contained, where the job records that (TRC-9). */
  readonly content?: SealContent;
}

type Line = LogLine & { readonly entityNo: number; readonly part?: string | undefined };

interface LogContext {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
  /** Results that keep the ids of their entity for the downloads (LOG-6). */
  readonly recorded: ReadonlySet<RecordedResult>;
}

/**
 * Appends to the log and moves the live counters; the exact ones are taken from the log when the run ends. What comes after the end is
 * logged without the run, whose results are counted already (STA-10, engine.md §8); the lock makes the end wait for what came before.
 */
export async function writeLog(sql: Sql, context: LogContext, lines: readonly Line[]): Promise<void> {
  if (lines.length === 0) return;
  const isRecorded = ({ result }: Line): boolean => context.recorded.has(result);
  await append(
    sql,
    context,
    lines.filter((line) => !isRecorded(line)),
  );
  await appendRecords(sql, context, lines.filter(isRecorded));
  await storeContents(sql, context.runKey, contentsOf(context, lines));
  const count = (result: LogLine['result']): number => lines.filter((line) => line.result === result).length;
  await sql.query(
    `insert into run_counter as c (run_key, system_id, type, action, created, updated, deleted, skipped, failed)
     select $1, $2, $3, 'write', $4, $5, $6, $7, $8 from run where run_key = $1 and state = 'running'
     on conflict (run_key, system_id, type, action) do update
        set created = c.created + excluded.created, updated = c.updated + excluded.updated, deleted = c.deleted + excluded.deleted,
            skipped = c.skipped + excluded.skipped, failed = c.failed + excluded.failed`,
    [
      context.runKey,
      context.targetNo,
      context.type,
      count('created'),
      count('updated'),
      count('deleted'),
      count('skipped'),
      count('failed'),
    ],
  );
  if (count('failed') > 0) await noteFailedEntities(sql, context.runKey);
}

function* contentsOf({ targetNo, type }: LogContext, lines: readonly Line[]): Generator<NewContent> {
  for (const { entityNo, part = '', result, content } of lines)
    if (content !== undefined && result !== 'deleted')
      yield { systemNo: targetNo, type, result, entityNo, place: part, seal: content };
}

const OPEN_RUN = `open as (select run_key from run where run_key = $1 and state = 'running' for key share)`;
const COLUMNS = 'run_key, source_id, target_id, type, entity_no, operation, result, code, message, duration_ms, part';

async function append(sql: Sql, context: LogContext, lines: readonly Line[]): Promise<void> {
  if (lines.length === 0) return;
  await sql.query(
    `with ${OPEN_RUN}
     insert into entity_log (${COLUMNS})
     select (select run_key from open), $2, $3, $4, n.*
       from unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::text[]) as n`,
    parameters(context, lines),
  );
}

/** The same with the ids of the entity in source and target as they are now: both may be gone when somebody downloads the log. */
async function appendRecords(sql: Sql, context: LogContext, lines: readonly Line[]): Promise<void> {
  if (lines.length === 0) return;
  await sql.query(
    `with ${OPEN_RUN}
     insert into entity_log (${COLUMNS}, source_key, target_key)
     select (select run_key from open), $2, $3, $4, n.entity_no, n.operation, n.result, n.code, n.message, n.duration_ms, n.part,
            e.source_key, coalesce(n.target_key, l.target_key)
       from unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::text[], $12::text[])
              as n (entity_no, operation, result, code, message, duration_ms, part, target_key)
       left join lateral (select source_key from entity where entity_no = n.entity_no limit 1) e on true
       left join lateral (select target_key from link where target_id = $3 and entity_no = n.entity_no
                             and case when n.part is null then ord = 0 else part = n.part end limit 1) l on true`,
    [...parameters(context, lines), lines.map((line) => line.targetKey ?? null)],
  );
}

function parameters(context: LogContext, lines: readonly Line[]): unknown[] {
  return [
    context.runKey,
    context.sourceNo,
    context.targetNo,
    context.type,
    lines.map((line) => line.entityNo),
    lines.map((line) => line.operation),
    lines.map((line) => line.result),
    lines.map((line) => line.code),
    lines.map((line) => line.message),
    lines.map((line) => line.durationMs),
    lines.map((line) => line.part ?? null),
  ];
}

/** Makes sure that the log has a partition for today and tomorrow. Two processes may try at once. */
export async function ensureLogPartitions(sql: Sql): Promise<void> {
  const missing = await sql.query<{ name: string; from: string; to: string }>(
    `select n.name, to_char(d, 'YYYY-MM-DD') || ' 00:00:00+00' as from, to_char(d + 1, 'YYYY-MM-DD') || ' 00:00:00+00' as to
       from (select (now() at time zone 'utc')::date + days as d from unnest(array[0, 1]) days) x
      cross join lateral (select 'entity_log_' || to_char(d, 'YYYYMMDD') as name) n
      where to_regclass(n.name) is null order by d`,
  );
  for (const day of missing) {
    await sql.query(
      `do $$ begin
         create table if not exists ${day.name} partition of entity_log for values from ('${day.from}') to ('${day.to}');
       exception when duplicate_table or check_violation then null;
       end $$`,
    );
  }
}
