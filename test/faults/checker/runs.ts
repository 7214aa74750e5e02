import type { Evidence } from './evidence.js';

/** A run by the clock of the journals, milliseconds. */
export interface RunSpan {
  readonly runKey: string;
  readonly kind: string;
  readonly startedMs: number;
  /** Infinity while it runs. */
  readonly endedMs: number;
  /** Number of the plan that it applies. */
  readonly planNo: number | null;
  /** When the run began that made this plan. */
  readonly plannedMs: number | null;
}

/** All runs of the sources that have begun, in order. */
export async function runSpans({ pool, sources }: Evidence): Promise<RunSpan[]> {
  const ms = (column: string): string => `extract(epoch from ${column})::float8 * 1000`;
  const rows = await pool.query<Omit<RunSpan, 'endedMs'> & { endedMs: number | null }>(
    `select r.run_key::text as "runKey", r.kind, ${ms('r.started_at')} as "startedMs", ${ms('r.ended_at')} as "endedMs",
            r.plan_no as "planNo", ${ms('d.started_at')} as "plannedMs"
       from run r left join plan p on p.plan_no = r.plan_no left join run d on d.run_key = p.run_key
      where r.source_id = any($1::int[]) and r.started_at is not null order by r.started_at`,
    [sources.map((source) => source.no)],
  );
  return rows.map((row) => ({ ...row, endedMs: row.endedMs ?? Infinity }));
}

/** The run during which something happened; undefined between runs. */
export function runAt(spans: readonly RunSpan[], atMs: number): RunSpan | undefined {
  return spans.findLast((span) => span.startedMs <= atMs && span.endedMs >= atMs);
}
