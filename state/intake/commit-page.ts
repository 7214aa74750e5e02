import { PRESENCE } from '../codes.js';
import type { SqlPool, Sql } from '../database.js';
import { noteFailedEntities } from '../notifications/job-events.js';
import { holdFence } from '../runs/fence.js';
import type { RunFence } from '../runs/fence.js';
import { demandByTime, demandChanged, demandForced, demandOutOfStep, markSeen } from './demand.js';
import type { TargetProgram } from './demand.js';
import { writeMembers } from './members.js';
import { storePageContents } from './page-contents.js';
import type { PageContent } from './page-contents.js';
import { noteSourceValues } from './source-values.js';
import type { SourceValue } from './source-values.js';

/** Bytes of one keyed hash in {@link EntityChange.identities}. */
export const IDENTITY_BYTES = 16;

/** An entity that differs from its stored row, or has none. */
export interface EntityChange {
  readonly sourceKey: string;
  readonly nativeId: string | null;
  readonly sourceHash: Buffer | null;
  /** Null when the entity was skipped by the read condition. */
  readonly commonHash: Buffer | null;
  readonly presence: 'present' | 'skipped';
  /** Sealed common JSON; null leaves the stored one (skipped entities). */
  readonly body: Buffer | null;
  /** Source keys of the members, for groups whose common JSON has `members`; null for everything else. */
  readonly members: readonly string[] | null;
  /** Common JSON or presence changed: every target has to look (engine.md §5). */
  readonly changed: boolean;
  /** The person is switched off: that overtakes everything else. */
  readonly leaves: boolean;
  /** Keyed hashes of its correlation attributes (EXP-9), {@link IDENTITY_BYTES} each; null where it has none. */
  readonly identities: Buffer | null;
  /** What the entity has where targets write something back (ORD-12). */
  readonly sourceValues?: readonly SourceValue[];
}

/** Everything one page of a read changes, committed at once. */
export interface PageCommit {
  readonly sourceNo: number;
  readonly type: number;
  readonly epoch: number;
  readonly pageNo: number;
  /** Drawn before the source was asked for this page. */
  readonly readSeq: number;
  readonly program: number;
  readonly changes: readonly EntityChange[];
  /** Rows delivered as they are stored, met and not met by the read condition. */
  readonly seen: readonly number[];
  readonly skipped: readonly number[];
  /** Unchanged entities for which a time-dependent target program now gives another result: (target, entity). */
  readonly dueByTime: readonly { readonly targetNo: number; readonly entityNo: number }[];
  readonly failures: readonly { readonly key: string | null; readonly message: string }[];
  /** Stored entities whose read mapping failed: they are mapped again by the next read, whatever their hash (engine.md §5 ⚠). */
  readonly failedNos: readonly number[];
  /** Stored groups whose members were not told (UNK-5). */
  readonly unknownMembers: readonly number[];
  /** Deletions that the source has reported: counted, never carried out (CONN-CORE-46). */
  readonly tombstones: number;
  /** Position after this page; null at the end. */
  readonly cursor: object | null;
  readonly total: number | null;
  readonly drift: string | null;
  readonly watermark: object | null;
  readonly targets: readonly TargetProgram[];
  /** Resync: every delivered entity is written (CHG-6). */
  readonly force: boolean;
  /** Of a run that traces them. */
  readonly contents?: readonly PageContent[];
}

/**
 * tx1 of engine.md §5: fence · entities and bodies · run_page · cursor · backlog. Repeating a page under a newer fence gives the same
 * state; under an older one it is refused.
 */
