import type { Sql } from '../database.js';

/** Whether a target may be asked now; shared by all processes. Times are the database's. */
export interface Gate {
  /** 0: open. */
  readonly closedForMs: number;
  /** How long the target has refused everything; 0 after a success, and while it is open and nobody has been refused again. */
  readonly refusedForMs: number;
  /** State of the circuit breaker (HEA-6). */
  readonly breaker: 'closed' | 'open' | 'trial';
  /** Why it is not closed. */
  readonly reason: string | null;
}

const OPEN_GATE: Gate = { closedForMs: 0, refusedForMs: 0, breaker: 'closed', reason: null };

/** The gate of a target. */
export async function readGate(sql: Sql, targetNo: number): Promise<Gate> {
  const [row] = await sql.query<Gate>(
    `select greatest(0, extract(epoch from closed_until - clock_timestamp()) * 1000)::float8 as "closedForMs",
            case when closed_until > clock_timestamp()
                 then coalesce(extract(epoch from clock_timestamp() - closed_since) * 1000, 0) else 0 end::float8 as "refusedForMs",
            coalesce(breaker, 'closed') as breaker, reason
       from target_gate where target_id = $1`,
    [targetNo],
  );
  return row ?? OPEN_GATE;
}

/** An open gate that nobody went through for this long ends a row of refusals: the process that met them may have died. */
const FORGET_AFTER = "interval '2 minutes'";

/** Nobody asks the target for this long; a longer closing stays. */
export async function closeGate(sql: Sql, targetNo: number, ms: number): Promise<void> {
  await sql.query(
    `insert into target_gate as g (target_id, closed_until, closed_since)
     values ($1, clock_timestamp() + $2::int * interval '1 millisecond', clock_timestamp())
     on conflict (target_id) do update
        set closed_until = greatest(g.closed_until, excluded.closed_until),
            closed_since = case when g.closed_since is null or g.closed_until + ${FORGET_AFTER} < clock_timestamp()
                                then excluded.closed_since else g.closed_since end`,
    [targetNo, Math.ceil(ms)],
  );
}
