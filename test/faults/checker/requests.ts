import type { JournalRecord } from '../../../simulators/scim/journal.js';
import type { Evidence, TargetEvidence, Violation } from './evidence.js';

/** What a stop may take until nobody begins a request any more (STP-2). */
const STOP_MS = 1_000;
/** A loaded machine delivers a request later than it was sent. */
const DELIVERY_MS = 500;

const WRITES = ['create', 'replace', 'patch', 'delete'];

/** Invariant 5: a version that rises in the source never falls in a target, as long as nobody works there without the right to. */
export function checkVersions(evidence: Evidence): Violation[] {
  if (evidence.hadZombies) return [];
  return evidence.targets.flatMap((target) => {
    const latest = new Map<string, number>();
    return appliedWrites(target).flatMap((record) => {
      const version = /"v(\d+)"/.exec(record.body ?? '')?.[1];
      const key = record.key?.toLowerCase() ?? '';
      if (version === undefined || record.type !== 'User') return [];
      const before = latest.get(key) ?? 0;
      latest.set(key, Number(version));
      return Number(version) < before
        ? [{ rule: '5', message: `${key} in ${target.name} went back from v${before} to v${version}` }]
        : [];
    });
  });
}

/** Invariant 6: at most C writes at a time and target; twice as many while a process that lost its right winds down. */
export function checkInFlight(evidence: Evidence): Violation[] {
  return evidence.targets.flatMap((target) => {
    const limit = target.concurrency * (evidence.hadZombies || evidence.deaths > 0 ? 2 : 1);
    const highest = highestOverlap(writesOf(target));
    return highest > limit
      ? [{ rule: '6', message: `${highest} writes at a time in ${target.name}, ${limit} are allowed` }]
      : [];
  });
}

/** Engine invariant 8: two writes to one target entity never overlap; one that was cut off may still be executed. */
export function checkOneWriter(evidence: Evidence): Violation[] {
  if (evidence.hadZombies || evidence.deaths > 0) return [];
  return evidence.targets.flatMap((target) => {
    const perEntity = new Map<string, JournalRecord[]>();
    for (const record of writesOf(target)) {
      if (record.entityId === undefined || record.operation === 'create' || record.status === 0) continue;
      perEntity.set(record.entityId, [...(perEntity.get(record.entityId) ?? []), record]);
    }
    return [...perEntity].flatMap(([id, records]) =>
      highestOverlap(records) > 1
        ? [{ rule: 'engine 8', message: `${id} in ${target.name} had two writers at once` }]
        : [],
    );
  });
}

/** Invariant 8: after a stop no request begins, at the source or at a target, until the job is over. */
export function checkStops(evidence: Evidence): Violation[] {
  const simulators = [...evidence.sources, ...evidence.targets].map(({ simulator }) => simulator);
  return evidence.stops.flatMap((stop) =>
    simulators.flatMap(({ journal }) =>
      journal
        .since(0)
        .filter(
          ({ receivedAtMs }) =>
            receivedAtMs > stop.requestedMs + STOP_MS + DELIVERY_MS + (stop.delayMs ?? 0) && receivedAtMs < stop.overMs,
        )
        .map((record) => ({
          rule: '8',
          message: `${record.method} ${record.path} began ${Math.round(record.receivedAtMs - stop.requestedMs)} ms after the stop`,
        })),
    ),
  );
}

/**
 * Invariant 7: a write is not repeated with the same content unless a process died or an answer got lost. `forced`: jobs that write
 * everything on purpose.
 */
export function checkRepetitions(evidence: Evidence, allowed: number): Violation[] {
  return evidence.targets.flatMap((target) => {
    const last = new Map<string, string>();
    const repeated = appliedWrites(target).filter((record) => {
      const key = `${record.type ?? ''} ${record.entityId ?? record.key ?? ''}`;
      const content = `${record.operation ?? ''} ${record.body ?? ''}`;
      const isSame = last.get(key) === content && record.operation !== 'delete';
      last.set(key, content);
      return isSame;
    });
    return repeated.length > allowed
      ? [{ rule: '7', message: `${repeated.length} writes were repeated in ${target.name}, ${allowed} are explained` }]
      : [];
  });
}

/** Everything that was sent to change a target, in order. */
export function writesOf(target: TargetEvidence): JournalRecord[] {
  return target.simulator.journal.since(0).filter(({ operation }) => WRITES.includes(operation ?? ''));
}

function appliedWrites(target: TargetEvidence): JournalRecord[] {
  return writesOf(target).filter((record) => record.applied);
}

function highestOverlap(records: readonly JournalRecord[]): number {
  const edges = records.flatMap(({ receivedAtMs, endedAtMs = receivedAtMs }) => [
    { atMs: receivedAtMs, step: 1 },
    { atMs: endedAtMs, step: -1 },
  ]);
  edges.sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let current = 0;
  return edges.reduce((highest, { step }) => {
    current += step;
    return Math.max(highest, current);
  }, 0);
}
