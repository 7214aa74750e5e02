import type { GovernedClass } from '../../core/plan/change.js';
import { BACKLOG_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';
import type { RunFence } from '../runs/fence.js';

/** Which rows a drain of a run takes. */
export interface LeaseQuery {
  readonly fence: RunFence;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
  /** Second pass: rows that were put off to it, and what became due since (engine.md §6 References). */
  readonly late: boolean;
  /** False while a full read goes on: rows of entities that it has not delivered yet wait for it. */
  readonly unseenToo: boolean;
  /** Go on after this position; the order is (prio, entity_no). */
  readonly after: { readonly prio: number; readonly entityNo: number };
  /** Only rows that are at least as urgent as this; null for all. */
  readonly lastPrio: number | null;
  readonly limit: number;
  readonly leaseMs: number;
  /** A lease taken over needs this long after its end, so that a request of the older holder is over at the target too. */
  readonly requestTimeoutMs: number;
}

/** A backlog row in hand. */
export interface LeasedRow {
  readonly entityNo: number;
  readonly prio: number;
  readonly gen: number;
  /** Write whatever the hashes say: a Resync of this run, a refused settle, or a lease taken over (engine invariant 3 ⚠). */
  readonly forced: boolean;
  readonly takenOver: boolean;
  /** This run's reading has delivered the entity. */
  readonly seen: boolean;
  readonly attempts: number;
  /** The class under which the pair was held when it was looked at last; null: it was not (GOV-8). */
  readonly heldClass: GovernedClass | null;
}

/** Rows leased by one statement under one token; the token is 0 when there are none. */
export interface Lease {
  readonly token: number;
  readonly rows: readonly LeasedRow[];
}

/** A read has declared the entity absent, so that its row has something to say again. */
const IS_GONE = `exists (select from entity e where e.entity_no = b.entity_no and e.presence = ${PRESENCE.absent})`;

/** SQL: row `b` is in a state in which the run may be offered it. */
function mayBeOffered(runKey: string): string {
  return `(b.state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.parked})
               or b.state = ${BACKLOG_STATE.missing} and (b.seen_run = ${runKey} or ${IS_GONE}))`;
}

/**
 * Leases the next rows that this run has not been offered: due, deferred and parked alike; held and quarantined never. A row whose entity
 * the source did not know waits until a read has delivered it or declared it absent ⚠: a delta run would create somebody who has left.
 * The guards of
 * "who may take which row" are part of the statement. Bodies and links are read by a later statement ⚠: in this one they could be
 * older than the `gen` it returns.
 */
export async function leaseRows(sql: Sql, query: LeaseQuery): Promise<Lease> {
  const rows = await sql.query<LeasedRow & { token: number }>(
    `with token as materialized (select next_lease_token() as token),
     picked as materialized (
       select b.target_id, b.entity_no, b.lease_until is not null as taken_over
         from backlog b
        where b.target_id = $1 and b.source_id = $2 and b.type = $3 and (b.prio, b.entity_no) > ($4, $5::bigint)
          and ($14::smallint is null or b.prio <= $14)
          and ${mayBeOffered('$6')}
          and case when b.lease_until is null then ${query.late ? '(b.late_run = $6 or b.last_run is distinct from $6)' : 'b.last_run is distinct from $6'}
                   else b.lease_until + $10::int * interval '1 millisecond' < clock_timestamp() end
          and (b.seen_run = $6 or $13::boolean)
          and exists (select from connected_pair p where p.source_id = $2 and p.target_id = $1 and p.enabled and not p.paused)
          and exists (select from run r join run_chain c on c.run_key = r.run_key
                       where r.run_key = $6 and r.state = 'running' and r.owner = $7 and not r.cancel_requested
                         and c.chain = $8 and c.fence = $9)
          and not exists (select from run_target e where e.run_key = $6 and e.target_id = $1 and e.ended_reason is not null)
        order by b.prio, b.entity_no
        limit $11
          for update of b skip locked)
     update backlog b
        set lease_token = token.token, lease_until = clock_timestamp() + $12::int * interval '1 millisecond', last_run = $6, late_run = null,
            forced = b.forced or picked.taken_over
       from picked, token
      where b.target_id = picked.target_id and b.entity_no = picked.entity_no
      returning b.entity_no as "entityNo", b.prio, b.gen, b.attempts, b.held_class as "heldClass", picked.taken_over as "takenOver", b.seen_run is not distinct from $6 as seen, token.token,
                (b.forced or picked.taken_over or coalesce(b.force_run = $6, false)) as forced`,
    [
      query.targetNo,
      query.sourceNo,
      query.type,
      query.after.prio,
      query.after.entityNo,
      query.fence.runKey,
      query.fence.owner,
      query.fence.chain,
      query.fence.fence,
      query.requestTimeoutMs,
      query.limit,
      query.leaseMs,
      query.unseenToo,
      query.lastPrio,
    ],
  );
  const inOrder = rows.sort((a, b) => a.prio - b.prio || a.entityNo - b.entityNo);
  return { token: rows[0]?.token ?? 0, rows: inOrder };
}

/**
 * Somebody else still works on a pair of this target, source and type, or has died over one that this run is still to be offered. The lease that
 * a dead process has left on any other row is not waited for ⚠: nobody takes over what is held or quarantined, and the drain would wait for ever.
 */
export async function hasLeases(
  sql: Sql,
  pair: { readonly targetNo: number; readonly sourceNo: number; readonly type: number },
  runKey: string,
): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from backlog b
      where b.target_id = $1 and b.source_id = $2 and b.type = $3 and b.lease_until is not null
        and (b.lease_until > clock_timestamp() or ${mayBeOffered('$4')}) limit 1`,
    [pair.targetNo, pair.sourceNo, pair.type, runKey],
  );
  return rows.length > 0;
}

/** Prolongs the rows of a lease that are still ours; returns which. */
export async function renewLease(
  sql: Sql,
  targetNo: number,
  token: number,
  entityNos: readonly number[],
  leaseMs: number,
): Promise<Set<number>> {
  const rows = await sql.query<{ entityNo: number }>(
    `update backlog set lease_until = clock_timestamp() + $4::int * interval '1 millisecond'
      where (target_id, entity_no) in (select $1::int, n from unnest($3::bigint[]) n) and lease_token = $2
      returning entity_no as "entityNo"`,
    [targetNo, token, entityNos, leaseMs],
  );
  return new Set(rows.map((row) => row.entityNo));
}
