import { countedCandidates, keepStanding, noteGranted } from '../../state/absence/governed.js';
import { endCandidates } from '../../state/absence/candidates.js';
import type { Sql } from '../../state/database.js';
import { readPairs } from '../../state/drain/pair-facts.js';
import { reserveDeletions } from '../../state/governor/budget.js';
import { storeChanges } from '../../state/plans/store-changes.js';
import { LeaseClock } from '../drain/lease-clock.js';
import { newWork, UNDECIDED } from '../drain/work.js';
import type { DrainEnvironment } from '../drain/work.js';
import { deletionClass, describeDeletion } from '../plan/describe-deletion.js';
import { plansOnly, rulesOf } from '../plan/sink-of.js';
import { stepRule } from './step-rule.js';

/** Candidates that are described and stored at once. */
const PORTION = 500;

/**
 * GOV-5: the deletions of a run are counted before the first is executed, after the thresholds (GOV-9): too many, and all of them are held.
 * In the transaction that made the candidates, so that no process deletes what another one still counts. Repeating it counts nothing twice.
 */
export async function governDeletions(sql: Sql, env: DrainEnvironment): Promise<void> {
  const place = { runKey: env.runKey, targetNo: env.targetNo, type: env.typeCode };
  const overdue = new Set(await keepStanding(sql, place));
  if (env.program.skipOperations.has('delete')) return;
  const counted = await countedCandidates(sql, place, stepRule(env.sourceNo, env.tools.target));
  const again = counted.filter((one) => overdue.has(one.entityNo));
  if (again.length > 0) await holdAll(sql, env, again);
  // What a plan stores is approved one by one.
  if (plansOnly(env.tools.context)) return;
  const fresh = counted.filter((one) => !overdue.has(one.entityNo));
  const name = deletionClass(env);
  const limit = rulesOf(env.tools.context, env.tools.target).limits.get(name);
  if (limit === undefined || fresh.length === 0) return;
  const accounts = fresh.reduce((sum, one) => sum + one.accounts, 0);
  const hour = await reserveDeletions(sql, { ...place, class: name, limit }, accounts);
  if (hour === null) await holdAll(sql, env, fresh);
  else await noteGranted(sql, place, { class: name, hour }, fresh);
}

async function holdAll(
  sql: Sql,
  env: DrainEnvironment,
  candidates: readonly { readonly entityNo: number; readonly cause: string }[],
): Promise<void> {
  const place = { runKey: env.runKey, sourceNo: env.sourceNo, targetNo: env.targetNo, type: env.typeCode };
  for (let first = 0; first < candidates.length; first += PORTION) {
    const portion = candidates.slice(first, first + PORTION);
    const pairs = await readPairs(
      sql,
      env.targetNo,
      portion.map((one) => one.entityNo),
    );
    const changes = portion.flatMap(({ entityNo, cause }) => {
      const pair = pairs.get(entityNo);
      if (pair === undefined) return [];
      const work = newWork({
        row: { ...NO_ROW, entityNo },
        pair,
        evaluation: UNDECIDED,
        references: new Map(),
        token: 0,
        clock: new LeaseClock(),
      });
      return [describeDeletion(env, work, 'held', cause)];
    });
    await storeChanges(sql, place, changes);
  }
  const ends = candidates.map(({ entityNo }) => ({ entityNo, outcome: 'held' as const }));
  await endCandidates(sql, env.runKey, env.targetNo, ends);
}

/** Nothing is leased while deletions are counted. */
const NO_ROW = { gen: 0, prio: 0, attempts: 0, forced: false, takenOver: false, seen: false, heldClass: null } as const;