export async function commitPage(pool: SqlPool, fence: RunFence, page: PageCommit): Promise<void> {
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    const { numbers, urgent } = await storeEntities(sql, page);
    await forgetHashes(sql, page.failedNos);
    const seen = [...page.seen];
    const skipped = [...page.skipped];
    const changed: number[] = [];
    const same: number[] = [];
    for (const change of page.changes) {
      const entityNo = numbers.get(change.sourceKey);
      if (entityNo === undefined) throw new Error('an upserted entity has no number');
      (change.presence === 'present' ? seen : skipped).push(entityNo);
      (change.changed ? changed : same).push(entityNo);
    }
    await recordPage(sql, fence.runKey, page, seen, skipped);
    if (page.contents !== undefined)
      await storePageContents(sql, { ...page, runKey: fence.runKey }, page.contents, numbers);
    if (page.failures.length > 0) await noteFailedEntities(sql, fence.runKey);
    const pair = { runKey: fence.runKey, sourceNo: page.sourceNo, type: page.type, targets: page.targets };
    await demandChanged(sql, { ...pair, entityNos: changed }, urgent);
    await noteSourceValues(sql, pair, deliveredValues(page, numbers));
    await demandOutOfStep(sql, { ...pair, entityNos: same });
    await markSeen(sql, { ...pair, entityNos: [...page.seen, ...page.skipped] });
    await demandByTime(sql, pair, page.dueByTime);
    if (page.force) await demandForced(sql, { ...pair, entityNos: seen });
  });
}

/** What the changed entities of a delivery have where targets write something back. */
export function deliveredValues(
  delivery: Pick<Delivery, 'changes'>,
  numbers: ReadonlyMap<string, number>,
): (SourceValue & { readonly entityNo: number })[] {
  return delivery.changes.flatMap(({ sourceKey, sourceValues = [] }) => {
    const entityNo = numbers.get(sourceKey);
    return entityNo === undefined ? [] : sourceValues.map((value) => ({ ...value, entityNo }));
  });
}

/** Entities as a source delivered them. */
export type Delivery = Pick<PageCommit, 'sourceNo' | 'type' | 'program' | 'readSeq' | 'changes'>;

/** Stores changed entities with their bodies and members. Returns their numbers, and whose change must not wait: people who leave. */
export async function storeEntities(
  sql: Sql,
  delivery: Delivery,
): Promise<{ numbers: ReadonlyMap<string, number>; urgent: ReadonlySet<number> }> {
  if (delivery.changes.length === 0) return { numbers: new Map(), urgent: new Set() };
  const stored = await upsertEntities(sql, delivery);
  const numbers = new Map(stored.map((row) => [row.sourceKey, row.entityNo]));
  await writeBodies(sql, delivery, numbers);
  const shrunk = await writeMembers(sql, delivery.changes, numbers);
  const leavers = delivery.changes.flatMap(({ leaves, sourceKey }) => (leaves ? [numbers.get(sourceKey) ?? 0] : []));
  return { numbers, urgent: new Set([...shrunk, ...leavers]) };
}

interface StoredEntity {
  sourceKey: string;
  entityNo: number;
}

/**
 * Upserts in key order (no deadlocks between sources of one database). A row that a newer answer wrote stays as it is; its number is
 * still returned, because the entity was delivered.
 */
async function upsertEntities(sql: Sql, page: Delivery): Promise<StoredEntity[]> {
  const changes = [...page.changes].sort((a, b) => (a.sourceKey < b.sourceKey ? -1 : 1));
  const stored = await sql.query<StoredEntity>(
    `insert into entity as e (source_id, type, source_key, native_id, source_hash, common_hash, presence, identities, program, read_seq)
     select $1, $2, n.*, $9, $10
       from unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::smallint[], $8::bytea[]) as n
     on conflict (source_id, type, source_key) do update
        set native_id = excluded.native_id, source_hash = excluded.source_hash, common_hash = excluded.common_hash,
            presence = excluded.presence, identities = excluded.identities, program = excluded.program, read_seq = excluded.read_seq
      where e.read_seq < excluded.read_seq
     returning source_key as "sourceKey", entity_no as "entityNo"`,
    [
      page.sourceNo,
      page.type,
      changes.map((change) => change.sourceKey),
      changes.map((change) => change.nativeId),
      changes.map((change) => change.sourceHash),
      changes.map((change) => change.commonHash),
      changes.map((change) => PRESENCE[change.presence]),
      changes.map((change) => change.identities),
      page.program,
      page.readSeq,
    ],
  );
  if (stored.length === changes.length) return stored;
  const returned = new Set(stored.map((row) => row.sourceKey));
  const left = changes.map((change) => change.sourceKey).filter((key) => !returned.has(key));
  return [...stored, ...(await sql.query<StoredEntity>(NUMBERS_SQL, [page.sourceNo, page.type, left]))];
}

