import { entityTypeCode } from '../../core/entity-type.js';
import { PRESENCE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { IDENTITY_BYTES } from '../intake/commit-page.js';
import { Components } from './components.js';

/** Shared values fetched at once. */
const PORTION_VALUES = 5_000;

/** Users sharing a value with somebody that are looked at, at most: about 100 bytes each in memory. */
export const MAX_SHARING_USERS = 1_000_000;

/** How many people the platform manages, over all sources (STA-14). */
export interface IdentityCount {
  /** Users of sources, as last read. */
  readonly users: number;
  /** Of these, users with a value of a correlation attribute. */
  readonly correlatedUsers: number;
  /** Distinct people; null when more than {@link MAX_SHARING_USERS} users share values. */
  readonly identities: number | null;
}

/**
 * Counts present users of all sources, those that share a value with each other, also by way of others, as one. The database finds the values
 * that several users have and hands them over portion by portion; only those users are held in memory.
 */
export async function countIdentities(pool: SqlPool): Promise<IdentityCount> {
  return pool.transaction(async (sql) => {
    // Both statements see the same state, whatever a job commits meanwhile.
    await sql.query('set transaction isolation level repeatable read, read only');
    const [totals] = await sql.query<{ users: number; correlatedUsers: number }>(TOTALS_SQL);
    if (totals === undefined) throw new Error('an aggregate has one row');
    const components = new Components();
    for await (const sharing of sharedValues(sql)) {
      components.join(sharing);
      if (components.size > MAX_SHARING_USERS) return { ...totals, identities: null };
    }
    return { ...totals, identities: totals.users - components.merged };
  });
}

const PRESENT_USER = `type = ${entityTypeCode('user')} and presence = ${PRESENCE.present}`;

const TOTALS_SQL = `select count(*) as users, count(identities) as "correlatedUsers" from entity where ${PRESENT_USER}`;

const SHARED_SQL = `
  select array_agg(entity_no) as sharing
    from (select entity_no, substring(identities from at for ${IDENTITY_BYTES}) as value
            from entity cross join lateral generate_series(1, length(identities), ${IDENTITY_BYTES}) at
           where ${PRESENT_USER} and identities is not null) v
   group by value having count(*) > 1`;

/** Users that have one value, value by value, from a cursor that ends with the transaction. */
async function* sharedValues(sql: Sql): AsyncGenerator<readonly number[]> {
  await sql.query(`declare shared_value no scroll cursor for ${SHARED_SQL}`);
  for (;;) {
    const rows = await sql.query<{ sharing: number[] }>(`fetch ${PORTION_VALUES} from shared_value`);
    for (const { sharing } of rows) yield sharing;
    if (rows.length < PORTION_VALUES) return;
  }
}
