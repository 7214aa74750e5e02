import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { perSecond, remainingSeconds } from '../../core/progress/estimate.js';
import { BACKLOG_STATE } from '../codes.js';
import type { Sql } from '../database.js';
import { IS_SIMULATION } from './run.js';

/** What a run does with one entity type in one system. Phases of different systems go on side by side. */
export interface Phase {
  readonly runKey: string;
  readonly systemNo: number;
  readonly type: number;
  readonly phase: 'read' | 'write' | 'delete';
}

/** A chunk of the phase begins: the first one is the begin of the phase. */
export async function beginPhase(sql: Sql, { runKey, systemNo, type, phase }: Phase): Promise<void> {
  await sql.query(
    `insert into run_phase (run_key, system_id, type, phase) select run_key, $2, $3, $4 from run where run_key = $1 and state = 'running'
     on conflict (run_key, system_id, type, phase) do update set ended_at = null`,
    [runKey, systemNo, type, phase],
  );
}

/** A chunk of the phase has ended, and with it perhaps the phase. `retries`: requests that it has repeated. */
export async function notePhase(
  sql: Sql,
  { runKey, systemNo, type, phase }: Phase,
  chunk: { readonly isOver: boolean; readonly retries: number },
): Promise<void> {
  await sql.query(
    `update run_phase set ended_at = case when $5 then now() end, retries = retries + $6
      where run_key = $1 and system_id = $2 and type = $3 and phase = $4`,
    [runKey, systemNo, type, phase, chunk.isOver, chunk.retries],
  );
}

/** A phase as the details of a job show it (LOG-7). */
export interface PhaseProgress {
  readonly systemId: string | null;
  readonly systemName: string;
  readonly entity: EntityType;
  readonly phase: Phase['phase'];
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly seconds: number;
  /** Entities read, or with a result in the target. */
  readonly done: number;
  /** Entities to be read or deleted, as far as it is known; null otherwise. */
  readonly total: number | null;
  /** Entities that wait to be written in this job. */
  readonly waiting: number | null;
  readonly perSecond: number | null;
  /** Requests repeated. */
  readonly retries: number;
}

/** How far a job is (LOG-7, LOG-8). */
export interface JobProgress {
  readonly phases: readonly PhaseProgress[];
  /** Estimate of the time until everything is read and written; null when it cannot be told, and when the job is over. */
  readonly remainingSeconds: number | null;
  /** References, such as members of groups, that could not be resolved, of all entities of the source now (WRT-7). */
  readonly unresolvedReferences: number;
}

/** More waiting entities are not counted: the estimate is rough by then anyway. */
const COUNTED_WAITING = 500_000;

interface PhaseRow extends Omit<PhaseProgress, 'entity' | 'perSecond'> {
  systemNo: number;
  type: number;
}

/** Reads what the progress is made of. Counts what waits, so ask every few seconds and not more often. */
export async function readProgress(sql: Sql, runKey: string): Promise<JobProgress> {
  const [run] = await sql.query<{ sourceNo: number; isOpen: boolean }>(
    `select source_id as "sourceNo", state <> 'finished' as "isOpen" from run where run_key = $1`,
    [runKey],
  );
  if (run === undefined) return { phases: [], remainingSeconds: null, unresolvedReferences: 0 };
  const rows = await readPhases(sql, runKey, run);
  const phases = rows.map(({ systemNo: _no, type, ...row }) => ({
    ...row,
    entity: entityTypeOfCode(type),
    perSecond: rounded(perSecond(row)),
  }));
  const [unresolved] = await sql.query<{ count: number }>(
    'select count(*)::int as count from unresolved_ref where source_id = $1',
    [run.sourceNo],
  );
  return {
    phases,
    remainingSeconds: run.isOpen ? estimate(rows, await expectedTotals(sql, runKey, run.sourceNo)) : null,
    unresolvedReferences: unresolved?.count ?? 0,
  };
}

async function readPhases(
  sql: Sql,
  runKey: string,
  run: { readonly sourceNo: number; readonly isOpen: boolean },
): Promise<PhaseRow[]> {
  return sql.query<PhaseRow>(
    `select p.system_id as "systemNo", s.id as "systemId", coalesce(s.name, 'system ' || p.system_id) as "systemName", p.type, p.phase,
            p.started_at as "startedAt", coalesce(p.ended_at, r.ended_at) as "endedAt",
            extract(epoch from coalesce(p.ended_at, r.ended_at, now()) - p.started_at)::float8 as seconds, p.retries,
            case p.phase when 'read' then coalesce(c.read_count, 0)
                         when 'delete' then a.done
                         else coalesce(c.created + c.updated + c.skipped + c.failed, 0) end as done,
            case p.phase when 'read' then t.total when 'delete' then a.total end as total,
            case when p.phase = 'write' and $3 and not ${IS_SIMULATION} then
              (select count(*) from (select 1 from backlog b
                                      where b.target_id = p.system_id and b.source_id = $2 and b.type = p.type
                                        and b.state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred})
                                        and (b.last_run is distinct from $1 or b.lease_until is not null)
                                      limit ${COUNTED_WAITING}) w) end as waiting
       from run_phase p
       join run r on r.run_key = p.run_key
       left join system s on s.no = p.system_id
       left join run_counter c on c.run_key = p.run_key and c.system_id = p.system_id and c.type = p.type
             and c.action = case p.phase when 'read' then 'read' else 'write' end
       left join run_type t on p.phase = 'read' and t.run_key = p.run_key and t.type = p.type
       left join lateral (select count(*) as total, count(outcome) as done from absence x
                           where p.phase = 'delete' and x.run_key = p.run_key and x.target_id = p.system_id and x.type = p.type) a on true
      where p.run_key = $1
      order by p.started_at, p.system_id`,
    [runKey, run.sourceNo, run.isOpen],
  );
}

/** Entities that the last full read of the source has delivered, by type: what is expected where the source tells no total. */
async function expectedTotals(sql: Sql, runKey: string, sourceNo: number): Promise<Map<number, number>> {
  const rows = await sql.query<{ type: number; total: number }>(
    `select t.type, case when r.mode = 'full' then coalesce(t.total, c.read_count) else t.total end as total
       from run r
       join run_type t on t.run_key = r.run_key
       left join lateral (select k.read_count from run_counter k
                           where k.run_key = (select max(o.run_key) from run o
                                               where o.source_id = $2 and o.run_key < $1 and o.mode = 'full' and o.state = 'finished')
                             and k.type = t.type and k.action = 'read') c on true
      where r.run_key = $1`,
    [runKey, sourceNo],
  );
  return new Map(rows.flatMap((row) => (row.total === null ? [] : [[row.type, row.total]])));
}

function estimate(rows: readonly PhaseRow[], totals: ReadonlyMap<number, number>): number | null {
  const reads = rows.filter((row) => row.phase === 'read');
  if (reads.length === 0) return null;
  return remainingSeconds(
    reads.map((row) => ({
      type: String(row.type),
      done: row.done,
      total: totals.get(row.type) ?? null,
      seconds: row.seconds,
      isOver: row.endedAt !== null,
    })),
    rows
      .filter((row) => row.phase === 'write')
      .map((row) => ({
        target: String(row.systemNo),
        type: String(row.type),
        done: row.done,
        waiting: row.waiting ?? 0,
        seconds: row.seconds,
        isOver: row.endedAt !== null,
      })),
  );
}

function rounded(rate: number | null): number | null {
  return rate === null ? null : Math.round(rate * 10) / 10;
}
