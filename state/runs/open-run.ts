import type { JsonObject } from '../../core/json.js';
import type { RunConfiguration } from '../config/index.js';
import type { Sql, SqlPool } from '../database.js';
import { RunTakenOverError } from './fence.js';
import type { ShareLimit } from './read-mode.js';
import { newJobId } from './job-id.js';
import { IS_SIMULATION } from './run.js';
import type { Acceptances, RunKind } from './run.js';
import { reportedBy } from './worker-report.js';

/** The configuration a run works with from start to end (JOB-15); no secrets. */
export interface FrozenRun extends RunConfiguration {
  /** ISO 8601: `currentDate` of the whole run (TRF-9). */
  readonly now: string;
  /** Marks of a delta read by entity type; empty for a full read. */
  readonly watermarks: Readonly<Record<string, JsonObject>>;
  /** Absent: any number of changes is read as a delta (RDM-13). */
  readonly changeShare?: ShareLimit;
  /** Numbers of the targets in which a plan looks for accounts that exist (PLN-14); absent: in none. */
  readonly matches?: readonly number[];
  /** A scheduled Read that `ips.full.read.force.count` made a full one (RDM-9). */
  readonly forcedFull?: boolean;
}

/** A run that its new owner has taken; mode and configuration are null until they are frozen. */
export interface OpenedRunRow {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly kind: RunKind;
  /** The plan that is applied, of a run of kind `apply`. */
  readonly planNo: number | null;
  /** The job was asked for as one that sends: its source wants it to stop at the plan (PLN-13). */
  readonly planFirst: boolean;
  /** Whether a plan looks for accounts that exist (PLN-14); null: in targets where the source has provisioned nobody. */
  readonly match: boolean | null;
  /** A point of the schedule asked for it, whatever its trigger type has become since (STP-4). */
  readonly isScheduled: boolean;
  /** What was accepted for this job; null: nothing. */
  readonly accepts: Acceptances | null;
  readonly mode: 'full' | 'delta' | null;
  readonly frozen: FrozenRun | null;
  /** Content properties that the run uses, with the versions of their settings (TRC-2); null: none. Known when it is frozen. */
  readonly traced?: Readonly<Record<string, number>> | null;
}

/**
 * Makes this Temporal run the owner of a run that is not closed; undefined when it is closed. Older owners are fenced off at once, and
 * never get it back ⚠: an attempt to open the run that wakes up after its workflow has continued as new would take it from its own successor,
 * which then ends quietly, and the job is lost. A new owner tells the end of the intake itself: drains that relied on the word of the older
 * one would be over before its reading is. A paused run is resumed by it (STP-4).
 */
export async function takeRun(sql: Sql, runKey: string, owner: string): Promise<OpenedRunRow | undefined> {
  const rows = await sql.query<OpenedRunRow>(
    `update run set owner = $2, past_owners = case when owner <> $2 then past_owners || owner else past_owners end,
            intake_ended = intake_ended and owner is not distinct from $2, state = 'running', started_at = coalesce(started_at, now()),
            ${reportedBy(3)}
      where run_key = $1 and state in ('starting', 'running') and $2 <> all (past_owners)
      returning run_key::text as "runKey", source_id as "sourceNo", kind, plan_no as "planNo", plan_first as "planFirst", match,
                is_scheduled as "isScheduled", accepts, mode, frozen`,
    [runKey, owner, newJobId()],
  );
  return rows[0];
}

/**
 * Stores what the run works with. The first writer wins: an attempt that wakes up when the run has begun changes nothing. A manual run
 * also lets healing go on again, but for a simulation. False when one of its systems was deleted meanwhile; from here on none of them can be ⚠, or a write under way
 * would leave rows of a system that is gone.
 *
 * @param contents content properties that a run of this kind uses, if they are on now; default: none
 */
export async function freezeRun(
  pool: SqlPool,
  runKey: string,
  owner: string,
  mode: 'full' | 'delta',
  frozen: FrozenRun,
  contents: readonly string[] = [],
): Promise<boolean> {
  const targets = frozen.targets.filter((target) => target.enabled).map((target) => target.no);
  return pool.transaction(async (sql) => {
    const systems = [frozen.source.no, ...targets];
    const kept = await sql.query('select no from system where no = any($1::int[]) order by no for key share', [
      systems,
    ]);
    if (kept.length < systems.length) return false;
    await freeze(sql, runKey, owner, mode, frozen, contents);
    // A target that is disconnected later still belongs to this run: it cannot be deleted before its end.
    await sql.query(
      'insert into run_target (run_key, target_id) select $1, t from unnest($2::int[]) t on conflict do nothing',
      [runKey, targets],
    );
    return true;
  });
}

async function freeze(
  sql: Sql,
  runKey: string,
  owner: string,
  mode: 'full' | 'delta',
  frozen: FrozenRun,
  contents: readonly string[],
): Promise<void> {
  await sql.query(
    `with frozen as (
       update run set mode = $3, frozen = $4::json,
              traced = (select json_object_agg(c.name, c.version) from content_switch c
                         where c.system_no = run.source_id and c.name = any($5::text[]))
        where run_key = $1 and owner = $2 and state = 'running' and frozen is null
        returning source_id, kind)
     insert into source_state (source_id) select r.source_id from frozen r where not ${IS_SIMULATION}
     on conflict (source_id) do update set heal_paused = false`,
    [runKey, owner, mode, JSON.stringify(frozen), contents],
  );
}

/** The frozen configuration of a run this owner holds. Throws {@link RunTakenOverError} otherwise. */
export async function loadFrozenRun(
  sql: Sql,
  runKey: string,
  owner: string,
): Promise<OpenedRunRow & { mode: 'full' | 'delta'; frozen: FrozenRun }> {
  const rows = await sql.query<OpenedRunRow & { mode: 'full' | 'delta'; frozen: FrozenRun }>(
    `select run_key::text as "runKey", source_id as "sourceNo", kind, plan_no as "planNo", plan_first as "planFirst", match,
            is_scheduled as "isScheduled", accepts, mode, frozen, traced from run
      where run_key = $1 and owner = $2 and state = 'running' and frozen is not null`,
    [runKey, owner],
  );
  if (rows[0] === undefined) throw new RunTakenOverError(`run ${runKey} is closed or owned by another attempt`);
  return rows[0];
}

/** All types are read, or the source failed: drains may come to their end. Returns how the run reads; undefined when it is not ours. */
export async function markIntakeEnded(sql: Sql, runKey: string, owner: string): Promise<'full' | 'delta' | undefined> {
  const [run] = await sql.query<{ mode: 'full' | 'delta' }>(
    `update run set intake_ended = true where run_key = $1 and owner = $2 and state = 'running' returning mode`,
    [runKey, owner],
  );
  return run?.mode;
}

/** Keeps the first error of the source for *Error Message* (STA-6, ORD-11); a closed run says no more. */
export async function recordRunError(sql: Sql, runKey: string, message: string): Promise<void> {
  await sql.query(
    `update run set error_message = coalesce(error_message, $2) where run_key = $1 and state = 'running'`,
    [runKey, message],
  );
}
