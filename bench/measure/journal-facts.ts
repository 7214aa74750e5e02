import type { JournalRecord } from '../../simulators/scim/journal.js';

/** Creates that were carried out, per second, between the first that arrived and the last that was answered. */
export function createRate(records: readonly JournalRecord[]): number {
  const creates = records.filter((record) => record.operation === 'create' && record.applied);
  const first = Math.min(...creates.map((record) => record.receivedAtMs));
  const last = Math.max(...creates.map((record) => record.endedAtMs ?? 0));
  return creates.length < 2 ? 0 : (creates.length / (last - first)) * 1_000;
}

/**
 * Keys for which a create arrived after one of the same key had been carried out. The server refuses it, because names are unique; one
 * without that rule would hold the person twice.
 */
export function createdTwice(records: readonly JournalRecord[]): number {
  const applied = new Set<string>();
  const again = new Set<string>();
  for (const { operation, key, applied: isApplied } of records) {
    if (operation !== 'create' || key === undefined) continue;
    if (applied.has(key)) again.add(key);
    if (isApplied) applied.add(key);
  }
  return again.size;
}

/** Milliseconds from `momentMs` to the arrival of the last request; 0 when none arrived after it. */
export function lastRequestAfter(momentMs: number, records: readonly JournalRecord[]): number {
  return records.reduce((latest, record) => Math.max(latest, record.receivedAtMs - momentMs), 0);
}

/** Time of the last answer. @throws Error when there is none. */
export function lastAnswerAt(records: readonly JournalRecord[]): number {
  const last = records.reduce((latest, record) => Math.max(latest, record.endedAtMs ?? 0), 0);
  if (last === 0) throw new Error('no request was answered');
  return last;
}
