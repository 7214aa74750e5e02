import { afterProbe, afterResults, CLOSED, probeDelayMs } from '../../core/healing/breaker.js';
import type { Breaker } from '../../core/healing/breaker.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import { BACKLOG_STATE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';

/** Why a breaker opened, for administrators. */
export interface BreakerCause {
  readonly errorClass: ErrorClass;
  readonly message: string;
}

/** A probe or trial whose process died is over after this time, or when the next process of its machine comes (`lease-holders.ts`). */
const TRIAL_MS = 120_000;

interface GateRow {
  breaker: 'open' | 'trial' | null;
  recent: string;
  probes: number;
  stage: number;
  passed: number;
}

/**
 * Tells the breaker of a target what its requests came to (HEA-6) and ends a row of refusals. While everything is well this is one
 * look-up by key. Returns the state afterwards.
 */
export async function noteResults(
  pool: SqlPool,
  targetNo: number,
  letters: string,
  cause: BreakerCause | null,
): Promise<Breaker['state']> {
  if (letters === '') return 'closed';
  if (!/[^g]/.test(letters) && !(await isRemembered(pool, targetNo))) return 'closed';
  return pool.transaction(async (sql) => {
    const before = await lockGate(sql, targetNo);
    const after = afterResults(before, letters);
    await store(sql, targetNo, before, after, cause);
    if (letters.includes('g'))
      await sql.query('update target_gate set closed_since = null where target_id = $1', [targetNo]);
    if (before.state === 'trial' && after.state === 'closed') await forgiveRefusedCredentials(sql, targetNo);
    return after.state;
  });
}

/** The target answered, for a target whose breaker is switched off: it does not refuse everything any more. */
export async function noteSuccess(sql: Sql, targetNo: number): Promise<void> {
  await sql.query('update target_gate set closed_since = null where target_id = $1 and closed_since is not null', [
    targetNo,
  ]);
}

async function isRemembered(sql: Sql, targetNo: number): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from target_gate where target_id = $1 and (recent <> '' or breaker is not null or closed_since is not null)`,
    [targetNo],
  );
  return rows.length > 0;
}

async function lockGate(sql: Sql, targetNo: number): Promise<Breaker> {
  await sql.query('insert into target_gate (target_id) values ($1) on conflict do nothing', [targetNo]);
  const [row] = await sql.query<GateRow>(
    'select breaker, recent, probes, stage, passed from target_gate where target_id = $1 for update',
    [targetNo],
  );
  if (row === undefined) return CLOSED;
  const { breaker, recent, probes, stage, passed } = row;
  return { state: breaker ?? 'closed', recent, failedProbes: probes, stage, passed };
}

/** Ends the probe or trial under way, too. */
async function store(
  sql: Sql,
  targetNo: number,
  before: Breaker,
  after: Breaker,
  cause: BreakerCause | null,
): Promise<void> {
  const opens = after.state === 'open' && (before.state !== 'open' || after.failedProbes !== before.failedProbes);
  await sql.query(
    `update target_gate
        set breaker = $2, recent = $3, probes = $4, stage = $5, passed = $6,
            probe_until = case when $7 then null else probe_until end,
            opened_at = case when $2::text is null then null else coalesce(opened_at, clock_timestamp()) end,
            cause = case when $2::text is null then null when $8 then coalesce($9, cause) else cause end,
            reason = case when $2::text is null then null when $8 then coalesce($10, reason) else reason end,
            next_probe_at = case when $2::text is null then null
                                 when $8 then clock_timestamp() + $11::int * interval '1 millisecond' else next_probe_at end
      where target_id = $1`,
    [
      targetNo,
      after.state === 'closed' ? null : after.state,
      after.recent,
      after.failedProbes,
      after.stage,
      after.passed,
      before.state !== after.state || before.stage !== after.stage,
      opens,
      cause?.errorClass ?? null,
      cause?.message ?? null,
      probeDelayMs(after),
    ],
  );
}

/** The credentials work again: what they alone were in the way of is tried (HEA-3). */
async function forgiveRefusedCredentials(sql: Sql, targetNo: number): Promise<void> {
  await sql.query(
    `update backlog set error_class = null where target_id = $1 and error_class = 'auth' and state = ${BACKLOG_STATE.due}`,
    [targetNo],
  );
}

/**
 * Takes the probe of an open breaker; false when it is not due, somebody else is at it, or the breaker is not open. `now`: a job has
 * come that wants to know at once.
 */
export async function takeProbe(sql: Sql, targetNo: number, now: boolean): Promise<boolean> {
  const rows = await sql.query(
    `update target_gate set probe_until = clock_timestamp() + ${TRIAL_MS} * interval '1 millisecond', probe_token = next_lease_token()
      where target_id = $1 and breaker = 'open' and (probe_until is null or probe_until < clock_timestamp())
        and ($2 or next_probe_at <= clock_timestamp())
      returning 1`,
    [targetNo, now],
  );
  return rows.length > 0;
}

/** Tells what the probe came to; a good one lets the first request through. */
export async function endProbe(pool: SqlPool, targetNo: number, failure: BreakerCause | null): Promise<void> {
  await pool.transaction(async (sql) => {
    const before = await lockGate(sql, targetNo);
    await store(sql, targetNo, before, afterProbe(before, failure === null), failure);
    await leaveTrial(sql, targetNo);
  });
}

/** Takes the trial under way: how many requests it may send; undefined while another process has it, or there is none. */
export async function takeTrial(sql: Sql, targetNo: number): Promise<number | undefined> {
  const [row] = await sql.query<{ requests: number }>(
    `update target_gate set probe_until = clock_timestamp() + ${TRIAL_MS} * interval '1 millisecond', probe_token = next_lease_token()
      where target_id = $1 and breaker = 'trial' and (probe_until is null or probe_until < clock_timestamp())
      returning stage - passed as requests`,
    [targetNo],
  );
  return row?.requests;
}

/** Gives a probe or trial back. */
export async function leaveTrial(sql: Sql, targetNo: number): Promise<void> {
  await sql.query('update target_gate set probe_until = null where target_id = $1', [targetNo]);
}

/** An administrator wants an open breaker to be probed as soon as anybody comes. */
export async function hurryProbe(sql: Sql, targetNo: number): Promise<void> {
  await sql.query(
    `update target_gate set next_probe_at = clock_timestamp() where target_id = $1 and breaker = 'open'`,
    [targetNo],
  );
}

/** When a target may be asked, for administrators. */
export interface GateView {
  readonly breaker: 'closed' | 'open' | 'trial';
  readonly errorClass: string | null;
  readonly reason: string | null;
  readonly openedAt: Date | null;
  readonly nextProbeAt: Date | null;
  readonly failedProbes: number;
  /** The target asked to be left alone until then (429). */
  readonly closedUntil: Date | null;
}

/** The gate of a target as it is. */
export async function viewGate(sql: Sql, targetNo: number): Promise<GateView> {
  const [row] = await sql.query<GateView>(
    `select coalesce(breaker, 'closed') as breaker, cause as "errorClass", reason, opened_at as "openedAt", next_probe_at as "nextProbeAt",
            probes as "failedProbes", case when closed_until > clock_timestamp() then closed_until end as "closedUntil"
       from target_gate where target_id = $1`,
    [targetNo],
  );
  return (
    row ?? {
      breaker: 'closed',
      errorClass: null,
      reason: null,
      openedAt: null,
      nextProbeAt: null,
      failedProbes: 0,
      closedUntil: null,
    }
  );
}
