import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { PartResult } from '../../state/drain/part-writes.js';
import type { RowEnd, Settlement } from '../../state/drain/settle.js';
import { settlement } from './work.js';
import type { Work } from './work.js';

/** Of several ends the first of these is that of the pair: only when all parts are in step the pair is. */
const BY_WEIGHT: readonly RowEnd['kind'][] = [
  'unknown',
  'released',
  'late',
  'held',
  'failed',
  'waiting',
  'parked',
  'settled',
];

/**
 * One settlement of a pair from those of its parts, in their order (LNK-3). What was done with a part is kept whatever became of the others; as
 * long as one of them is not in step, the first link says that the pair is not ⚠, because that is where everybody looks.
 */
export function combineParts(work: Work, ends: readonly Settlement[]): Settlement {
  const kinds = new Set(ends.map(({ end }) => end.kind));
  const heaviest = BY_WEIGHT.find((kind) => kinds.has(kind)) ?? 'settled';
  const end = ends.find((one) => one.end.kind === heaviest)?.end ?? { kind: 'settled' };
  const parts = work.parts.map((part, index) => resultOf(part, ends[index], end.kind === 'settled'));
  const change = ends.find((one) => one.change !== null)?.change ?? null;
  return settlement(work, withRest(work, end, parts), {
    parts,
    references: ends.find(({ references }) => references?.resolved)?.references ?? ends[0]?.references ?? null,
    targetKeyChanged: ends.some((one) => one.targetKeyChanged) || haveOthersMoved(work.parts, parts),
    change:
      change === null ? null : { ...change, linkVersion: versionAfter(work.parts[0], parts[0], change.linkVersion) },
    decided: ends.find((one) => one.decided !== null)?.decided ?? null,
    isCandidate: ends.some((one) => one.isCandidate),
  });
}

function resultOf(part: Work, given: Settlement | undefined, inStep: boolean): PartResult {
  const place = { ord: part.part?.ord ?? 0, part: part.part?.name ?? '' };
  const written = given?.link ?? null;
  // A skipped part is no part: the next look at the pair notes that nothing is wanted.
  const link = written?.kind === 'skipped' ? ({ kind: 'removed' } as const) : written;
  const end = given?.end;
  return {
    ...place,
    link: inStep ? link : outOfStep(part, link, end?.kind === 'failed'),
    log: given?.log ? { ...given.log, message: labelled(part, given.log.message) } : null,
    errorClass: end?.kind === 'failed' ? end.errorClass : undefined,
  };
}

/** "failed entities show the origin" (logs-and-notifications.md, RTL-5). */
function labelled({ part }: Work, message: string | null): string | null {
  const name = `${part?.attribute ?? 'part'} ${part?.name ?? ''}`;
  return message === null ? name : `${name}: ${message}`;
}

/** In a pair that is not in step the target hash tells which part needs nothing more; one that has failed has none, so that it is tried again (CHG-1). */
function outOfStep(part: Work, written: LinkWrite | null, hasFailed: boolean): LinkWrite | null {
  if (written !== null) return written.kind === 'linked' ? { ...written, commonHash: null } : written;
  const stored = part.pair.link;
  if (stored?.state !== 'linked' || stored.targetKey === null) return null;
  if (stored.commonHash === null && !hasFailed) return null;
  const { targetKey, targetHash, program, outOfScope, etag, groupsDue } = stored;
  const origin = stored.origin ?? 'existedBefore';
  return {
    kind: 'linked',
    targetKey,
    origin,
    commonHash: null,
    targetHash: hasFailed ? null : targetHash,
    program,
    outOfScope,
    etag,
    body: null,
    groupsDue,
  };
}

/** A present entity without any link is not in step (engine.md §2): its row stays. */
function withRest(work: Work, end: RowEnd, parts: readonly PartResult[]): RowEnd {
  const isLeft = work.parts.some((part, index) => keyAfter(part, parts[index]) !== null);
  return end.kind === 'settled' && work.pair.presence === 'present' && !isLeft ? { kind: 'waiting' } : end;
}

/** An account more or less than those that groups were written with. */
function haveOthersMoved(works: readonly Work[], parts: readonly PartResult[]): boolean {
  const before = works.map(keyBefore);
  if (before.every((key) => key === null)) return false;
  return works.some((part, index) => keyAfter(part, parts[index]) !== before[index]);
}

function keyBefore({ pair: { link } }: Work): string | null {
  return link?.state === 'linked' ? link.targetKey : null;
}

function keyAfter(work: Work, part: PartResult | undefined): string | null {
  const link = part?.link ?? null;
  if (link === null) return keyBefore(work);
  return link.kind === 'linked' ? link.targetKey : null;
}

/** A change that is stored with the settlement is about the pair as the settlement leaves it (PLN-10). */
function versionAfter(work: Work | undefined, part: PartResult | undefined, known: number | null): number | null {
  const stored = work?.pair.link;
  if (stored?.state !== 'linked') return known;
  const link = part?.link ?? null;
  const moves = link?.kind === 'linked' && (link.body !== null || link.targetKey !== stored.targetKey);
  return stored.version + (moves ? 1 : 0);
}
