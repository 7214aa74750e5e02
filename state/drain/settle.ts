import { unnameOthers } from './claims.js';
import { patienceOf } from '../../core/healing/error-class.js';
import type { ErrorClass, Patience } from '../../core/healing/error-class.js';
import { GIVE_UP_AFTER_MS, LADDER_JITTER, LADDER_MS } from '../../core/healing/ladder.js';
import type { RecordedResult } from '../../core/logs/trace.js';
import type { GovernedClass } from '../../core/plan/change.js';
import { BACKLOG_STATE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { giveBack } from '../governor/budget.js';
import { noteCandidates } from '../absence/candidates.js';
import { endChanges } from '../plans/approved.js';
import type { DecidedChange } from '../plans/approved.js';
import { storeChanges } from '../plans/store-changes.js';
import type { NewChange } from '../plans/store-changes.js';
import { noteWriteBacks } from './write-back.js';
import type { WriteBackEnd } from './write-back.js';
import { writeLog } from './entity-log.js';
import type { LogLine } from './entity-log.js';
import { writeLinks } from './link-writes.js';
import { writePartLinks } from './part-writes.js';
import type { PartResult } from './part-writes.js';
import type { LinkWrite } from './link-writes.js';
import { demandReferrers, writeReferences } from './references.js';
import type { OwnerReferences } from './references.js';

/** What becomes of the backlog row when a pair is settled. */
export type RowEnd =
  /** In step: the row goes, unless `gen` moved meanwhile. */
  | { readonly kind: 'settled' }
  /** Tried and failed; the next run tries again, and healing when the class says so (HEA-2, HEA-3). */
  | { readonly kind: 'failed'; readonly errorClass: ErrorClass }
  /** An operation is skipped (SKP-5): waits for another program or other data. */
  | { readonly kind: 'parked'; readonly reason: string }
  /** Not tried after all (gate closed, stop): offered again as if it had not been leased. The class says what its target suffers from. */
  | { readonly kind: 'released'; readonly errorClass?: ErrorClass }
  /** The request may have had its effect: offered again, and then all attributes are written, whatever the hashes say. */
  | { readonly kind: 'unknown'; readonly errorClass?: ErrorClass }
  /** Not for this run: stays due for the next one, uncounted. */
  | { readonly kind: 'waiting' }
  /** Waits for the second pass of its type in this run. */
  | { readonly kind: 'late' }
  /** Waits for an approval (GOV-7); nobody but the application of that change takes the row, unless the data moves. */
  | { readonly kind: 'held'; readonly class: GovernedClass };

/** The result of one leased pair. */
export interface Settlement {
  readonly entityNo: number;
  /** `gen` of the lease. */
  readonly gen: number;
  readonly end: RowEnd;
  /** Null: the link stays as it is, or there are `parts`. */
  readonly link: LinkWrite | null;
  /** Where the entity is several target entities: the links and results of all of them, in place of `link` and `log` (LNK-3). */
  readonly parts?: readonly PartResult[];
  /** Of a simulation: which of several target entities it is about (LNK-3). */
  readonly part?: string | undefined;
  /** Null: references stay as they are. */
  readonly references: Omit<OwnerReferences, 'ownerNo'> | null;
  /** The target id changed or vanished: owners of references to it are written again. */
  readonly targetKeyChanged: boolean;
  /** Null: nothing was tried that counts. */
  readonly log: LogLine | null;
  /** An intended write that is stored, in place of being executed. */
  readonly change: NewChange | null;
  /** What became of an approved change. */
  readonly decided: DecidedChange | null;
  /** A run that changes no link notes here that the pair is out of scope: a candidate of its absence phase (PLN-4). */
  readonly isCandidate: boolean;
  /** The target entity was found or given another name than the link had: nobody else can be called so. */
  readonly isRenamed?: boolean;
  /** How the write-back to the source ended (ORD-12); absent: there was none. */
  readonly writeBack?: WriteBackEnd | undefined;
}

/** Which lease is settled. */
export interface SettleContext {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
  readonly token: number;
  /** Results that keep the ids of their entity (LOG-6). */
  readonly recorded: ReadonlySet<RecordedResult>;
}

/**
 * tx2b: token check · links, bodies, references · log · counters · backlog. It needs the token, not the time: a good answer that comes
 * after an outage counts. A settlement whose token is refused changes nothing but makes the pair due with *force*, because nobody
 * knows what its request did. Returns how many were refused. `also` runs in the same transaction with the entities that were held.
 */
export async function settle(
  pool: SqlPool,
  context: SettleContext,
  settlements: readonly Settlement[],
  also?: (sql: Sql, held: ReadonlyMap<number, boolean>) => Promise<void>,
): Promise<number> {
  if (settlements.length === 0) return 0;
  const ordered = [...settlements].sort((a, b) => a.entityNo - b.entityNo);
  return pool.transaction(async (sql) => {
    const current = await lockRows(sql, context, ordered);
    const held = ordered.filter((item) => current.has(item.entityNo));
    const refused = ordered.filter((item) => !current.has(item.entityNo));
    await writeLinks(
      sql,
      context.targetNo,
      context.type,
      held.flatMap((item) => (item.link === null ? [] : [{ entityNo: item.entityNo, write: item.link }])),
    );
    await writePartLinks(
      sql,
      context.targetNo,
      context.type,
      held.flatMap(({ entityNo, parts }) => (parts === undefined ? [] : [{ entityNo, parts }])),
    );
    await unnameOthers(
      sql,
      { targetNo: context.targetNo, type: context.type },
      held.flatMap(({ isRenamed, entityNo, link }) =>
        isRenamed === true && link?.kind === 'linked' && link.etag !== null
          ? [{ entityNo, targetKey: link.targetKey, tag: link.etag }]
          : [],
      ),
    );
    await writeReferences(
      sql,
      context.targetNo,
      context.sourceNo,
      held.flatMap((item) => (item.references === null ? [] : [{ ownerNo: item.entityNo, ...item.references }])),
    );
    await writeLog(sql, context, held.flatMap(logLines));
    await storeChanges(
      sql,
      context,
      held.flatMap((item) => (item.change === null ? [] : [item.change])),
    );
    await endChanges(
      sql,
      held.flatMap((item) => (item.decided === null ? [] : [item.decided])),
    );
    await noteCandidates(
      sql,
      context,
      held.flatMap((item) => (item.isCandidate ? [item.entityNo] : [])),
    );
    await noteWriteBacks(
      sql,
      context.targetNo,
      held.flatMap((item) => (item.writeBack === undefined ? [] : [{ entityNo: item.entityNo, ...item.writeBack }])),
    );
    await giveBack(
      sql,
      context,
      held.flatMap((item) => (current.get(item.entityNo) === true && wasNotSent(item) ? [item.entityNo] : [])),
    );
    await endRows(sql, context, held);
    await demandReferrers(
      sql,
      context.targetNo,
      held.flatMap((item) => (item.targetKeyChanged || hasNoAccount(item) ? [item.entityNo] : [])),
    );
    await forceRefused(sql, context, refused);
    await also?.(sql, current);
    return refused.length;
  });
}

/** The target id vanishes with the link, also when a person could not be created again, or may not be yet. */
function hasNoAccount({ link }: Settlement): boolean {
  return link?.kind === 'removed' || link?.kind === 'released' || link?.kind === 'gone';
}

/** GOV-3: budget of what was not sent goes back. */
function wasNotSent({ end, parts = [] }: Settlement): boolean {
  return ['released', 'waiting', 'late', 'held'].includes(end.kind) && parts.every(({ log }) => log === null);
}

/** LNK-3: each target entity has its own result. */
function logLines({ entityNo, log, parts = [] }: Settlement): (LogLine & { entityNo: number; part?: string })[] {
  const own = log === null ? [] : [{ entityNo, ...log }];
  return [...own, ...parts.flatMap((one) => (one.log === null ? [] : [{ entityNo, part: one.part, ...one.log }]))];
}

/** The rows that are still ours; true for those that hold budget. */
async function lockRows(sql: Sql, context: SettleContext, items: readonly Settlement[]): Promise<Map<number, boolean>> {
  const rows = await sql.query<{ entityNo: number; granted: boolean }>(
    `select entity_no as "entityNo", granted is not null as granted from backlog
      where target_id = $1 and entity_no = any($2::bigint[]) and lease_token = $3
      order by target_id, entity_no for update`,
    [context.targetNo, items.map((item) => item.entityNo), context.token],
  );
  return new Map(rows.map((row) => [row.entityNo, row.granted]));
}

async function endRows(sql: Sql, context: SettleContext, items: readonly Settlement[]): Promise<void> {
  const settled = items.filter((item) => item.end.kind === 'settled');
  if (settled.length > 0) {
    await sql.query(
      // Through the key first: a join with the list reads the whole backlog while the statistics are those of an empty one.
      `delete from backlog b
        where b.target_id = $1 and b.entity_no = any($2::bigint[])
          and (b.entity_no, b.gen) in (select * from unnest($2::bigint[], $3::bigint[]))`,
      [context.targetNo, settled.map((item) => item.entityNo), settled.map((item) => item.gen)],
    );
    // gen moved while the pair was in hand: the row stays and is offered again in this run. It stays forced too: what moved gen may have
    // been the refused settle of an older holder, whose write came after ours (engine invariant 3 ⚠).
    await sql.query(
      `update backlog set lease_token = null, lease_until = null, last_run = null, ${FRESH}, granted = null, held_class = null,
              state = case when state = ${BACKLOG_STATE.quarantined} then state else ${BACKLOG_STATE.due} end
        where target_id = $1 and entity_no = any($2::bigint[])`,
      [context.targetNo, settled.map((item) => item.entityNo)],
    );
  }
  const others = items.filter((item) => item.end.kind !== 'settled');
  if (others.length > 0) await putBack(sql, context, others);
}

/** Nothing is known against the pair. */
const FRESH = 'attempts = 0, next_at = null, failed_at = null, error_class = null';

/** The row counts as tried: it has failed on the data it was leased with. */
const COUNTS = "n.how = 'failed' and b.gen = n.gen";
const LADDER = `(array[${LADDER_MS.join(', ')}])[least(b.attempts + 1, ${LADDER_MS.length})]`;
const NEXT_AT = `now() + ${LADDER} * n.jitter * interval '1 millisecond'`;
const GIVEN_UP = `${NEXT_AT} > coalesce(b.failed_at, now()) + ${GIVE_UP_AFTER_MS} * interval '1 millisecond'`;

/** What a Resync could not write is to be written (CHG-1 c), whatever the hashes say: its own force ends with it. */
const WAS_FORCED = "n.how in ('failed', 'held') and coalesce(b.force_run = $6, false)";

/** Each row as its result says; one whose gen moved has new data, about which the failure says nothing. */
async function putBack(sql: Sql, context: SettleContext, items: readonly Settlement[]): Promise<void> {
  await sql.query(
    `update backlog b
        set lease_token = null, lease_until = null, forced = b.forced or n.how = 'unknown' or ${WAS_FORCED},
            last_run = case when n.how in ('released', 'unknown') or b.gen <> n.gen then null else b.last_run end,
            late_run = case when n.how = 'late' then $6::bigint end,
            attempts = case when ${COUNTS} and n.patience = 'ladder' then b.attempts + 1 else b.attempts end,
            failed_at = case when ${COUNTS} then coalesce(b.failed_at, now()) else b.failed_at end,
            next_at = case when not (${COUNTS}) then b.next_at when n.patience = 'ladder' then ${NEXT_AT} end,
            error_class = case when b.gen = n.gen and n.how <> 'held' then coalesce(n.note, b.error_class) else b.error_class end,
            granted = case when n.how = 'unknown' then b.granted end,
            held_class = case when n.how = 'held' then n.note else b.held_class end,
            state = case when b.state = ${BACKLOG_STATE.quarantined} or n.how in ('released', 'waiting') then b.state
                         when n.how = 'held' and b.gen = n.gen then ${BACKLOG_STATE.held}
                         when n.how = 'parked' then ${BACKLOG_STATE.parked}
                         when not (${COUNTS}) or n.patience = 'gate' then ${BACKLOG_STATE.due}
                         when n.patience = 'ladder' and ${GIVEN_UP} then ${BACKLOG_STATE.parked}
                         else ${BACKLOG_STATE.deferred} end
       from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $7::text[], $8::float8[]) as n (entity_no, gen, how, note, patience, jitter)
      where b.target_id = $1 and b.entity_no = n.entity_no`,
    [
      context.targetNo,
      items.map((item) => item.entityNo),
      items.map((item) => item.gen),
      items.map((item) => item.end.kind),
      items.map((item) => noteOf(item.end)),
      context.runKey,
      items.map((item) => patienceIn(item.end)),
      items.map(() => 1 + LADDER_JITTER * (2 * Math.random() - 1)),
    ],
  );
}

function patienceIn(end: RowEnd): Patience | null {
  return end.kind === 'failed' ? patienceOf(end.errorClass) : null;
}

/** What the row tells of its last attempt: the class, or why it is parked. */
function noteOf(end: RowEnd): string | null {
  if (end.kind === 'held') return end.class;
  if (end.kind === 'parked') return end.reason;
  return 'errorClass' in end ? (end.errorClass ?? null) : null;
}

async function forceRefused(sql: Sql, context: SettleContext, items: readonly Settlement[]): Promise<void> {
  if (items.length === 0) return;
  await sql.query(
    `insert into backlog as b (target_id, entity_no, source_id, type, reason, forced)
     select $1::int, e.entity_no, e.source_id, e.type, 'refusedSettle', true
       from entity e join connected_pair p on p.source_id = e.source_id and p.target_id = $1 where e.entity_no = any($2::bigint[])
      order by 1, 2
     on conflict (target_id, entity_no) do update set gen = b.gen + 1, forced = true`,
    [context.targetNo, items.map((item) => item.entityNo)],
  );
}
