import type { Sql } from '../database.js';
import { giveBackDeletions } from '../governor/budget.js';
import { storeHeldResults } from './held.js';
import { completePlans } from './plans.js';
import { endMovedChanges, expireChanges } from './reconcile-changes.js';

/**
 * What the end of a run, however it came, does to stored changes: those that are out of date end, budget that was not used goes back, and
 * what waits for approval becomes the results *Held* of the run. Before its results are counted, in the same transaction.
 */
export async function closeChanges(sql: Sql, runKey: string, sourceNo: number): Promise<void> {
  await expireChanges(sql, sourceNo);
  await endMovedChanges(sql, sourceNo);
  await giveBackDeletions(sql, runKey);
  await storeHeldResults(sql, runKey, sourceNo);
  await completePlans(sql, runKey);
}
