import { ADVICE, isErrorClass } from '../../core/healing/error-class.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import { entityTypeCode, entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { BACKLOG_STATE, nameOf } from '../codes.js';
import type { BacklogState } from '../codes.js';
import type { Sql } from '../database.js';

/** Which waiting pairs of a target are meant; all given conditions hold. */
export interface WaitingFilter {
  readonly sourceNo?: number | undefined;
  readonly type?: EntityType | undefined;
  readonly sourceKey?: string | undefined;
  readonly errorClass?: ErrorClass | undefined;
  readonly state?: BacklogState | undefined;
}

/** An entity that is not in step with a target. */
export interface WaitingPair {
  readonly entityNo: number;
  readonly entity: EntityType;
  readonly sourceId: string;
  readonly sourceName: string;
  readonly sourceKey: string;
  readonly state: BacklogState;
  readonly errorClass: ErrorClass | null;
  /** Why a parked one is parked, where it did not fail. */
  readonly reason: string | null;
  readonly attempts: number;
  readonly failedAt: Date | null;
  /** HEA-2: when it is tried next; null when it waits for something else than time. */
  readonly nextAt: Date | null;
  /** The last failure as the log has it. */
  readonly message: string | null;
  readonly quarantine: { readonly note: string; readonly author: string; readonly at: Date } | null;
}

interface WaitingRow extends Omit<WaitingPair, 'entity' | 'state' | 'errorClass' | 'reason' | 'quarantine'> {
  type: number;
  state: number;
  note: string | null;
  quarantineNote: string | null;
  author: string | null;
  quarantinedAt: Date | null;
}

/** $2 source, $3 type, $4 source key, $5 class, $6 state. */
const MATCHES = `
  ($2::int is null or b.source_id = $2) and ($3::smallint is null or b.type = $3) and ($4::text is null or e.source_key = $4)
  and ($5::text is null or b.error_class = $5) and ($6::smallint is null or b.state = $6)`;

function params(targetNo: number, filter: WaitingFilter): unknown[] {
  return [
    targetNo,
    filter.sourceNo ?? null,
    filter.type === undefined ? null : entityTypeCode(filter.type),
    filter.sourceKey ?? null,
    filter.errorClass ?? null,
    filter.state === undefined ? null : BACKLOG_STATE[filter.state],
  ];
}

/** Entities that wait for a target, in the order of their numbers after `afterNo`; one more than `limit` shows that there are more. */
export async function listWaiting(
  sql: Sql,
  targetNo: number,
  filter: WaitingFilter,
  page: { readonly afterNo: number; readonly limit: number },
): Promise<WaitingPair[]> {
  const rows = await sql.query<WaitingRow>(
    `select b.entity_no as "entityNo", b.type, s.id as "sourceId", s.name as "sourceName", e.source_key as "sourceKey", b.state,
            b.error_class as note, b.attempts, b.failed_at as "failedAt", b.next_at as "nextAt", g.message,
            q.note as "quarantineNote", q.author, q.at as "quarantinedAt"
       from backlog b join entity e on e.entity_no = b.entity_no join system s on s.no = b.source_id
       left join quarantine q on q.target_id = b.target_id and q.entity_no = b.entity_no
       left join lateral (select message from entity_log where entity_no = b.entity_no and target_id = b.target_id and result = 'failed'
                           order by at desc limit 1) g on b.error_class is not null
      where b.target_id = $1 and ${MATCHES} and b.entity_no > $7
      order by b.entity_no limit $8`,
    [...params(targetNo, filter), page.afterNo, page.limit + 1],
  );
  return rows.map(toPair);
}

function toPair({ type, state, note, quarantineNote, author, quarantinedAt, ...row }: WaitingRow): WaitingPair {
  const errorClass = isErrorClass(note) ? note : null;
  return {
    ...row,
    entity: entityTypeOfCode(type),
    state: nameOf(BACKLOG_STATE, state),
    errorClass,
    reason: errorClass === null ? note : null,
    quarantine:
      quarantineNote === null || author === null || quarantinedAt === null
        ? null
        : { note: quarantineNote, author, at: quarantinedAt },
  };
}

/** How many entities wait for a target, by state and class. */
export async function countWaiting(
  sql: Sql,
  targetNo: number,
): Promise<{ state: BacklogState; errorClass: ErrorClass | null; count: number }[]> {
  const rows = await sql.query<{ state: number; note: string | null; count: number }>(
    `select state, case when error_class = any($2::text[]) then error_class end as note, count(*)::int as count
       from backlog where target_id = $1 group by 1, 2 order by 1, 2`,
    [targetNo, Object.keys(ADVICE)],
  );
  return rows.map(({ state, note, count }) => ({
    state: nameOf(BACKLOG_STATE, state),
    errorClass: isErrorClass(note) ? note : null,
    count,
  }));
}

/**
 * HEA-5 *Retry now*: what failed, was parked, or waits for its time or for credentials is due at once, as if it had never failed.
 * Quarantined and held pairs stay. Returns how many, and the sources that were stopped, whose pairs wait for their next job.
 */
export async function retryNow(
  sql: Sql,
  targetNo: number,
  filter: WaitingFilter,
): Promise<{ entities: number; stoppedSources: string[] }> {
  const rows = await sql.query<{ sourceNo: number }>(
    `update backlog b
        set state = ${BACKLOG_STATE.due}, attempts = 0, next_at = null, failed_at = null, error_class = null, tried_at = null
       from entity e
      where e.entity_no = b.entity_no and b.target_id = $1 and ${MATCHES}
        and b.state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.parked}, ${BACKLOG_STATE.missing})
      returning b.source_id as "sourceNo"`,
    params(targetNo, filter),
  );
  const stopped = await sql.query<{ name: string }>(
    `select s.name from system s join source_state t on t.source_id = s.no where t.heal_paused and s.no = any($1::int[]) order by 1`,
    [[...new Set(rows.map((row) => row.sourceNo))]],
  );
  return { entities: rows.length, stoppedSources: stopped.map((one) => one.name) };
}
