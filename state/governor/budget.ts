import { allowance, dependsOnLinks } from '../../core/plan/limits.js';
import type { Limit } from '../../core/plan/limits.js';
import type { GovernedClass } from '../../core/plan/change.js';
import { LINK_STATE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';

/** Budget that a pair has taken and not used up: it stands in the pair's own row until the row is settled. */
export interface Grant {
  readonly class: GovernedClass;
  readonly units: number;
  /** ISO 8601: the hour in which it counts. */
  readonly hour: string;
  readonly runKey: string;
}

/** What one pair wants to do. */
export interface BudgetWant {
  readonly entityNo: number;
  readonly units: ReadonlyMap<GovernedClass, number>;
}

/** Who asks: pairs of one target and type under one lease. */
export interface BudgetRequest {
  readonly targetNo: number;
  readonly type: number;
  readonly runKey: string;
  readonly token: number;
  readonly limits: ReadonlyMap<GovernedClass, Limit>;
  readonly wants: readonly BudgetWant[];
}

/** Let through, or the class that is used up (GOV-6). */
export type Verdict = 'granted' | GovernedClass;

/** A window of GOV-3, and what was used of it before. */
interface Window {
  day: number;
  run: number;
  links: number | undefined;
}

/**
 * Reserves budget before anything is sent, atomically over all processes (GOV-3): in the order of the wants, each as a whole or not at
 * all. The stricter of two windows decides: this run, and the last 24 hours of everything. A pair that holds a grant from an attempt that
 * died keeps it. Pairs whose lease is lost are missing in the result: they must not be sent.
 */
export async function reserve(pool: SqlPool, request: BudgetRequest): Promise<Map<number, Verdict>> {
  return pool.transaction(async (sql) => {
    const stored = await lockGrants(sql, request);
    const classes = classesOf(request.wants.filter((want) => stored.has(want.entityNo)));
    await lockBudgets(sql, request, classes);
    const windows = await readWindows(sql, request, classes);
    const verdicts = new Map<number, Verdict>();
    const taken: { entityNo: number; grants: Grant[] }[] = [];
    const hour = await currentHour(sql);
    for (const want of request.wants) {
      const held = stored.get(want.entityNo);
      if (held === undefined) continue;
      if (covers(held, want.units)) {
        verdicts.set(want.entityNo, 'granted');
        continue;
      }
      const tripped = await firstTripped(sql, request, windows, want.units);
      verdicts.set(want.entityNo, tripped ?? 'granted');
      if (tripped !== undefined) continue;
      const grants = [...want.units].map(([name, units]) => ({ class: name, units, hour, runKey: request.runKey }));
      for (const grant of grants) use(windows, grant);
      taken.push({ entityNo: want.entityNo, grants });
    }
    await noteUse(sql, request, taken);
    return verdicts;
  });
}

async function lockGrants(sql: Sql, request: BudgetRequest): Promise<Map<number, readonly Grant[]>> {
  const rows = await sql.query<{ entityNo: number; granted: readonly Grant[] | null }>(
    `select entity_no as "entityNo", granted from backlog
      where target_id = $1 and entity_no = any($2::bigint[]) and lease_token = $3 order by target_id, entity_no for update`,
    [request.targetNo, request.wants.map((want) => want.entityNo), request.token],
  );
  return new Map(rows.map((row) => [row.entityNo, row.granted ?? []]));
}

function classesOf(wants: readonly BudgetWant[]): GovernedClass[] {
  return [...new Set(wants.flatMap((want) => [...want.units.keys()]))].sort();
}

/** One reservation of a target, type and class at a time; in a fixed order, so that nobody waits in a circle. */
export async function lockBudgets(
  sql: Sql,
  pair: { readonly targetNo: number; readonly type: number },
  classes: readonly GovernedClass[],
): Promise<void> {
  for (const name of classes)
    await sql.query(`select pg_advisory_xact_lock(hashtextextended($1, 7241))`, [
      `${pair.targetNo}/${pair.type}/${name}`,
    ]);
}

async function readWindows(
  sql: Sql,
  request: Pick<BudgetRequest, 'targetNo' | 'type' | 'runKey'>,
  classes: readonly GovernedClass[],
): Promise<Map<GovernedClass, Window>> {
  const rows = await sql.query<{ class: GovernedClass; day: number; run: number }>(
    `select class, coalesce(sum(used) filter (where hour > date_trunc('hour', clock_timestamp()) - interval '24 hours'), 0)::int as day,
            coalesce(sum(used) filter (where run_key = $3), 0)::int as run
       from governor_use where target_id = $1 and type = $2 and class = any($4::text[])
        and (hour > clock_timestamp() - interval '25 hours' or run_key = $3)
      group by class`,
    [request.targetNo, request.type, request.runKey, classes],
  );
  const known = new Map(rows.map((row) => [row.class, row]));
  return new Map(
    classes.map((name) => [name, { day: known.get(name)?.day ?? 0, run: known.get(name)?.run ?? 0, links: undefined }]),
  );
}

async function currentHour(sql: Sql): Promise<string> {
  const [row] = await sql.query<{ hour: Date }>(`select date_trunc('hour', clock_timestamp()) as hour`);
  if (row === undefined) throw new Error('the database told no time');
  return row.hour.toISOString();
}

const DAY_MS = 24 * 3_600_000;

/** A grant counts for the pair as long as it counts in the window. */
function covers(grants: readonly Grant[], units: ReadonlyMap<GovernedClass, number>): boolean {
  const young = grants.filter((grant) => Date.parse(grant.hour) > Date.now() - DAY_MS);
  return [...units].every(([name, count]) => young.some((grant) => grant.class === name && grant.units >= count));
}

async function firstTripped(
  sql: Sql,
  request: BudgetRequest,
  windows: ReadonlyMap<GovernedClass, Window>,
  units: ReadonlyMap<GovernedClass, number>,
): Promise<GovernedClass | undefined> {
  for (const [name, count] of units) {
    const limit = request.limits.get(name);
    const window = windows.get(name);
    if (limit === undefined || window === undefined) continue;
    if (await exceeds(sql, request, limit, window, count)) return name;
  }
  return undefined;
}

async function exceeds(
  sql: Sql,
  pair: { readonly targetNo: number; readonly type: number },
  limit: Limit,
  window: Window,
  count: number,
): Promise<boolean> {
  const wanted = Math.max(window.day, window.run) + count;
  if (dependsOnLinks(limit, wanted)) window.links ??= await liveLinks(sql, pair);
  return wanted > allowance(limit, window.links ?? 0);
}

/** Links that stand for a target entity now, those of a create under way included. */
async function liveLinks(sql: Sql, pair: { readonly targetNo: number; readonly type: number }): Promise<number> {
  const [row] = await sql.query<{ links: number }>(
    `select count(*)::int as links from link
      where target_id = $1 and type = $2 and state in (${LINK_STATE.linked}, ${LINK_STATE.creating})`,
    [pair.targetNo, pair.type],
  );
  return row?.links ?? 0;
}

function use(windows: ReadonlyMap<GovernedClass, Window>, grant: Grant): void {
  const window = windows.get(grant.class);
  if (window === undefined) return;
  window.day += grant.units;
  window.run += grant.units;
}

async function noteUse(
  sql: Sql,
  request: BudgetRequest,
  taken: readonly { readonly entityNo: number; readonly grants: readonly Grant[] }[],
): Promise<void> {
  if (taken.length === 0) return;
  // What an older grant did not cover is replaced by the new one, and what it had goes back.
  await giveBack(
    sql,
    request,
    taken.map((one) => one.entityNo),
  );
  await move(
    sql,
    request,
    taken.flatMap((one) => one.grants),
    1,
  );
  await sql.query(
    `update backlog b set granted = n.granted::json from unnest($2::bigint[], $3::text[]) as n (entity_no, granted)
      where b.target_id = $1 and b.entity_no = n.entity_no`,
    [request.targetNo, taken.map((one) => one.entityNo), taken.map((one) => JSON.stringify(one.grants))],
  );
}

/** Adds to, or takes from, what was used. Rows in a fixed order, like every statement that locks several. */
async function move(
  sql: Sql,
  pair: { readonly targetNo: number; readonly type: number },
  grants: readonly Grant[],
  sign: 1 | -1,
): Promise<void> {
  if (grants.length === 0) return;
  await sql.query(
    `insert into governor_use as u (target_id, type, class, hour, run_key, used)
     select $1, $2, n.class, n.hour, n.run_key, greatest(0, sum(n.units) * $7)
       from unnest($3::text[], $4::timestamptz[], $5::bigint[], $6::int[]) as n (class, hour, run_key, units)
      group by n.class, n.hour, n.run_key order by 3, 4, 5
     on conflict (target_id, type, class, hour, run_key) do update
        set used = greatest(0, u.used + $7 * (select sum(n.units) from unnest($3::text[], $4::timestamptz[], $5::bigint[], $6::int[]) as n (class, hour, run_key, units)
                                               where n.class = u.class and n.hour = u.hour and n.run_key = u.run_key))`,
    [
      pair.targetNo,
      pair.type,
      grants.map((grant) => grant.class),
      grants.map((grant) => grant.hour),
      grants.map((grant) => grant.runKey),
      grants.map((grant) => grant.units),
      sign,
    ],
  );
}

/** Gives back what these pairs have not used; the caller holds their backlog rows. */
export async function giveBack(
  sql: Sql,
  pair: { readonly targetNo: number; readonly type: number },
  entityNos: readonly number[],
): Promise<void> {
  if (entityNos.length === 0) return;
  const rows = await sql.query<{ granted: readonly Grant[] }>(
    `with held as (select entity_no, granted from backlog
                    where target_id = $1 and entity_no = any($2::bigint[]) and granted is not null order by entity_no for update)
     update backlog b set granted = null from held where b.target_id = $1 and b.entity_no = held.entity_no returning held.granted`,
    [pair.targetNo, entityNos],
  );
  await move(
    sql,
    pair,
    rows.flatMap((row) => row.granted),
    -1,
  );
}

/** Deletions of a run, counted before the first is executed (GOV-5). */
export interface DeletionBudget {
  readonly targetNo: number;
  readonly type: number;
  readonly runKey: string;
  readonly class: 'delete' | 'disable';
  readonly limit: Limit;
}

/**
 * Reserves all of so many deletions, or none. The caller notes the hour with the candidates, in the same transaction. Null: they are too
 * many. The transaction holds the budget until it ends.
 */
export async function reserveDeletions(sql: Sql, budget: DeletionBudget, count: number): Promise<string | null> {
  await lockBudgets(sql, budget, [budget.class]);
  const windows = await readWindows(sql, budget, [budget.class]);
  const window = windows.get(budget.class);
  if (window === undefined || (await exceeds(sql, budget, budget.limit, window, count))) return null;
  const hour = await currentHour(sql);
  await move(sql, budget, [{ class: budget.class, units: count, hour, runKey: budget.runKey }], 1);
  return hour;
}

/** Gives back what candidates of a run did not use: those that came to another end, or to none (GOV-3). Once, when the run ends. */
export async function giveBackDeletions(sql: Sql, runKey: string): Promise<void> {
  const rows = await sql.query<{ targetNo: number; type: number; class: GovernedClass; hour: Date; units: number }>(
    `with unused as (
       select target_id, entity_no, type, granted_class, granted_at, granted_units from absence
        where run_key = $1 and granted_at is not null and (outcome is null or outcome not in ('deleted', 'failed'))
        order by target_id, entity_no for update),
     cleared as (
       update absence a set granted_at = null, granted_class = null from unused u
        where a.run_key = $1 and a.target_id = u.target_id and a.entity_no = u.entity_no)
     select target_id as "targetNo", type, granted_class as class, granted_at as hour, sum(granted_units)::int as units
       from unused group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
    [runKey],
  );
  for (const { targetNo, type, class: name, hour, units } of rows)
    await move(sql, { targetNo, type }, [{ class: name, units, hour: hour.toISOString(), runKey }], -1);
}

/** Forgets use that no window looks at any more. */
export async function forgetOldUse(sql: Sql, targetNos: readonly number[]): Promise<void> {
  await sql.query(
    `delete from governor_use u
      where u.target_id = any($1::int[]) and u.hour < clock_timestamp() - interval '26 hours'
        and not exists (select from run r where r.run_key = u.run_key and r.state <> 'finished')`,
    [targetNos],
  );
}
