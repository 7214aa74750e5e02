import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState } from '../../state/database.js';

const RETRY_INTERVAL_MS = 1_000;
/** An outage longer than this leaves the rows to their leases. */
const PATIENCE_MS = 4 * 60_000;

/** SQLSTATE classes of a server that is starting, stopping, out of connections or unreachable. */
const AWAY = ['08', '53', '57', '58'];

/**
 * Repeats a write while the database is away: an answer of a target that is already here must not be lost to a restart of PostgreSQL
 * (engine.md §6, settle needs the token, not the time). Errors of the statement itself are thrown at once.
 */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || Date.now() > untilMs) throw error;
      await sleep(RETRY_INTERVAL_MS);
    }
  }
}

/** True when the database is away for a while; false for errors of the statement itself. */
export function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  // Errors of the socket carry codes such as ECONNREFUSED, or none at all ("Connection terminated unexpectedly").
  if (state === undefined) return error instanceof Error && /connect|terminat|timeout/i.test(error.message);
  return AWAY.some((prefix) => state.startsWith(prefix)) || /^E[A-Z]+$/.test(state);
}
