import { CONTENT_PROPERTIES, isOn } from '../../core/logs/trace.js';
import { selectRows } from '../config/statements.js';
import type { Statements } from '../config/statements.js';
import type { Sql, SqlPool } from '../database.js';

/** Days after which a content property that no job has used is switched off (TRC-8). */
export const UNUSED_DAYS = 7;

/** Plain properties of a system as somebody saves them. */
export interface SavedProperties {
  readonly plain: Readonly<Record<string, string>>;
  /** Names of those that are meant; all others are to stay as they are. Absent: all. */
  readonly named?: readonly string[];
}

/**
 * Notes which content properties a system has from now on. One that is named is a setting of its own, also if it was on before: the job that
 * used the older one leaves it. One that is not named and was switched off by the platform since the caller has read it stays off ⚠. Returns
 * the properties to be stored; the caller stores them in the same transaction, after this: whoever switches off takes the locks in this order.
 */
export async function settleContentSwitches(
  transaction: Statements,
  systemNo: number,
  { plain, named }: SavedProperties,
): Promise<Record<string, string>> {
  const known = await selectRows<{ name: string }>(
    transaction,
    'select name from content_switch where system_no = $1 order by name for update',
    [systemNo],
  );
  const wasOn = new Set(known.map(({ name }) => name));
  const isNamed = (name: string): boolean => named === undefined || named.includes(name);
  const settled: Record<string, string> = { ...plain };
  for (const name of CONTENT_PROPERTIES)
    if (isOn(plain[name]) && !isNamed(name) && !wasOn.has(name)) settled[name] = 'false';
  const on = CONTENT_PROPERTIES.filter((name) => isOn(settled[name]));
  const anew = on.filter(isNamed);
  if (wasOn.size > 0)
    await transaction.query(
      'delete from content_switch where system_no = $1 and (name <> all($2::text[]) or name = any($3::text[]))',
      [systemNo, on, anew],
    );
  if (anew.length > 0)
    await transaction.query('insert into content_switch (system_no, name) select $1, unnest($2::text[])', [
      systemNo,
      anew,
    ]);
  return settled;
}

/**
 * Switches off what a run has used, in the transaction that ends it (TRC-2); what was set again meanwhile stays. Returns the names.
 */
export async function switchOffUsed(sql: Sql, runKey: string): Promise<string[]> {
  const used = await sql.query<SwitchedOff>(
    `delete from content_switch c using run r cross join lateral json_each_text(r.traced) as t (name, version)
      where r.run_key = $1 and r.traced is not null and c.system_no = r.source_id and c.name = t.name and c.version = t.version::bigint
      returning c.system_no as "systemNo", c.name`,
    [runKey],
  );
  await switchOff(sql, used);
  return used.map(({ name }) => name).sort();
}

/** A property of a system that the platform has switched off. */
export interface SwitchedOff {
  readonly systemNo: number;
  readonly name: string;
}

/** On for too long at $1, and no job that goes on uses it: that one switches it off itself. */
const IS_UNUSED = `
  c.set_at < $1::timestamptz - make_interval(days => ${UNUSED_DAYS})
  and not exists (select from run r where r.source_id = c.system_no and r.state <> 'finished' and (r.traced ->> c.name)::bigint = c.version)`;

/** True when {@link switchOffUnused} has something to do. */
export async function hasUnusedSwitches(sql: Sql, now: Date): Promise<boolean> {
  return (await sql.query(`select 1 from content_switch c where ${IS_UNUSED} limit 1`, [now])).length > 0;
}

/** Switches off what no job has used for a week (TRC-8). */
export async function switchOffUnused(pool: SqlPool, now: Date): Promise<SwitchedOff[]> {
  return pool.transaction(async (sql) => {
    const unused = await sql.query<SwitchedOff>(
      `delete from content_switch c where ${IS_UNUSED} returning c.system_no as "systemNo", c.name`,
      [now],
    );
    await switchOff(sql, unused);
    return unused;
  });
}

/** A statement of its own, after the locks are held: what somebody has just saved is seen. The time of the last save stays: nobody has saved. */
async function switchOff(sql: Sql, properties: readonly SwitchedOff[]): Promise<void> {
  if (properties.length === 0) return;
  await sql.query(
    `update system_property p set value = 'false' from unnest($1::int[], $2::text[]) as n (system_no, name)
      where p.system_no = n.system_no and p.name = n.name`,
    [properties.map(({ systemNo }) => systemNo), properties.map(({ name }) => name)],
  );
}
