import { LINK_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';
import type { Lease, LeasedRow } from '../drain/lease.js';
import { HEALING, IS_TIME, mayHeal } from './guard.js';

/** A body that was read longer ago is read again before it is written (engine.md §9). */
const BODY_MAX_AGE = "interval '15 minutes'";

/** What becomes of rows whose body is too old. `linked`: the source cannot read one entity, so only what is there already is written. */
export type StaleBodies = 'read' | 'linked' | 'leave';

/** Which rows a round of healing looks at. */
export interface HealQuery {
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
  /** Conflicts that had to wait for the others of this round (CNF-10). */
  readonly late: boolean;
  /** By the database's clock: each row is looked at once in a pass. */
  readonly since: Date;
  readonly stale: StaleBodies;
  readonly limit: number;
}

/** A row that may be healed. */
export interface HealCandidate {
  readonly entityNo: number;
  readonly sourceKey: string;
  readonly nativeId: string | null;
  /** The source has to be asked before anything is sent. */
  readonly isStale: boolean;
}

/** When a round begins, by the database's clock. */
export async function beginRound(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('select clock_timestamp() as now');
  if (row === undefined) throw new Error('the database told no time');
  return row.now;
}

/** A lease that is free, or whose holder has been silent for longer than a request may take. */
const IS_FREE = (timeoutMs: string): string =>
  `(b.lease_until is null or b.lease_until + ${timeoutMs}::int * interval '1 millisecond' < clock_timestamp())`;

/** The next rows of a round, people who leave first, then what was tried longest ago. Marks them as looked at. */
export async function nextToHeal(sql: Sql, query: HealQuery, requestTimeoutMs: number): Promise<HealCandidate[]> {
  const turn = query.late ? `b.late_run = ${HEALING}` : 'true';
  return sql.query<HealCandidate>(
    `with due as (
       select b.target_id, b.entity_no, b.prio, b.tried_at, e.source_key, e.native_id,
              e.presence = ${PRESENCE.present} and (b.read_at > clock_timestamp() - ${BODY_MAX_AGE}) is not true
                and not exists (select from run r where r.run_key = b.seen_run and r.started_at > clock_timestamp() - ${BODY_MAX_AGE})
                as is_stale
         from backlog b join entity e on e.entity_no = b.entity_no
        where b.target_id = $1 and b.source_id = $2 and b.type = $3 and ${IS_TIME} and ${IS_FREE('$5')}
          and (b.tried_at is null or b.tried_at < $4) and ${turn}),
     picked as (
       select d.* from due d
        where not d.is_stale or $6 = 'read'
           or $6 = 'linked' and exists (select from link l where l.target_id = d.target_id and l.entity_no = d.entity_no
                                           and l.ord = 0 and l.state = ${LINK_STATE.linked})
        order by d.prio, d.tried_at nulls first, d.entity_no limit $7)
     update backlog b set tried_at = clock_timestamp(), late_run = null
       from picked p where b.target_id = p.target_id and b.entity_no = p.entity_no
     returning b.entity_no as "entityNo", p.source_key as "sourceKey", p.native_id as "nativeId", p.is_stale as "isStale"`,
    [query.targetNo, query.sourceNo, query.type, query.since, requestTimeoutMs, query.stale, query.limit],
  );
}

/**
 * Leases rows for healing under the guards of "who may take which row". What it leaves to a run is unchanged: `last_run` is not touched, so
 * a run that comes is offered whatever is left. A lease that is taken over is written in full (engine invariant 3 ⚠).
 */
export async function leaseToHeal(
  sql: Sql,
  pair: { readonly sourceNo: number; readonly targetNo: number; readonly type: number },
  entityNos: readonly number[],
  leaseMs: number,
  requestTimeoutMs: number,
): Promise<Lease> {
  if (entityNos.length === 0) return { token: 0, rows: [] };
  const rows = await sql.query<LeasedRow & { token: number }>(
    `with token as materialized (select next_lease_token() as token),
     picked as materialized (
       select b.target_id, b.entity_no, b.lease_until is not null as taken_over
         from backlog b
        where b.target_id = $1 and b.source_id = $2 and b.type = $3 and b.entity_no = any($4::bigint[])
          and ${IS_TIME} and ${IS_FREE('$6')} and ${mayHeal('$2', '$1')}
        order by b.entity_no
          for update of b skip locked)
     update backlog b
        set lease_token = token.token, lease_until = clock_timestamp() + $5::int * interval '1 millisecond',
            forced = b.forced or picked.taken_over
       from picked, token
      where b.target_id = picked.target_id and b.entity_no = picked.entity_no
      returning b.entity_no as "entityNo", b.prio, b.gen, b.attempts, b.held_class as "heldClass", picked.taken_over as "takenOver",
                true as seen, token.token, (b.forced or picked.taken_over) as forced`,
    [pair.targetNo, pair.sourceNo, pair.type, entityNos, leaseMs, requestTimeoutMs],
  );
  const inOrder = rows.sort((a, b) => a.prio - b.prio || a.entityNo - b.entityNo);
  return { token: rows[0]?.token ?? 0, rows: inOrder };
}
