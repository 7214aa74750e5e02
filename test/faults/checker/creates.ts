import type { JournalRecord } from '../../../simulators/scim/journal.js';
import { agedBefore } from './evidence.js';
import type { Evidence, TargetEvidence, Violation } from './evidence.js';
import { runAt, runSpans } from './runs.js';
import type { RunSpan } from './runs.js';

const CLOCK_MARGIN_MS = 50;
/** Healing believes what was read so long ago (engine.md §9). */
const BODY_MAX_AGE_MS = 15 * 60_000;

/**
 * Invariants 3 and 7, engine invariant 4: no account is made twice, and after a create that was applied nobody sends another one without
 * having looked for the account. Engine.md §7 (ADR 0010): nobody is created who was not in the source while the run read it.
 */
export async function checkCreates(evidence: Evidence): Promise<Violation[]> {
  const spans = await runSpans(evidence);
  return evidence.targets.flatMap((target) => [
    ...[...target.simulator.journal.createsPerKey()].flatMap(([key, { maxLive }]) =>
      maxLive > 1 + (target.vanished.get(key.toLowerCase().replace(/^user:/, '')) ?? 0)
        ? [{ rule: '3', message: `${key} existed ${maxLive} times in ${target.name}` }]
        : [],
    ),
    // Of several sources each may send a create of its own: the second one meets a conflict and adopts (CNF-11).
    ...(target.sourceNos.length > 1 ? [] : blindRepetitions(target, evidence.hadZombies)),
    ...createdAfterLeaving(evidence, target, spans),
  ]);
}

function blindRepetitions(target: TargetEvidence, hadZombies: boolean): Violation[] {
  /** Keys whose create was applied and whose account nobody has looked for since. */
  const unheard = new Set<string>();
  const keys = new Map<string, string>();
  const violations: Violation[] = [];
  for (const record of target.simulator.journal.since(0)) {
    const key = record.key?.toLowerCase() ?? '';
    if (record.operation === 'list') for (const name of lookedUp(record, unheard)) unheard.delete(name);
    if (record.operation === 'delete' && record.applied) unheard.delete(key);
    // The target itself says that the account is gone, which is answered with a new one (CHG-7).
    if (record.operation !== 'create' && record.status === 404) unheard.delete(keys.get(record.entityId ?? '') ?? key);
    if (record.operation !== 'create') continue;
    // A process that stood still after its last look at the lease sends what it had in hand: nobody can look and send at once. It must not be applied.
    const isOfZombie = hadZombies && !record.applied;
    if (unheard.has(key) && !target.vanished.has(key) && !isOfZombie)
      violations.push({ rule: '7', message: `${key} was created blindly once more in ${target.name}` });
    if (record.applied) unheard.add(key);
    if (record.applied && record.entityId !== undefined) keys.set(record.entityId, key);
  }
  return violations;
}

function lookedUp({ query }: JournalRecord, names: ReadonlySet<string>): string[] {
  const asked = decodeURIComponent(query.replaceAll('+', ' ')).toLowerCase();
  return [...names].filter((name) => name !== '' && asked.includes(name));
}

/** Since when it must be known that somebody is there, for an account that is made at a moment. */
function knownSinceMs(evidence: Evidence, spans: readonly RunSpan[], atMs: number): number {
  const run = runAt(spans, atMs);
  // What was approved was there when it was planned (PLN-10 asks the source again for what takes something away only).
  if (run?.kind === 'apply') return run.plannedMs ?? 0;
  if (run !== undefined) return run.startedMs;
  return Math.max(agedBefore(evidence, atMs), atMs - BODY_MAX_AGE_MS);
}

function createdAfterLeaving(evidence: Evidence, target: TargetEvidence, spans: readonly RunSpan[]): Violation[] {
  const violations: Violation[] = [];
  for (const record of target.simulator.journal.since(0)) {
    if (record.operation !== 'create' || record.type !== 'User' || !record.applied) continue;
    const [id = ''] = (record.key ?? '').split('@');
    const atMs = record.receivedAtMs;
    // A page may have been read ahead by a run before; what counts is the run in which the account is made.
    const sinceMs = knownSinceMs(evidence, spans, atMs) - CLOCK_MARGIN_MS;
    const wasNowhere = evidence.sources
      .filter(({ no }) => target.sourceNos.includes(no))
      .every(({ timeline }) => timeline.isAbsentThroughout('User', id, sinceMs, atMs));
    if (wasNowhere)
      violations.push({ rule: 'engine §7', message: `${record.key ?? id} has left and was created in ${target.name}` });
  }
  return violations;
}
