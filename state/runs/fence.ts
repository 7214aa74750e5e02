import type { Sql } from '../database.js';

/** The run is closed, or another attempt owns it: whoever gets this stops and commits nothing. */
export class RunTakenOverError extends Error {
  override readonly name = 'RunTakenOverError';
}

/** Guard of {@link RunTakenOverError}. */
export function isRunTakenOverError(error: unknown): error is RunTakenOverError {
  return error instanceof RunTakenOverError;
}

/**
 * The run is still this owner's, but another attempt of the same step has taken the chain since. Not final: an attempt that was stopped
 * for a while can wake up and overtake the one that replaced it, which must then be repeated and not be taken for the end of the run.
 */
export class ChainOvertakenError extends Error {
  override readonly name = 'ChainOvertakenError';
}

/** What an attempt of an activity works under. Each attempt of a chain raises the fence, so older attempts are refused. */
export interface RunFence {
  readonly runKey: string;
  /** Temporal run id of the workflow that owns the run. */
  readonly owner: string;
  /** `intake`, or `target/<number>`. */
  readonly chain: string;
  readonly fence: number;
}

/** Takes a chain of a run over. Throws {@link RunTakenOverError} when the run is not this owner's, or not running. */
export async function takeChain(sql: Sql, runKey: string, owner: string, chain: string): Promise<RunFence> {
  const rows = await sql.query<{ fence: number }>(
    `insert into run_chain (run_key, chain, fence)
     select run_key, $3, 1 from run where run_key = $1 and owner = $2 and state = 'running'
     on conflict (run_key, chain) do update set fence = run_chain.fence + 1
     returning fence`,
    [runKey, owner, chain],
  );
  if (rows[0] === undefined) throw new RunTakenOverError(`run ${runKey} is closed or owned by another attempt`);
  return { runKey, owner, chain, fence: rows[0].fence };
}

/**
 * Must be the first statement of a transaction that moves a run forward: refuses it when a newer attempt has begun, and keeps a newer
 * one from beginning until this transaction is over. Throws {@link RunTakenOverError}, or {@link ChainOvertakenError} while the run is
 * still this owner's.
 */
export async function holdFence(sql: Sql, fence: RunFence): Promise<void> {
  const rows = await sql.query(
    `select 1 from run_chain c join run r on r.run_key = c.run_key
      where c.run_key = $1 and c.chain = $2 and c.fence = $3 and r.owner = $4 and r.state = 'running'
        for share`,
    [fence.runKey, fence.chain, fence.fence, fence.owner],
  );
  if (rows.length > 0) return;
  const ours = await sql.query(`select 1 from run where run_key = $1 and owner = $2 and state = 'running'`, [
    fence.runKey,
    fence.owner,
  ]);
  if (ours.length === 0) throw new RunTakenOverError(`run ${fence.runKey} is closed or owned by another attempt`);
  throw new ChainOvertakenError(`another attempt works on ${fence.chain} of run ${fence.runKey}`);
}
