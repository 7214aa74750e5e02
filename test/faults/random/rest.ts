import { checkAtRest } from '../checker/check.js';
import { waitingPairs } from '../checker/waiting.js';
import type { FaultWorld } from '../support/fault-world.js';
import { PEOPLE } from './commands.js';
import { decidable, decideOn, setQuarantine } from './review.js';

/** Each round approves everything that was kept back, applies it, and reads once more. */
const APPROVAL_ROUNDS = 6;

/**
 * The end of a story, in two steps. First nothing is disturbed any more: everything is in step but what waits for somebody's decision, and
 * that stands still. Then everything is approved and nobody is left alone any more: nothing but what was rejected may be left.
 */
export async function comeToRest(world: FaultWorld): Promise<string[]> {
  meetVanished(world);
  await world.quiesce();
  const still = await checkStandstill(world, 'at rest');
  if (still.length > 0 || (await waitingPairs(world.evidence())).length === 0) return still;
  await releaseEverybody(world);
  const kept = await approveEverything(world);
  return kept.length > 0 ? kept : checkStandstill(world, 'when everything is approved');
}

async function checkStandstill(world: FaultWorld, when: string): Promise<string[]> {
  // Whoever has left is known to be gone only when the last read is over.
  await world.furtherWrites();
  const late = await world.furtherWrites();
  const broken = await checkAtRest(world.evidence());
  return [
    ...late.map((write) => `1: written by a further run: ${write} (${when})`),
    ...broken.map(({ rule, message }) => `${rule}: ${message} (${when})`),
  ];
}

/** That an account is gone is noticed when it is written next. */
function meetVanished(world: FaultWorld): void {
  for (const name of new Set(world.targets.flatMap((target) => [...target.vanished.keys()]))) {
    const id = PEOPLE.find((one) => `${one}@example.com`.toLowerCase() === name);
    if (id !== undefined && world.source.simulator.store.get('User', id) !== undefined) world.edit(id);
  }
}

async function releaseEverybody(world: FaultWorld): Promise<void> {
  for (const target of world.targets)
    for (const { name, toMs } of target.quarantines) {
      const no = PEOPLE.findIndex((id) => `${id}@example.com`.toLowerCase() === name);
      if (toMs === Infinity) await setQuarantine(world, target, no, 'release');
    }
  await world.run();
}

async function approveEverything(world: FaultWorld): Promise<string[]> {
  for (let round = 0; round < APPROVAL_ROUNDS; round += 1) {
    for (const plan of await decidable(world)) {
      await decideOn(world, plan, { decision: 'approve', verb: null });
      if ((await countApproved(world, plan.planNo)) === 0) continue;
      const { runKey, jobId } = await world.engine.requestApply(plan);
      await world.workThrough(runKey, jobId);
    }
    await world.run();
    if ((await waitingPairs(world.evidence())).every(({ reason }) => reason === 'rejected')) return [];
  }
  const left = await waitingPairs(world.evidence());
  return left.map(({ key, reason }) => `GOV-7: ${key} still waits after everything was approved: ${reason}`);
}

async function countApproved({ engine }: FaultWorld, planNo: number): Promise<number> {
  const [row] = await engine.pool.query<{ count: number }>(
    `select count(*)::int as count from change where plan_no = $1 and state = 'approved'`,
    [planNo],
  );
  return row?.count ?? 0;
}