async function forgetHashes(sql: Sql, entityNos: readonly number[]): Promise<void> {
  if (entityNos.length === 0) return;
  await sql.query('update entity set source_hash = null where entity_no = any($1::bigint[])', [entityNos]);
}

const NUMBERS_SQL = `
  select e.* from unnest($3::text[]) as k (source_key)
   cross join lateral (select source_key as "sourceKey", entity_no as "entityNo" from entity
                        where source_id = $1 and type = $2 and source_key = k.source_key limit 1) e`;

async function writeBodies(sql: Sql, page: Delivery, numbers: ReadonlyMap<string, number>): Promise<void> {
  const rows = page.changes.flatMap((change) => {
    const entityNo = numbers.get(change.sourceKey);
    return change.body === null || entityNo === undefined ? [] : [{ entityNo, body: change.body }];
  });
  if (rows.length === 0) return;
  // The body follows its row: where a newer answer won, the row's read_seq is not ours and the body stays.
  await sql.query(
    `insert into entity_body (entity_no, body)
     select n.entity_no, n.body from unnest($1::bigint[], $2::bytea[]) as n (entity_no, body)
      cross join lateral (select 1 from entity where entity_no = n.entity_no and read_seq = $3 limit 1) e
     on conflict (entity_no) do update set body = excluded.body`,
    [rows.map((row) => row.entityNo), rows.map((row) => row.body), page.readSeq],
  );
}

/** What the books of a read keep of a page. */
export type PageRecord = Pick<
  PageCommit,
  | 'sourceNo'
  | 'type'
  | 'epoch'
  | 'pageNo'
  | 'readSeq'
  | 'failures'
  | 'tombstones'
  | 'cursor'
  | 'total'
  | 'drift'
  | 'watermark'
> &
  Partial<Pick<PageCommit, 'unknownMembers'>>;

/** Who was seen, the counters and the position, in one statement: most pages change nothing else. */
export async function recordPage(
  sql: Sql,
  runKey: string,
  page: PageRecord,
  seen: readonly number[],
  skipped: readonly number[],
): Promise<void> {
  const { failures } = page;
  await sql.query(
    `with seen as (
       insert into run_page (run_key, epoch, type, page_no, seen, skipped, failed_count, failed_keys, failures, unknown_members, tombstones)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $17, $18)
       on conflict (run_key, type, epoch, page_no) do update
          set seen = excluded.seen, skipped = excluded.skipped, failed_count = excluded.failed_count,
              failed_keys = excluded.failed_keys, failures = excluded.failures,
              unknown_members = excluded.unknown_members, tombstones = excluded.tombstones),
     counted as (
       insert into run_counter (run_key, system_id, type, action, read_count, skipped, failed)
       values ($1, $10, $3, 'read', $11, cardinality($6::bigint[]), $7)
       on conflict (run_key, system_id, type, action) do update
          set read_count = run_counter.read_count + excluded.read_count, skipped = run_counter.skipped + excluded.skipped,
              failed = run_counter.failed + excluded.failed)
     update run_type
        set pages = $4 + 1, cursor = $12::json, total = coalesce($13, total), drift = coalesce(drift, $14), last_page_at = now(),
            watermark = coalesce($15::json, watermark), first_read_seq = coalesce(first_read_seq, $16)
      where run_key = $1 and type = $3 and epoch = $2`,
    [
      runKey,
      page.epoch,
      page.type,
      page.pageNo,
      seen,
      skipped,
      failures.length,
      failures.flatMap((failure) => (failure.key === null ? [] : [failure.key])),
      failures.length === 0 ? null : JSON.stringify(failures),
      page.sourceNo,
      seen.length + skipped.length + failures.length,
      page.cursor === null ? null : JSON.stringify(page.cursor),
      page.total,
      page.drift,
      page.watermark === null ? null : JSON.stringify(page.watermark),
      page.readSeq,
      page.unknownMembers ?? [],
      page.tombstones,
    ],
  );
}
