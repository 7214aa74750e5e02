import type { AbsenceOutcome } from '../../state/absence/candidates.js';
import type { StoredLink, StoredPair } from '../../state/drain/pair-facts.js';
import type { Settlement } from '../../state/drain/settle.js';
import { combineParts } from '../drain/combine-parts.js';
import { resolveIntent } from '../drain/create.js';
import { liveLinks } from '../drain/prepare-parts.js';
import { newWork, settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import type { CandidateEnd } from './candidate-end.js';
import { deletePair } from './delete-pair.js';
import { judgeCandidate } from './judge-candidate.js';
import type { Judgement, PlannedDeletion } from './judge-candidate.js';

/** The parts of a candidate that is several target entities (LNK-3); none for everybody else. */
export function partsOf(env: Pick<DrainEnvironment, 'split'>, work: Work): Work[] {
  const attribute = env.split?.attribute ?? null;
  const counts = { recreated: 0 };
  return liveLinks(work.pair).flatMap((link) => {
    if (link.part === null) return [];
    const part = { ord: link.ord, name: link.part, attribute, counts };
    return [{ ...newWork({ ...work, pair: { ...work.pair, link } }), part }];
  });
}

/** A pair that is marked to be on its way out, with all its links. */
export function markedOutOfScope(pair: StoredPair): StoredPair {
  const marked = (link: StoredLink): StoredLink => ({ ...link, outOfScope: true });
  return pair.link === null ? pair : { ...pair, link: marked(pair.link), parts: pair.parts.map(marked) };
}

/** How the parts of a candidate ended; `error` broke it off, and what was done until then is in the settlement. */
export interface PartsEnd {
  readonly end: CandidateEnd;
  readonly error?: unknown;
}

/**
 * DEL-6 for each of several target entities: whom we created is deleted, who existed before is let go. First all of them are judged, because what
 * keeps one of them, such as a person who came back, keeps all; then one after the other goes.
 */
export async function deleteParts(env: DrainEnvironment, work: Work, candidate: PlannedDeletion): Promise<PartsEnd> {
  const resolved = await resolveCreates(env, work);
  const judged: { readonly part: Work; readonly judgement: Judgement }[] = [];
  const open = resolved.filter(({ result }) => result === null);
  for (const part of open) judged.push({ part, judgement: await judgeCandidate(env, part, candidate, open.length) });
  const obstacle = judged.find(({ judgement }) => ['rejoined', 'busy', 'claimedByCreate'].includes(judgement.kind));
  if (obstacle !== undefined) return { end: await deletePair(env, work, obstacle.judgement) };
  const deletable = judged.filter(({ judgement }) => isDeletion(judgement));
  const shown = deletable[0] ?? judged[0];
  if (shown !== undefined) {
    const asked = { ...work, parts: deletable.map(({ part }) => part) };
    const refusal = await env.sink.admitDeletion(env, asked, { cause: candidate.cause, judgement: shown.judgement });
    if (refusal !== undefined) return { end: refusal };
  }
  const ends: CandidateEnd[] = [];
  try {
    for (const { part, judgement } of judged) {
      const end = await deletePair(env, part, judgement);
      part.result = end.settlement;
      ends.push(end);
    }
  } catch (error) {
    return { end: combined(work, resolved, ends, true), error };
  }
  return { end: combined(work, resolved, ends, false) };
}

function isDeletion({ kind }: Judgement): boolean {
  return kind === 'deleted' || kind === 'updatedInstead';
}

/** Creates whose outcome is not known are looked for first, or what they made would be left behind. Those that made nothing have a result. */
async function resolveCreates(env: DrainEnvironment, work: Work): Promise<Work[]> {
  const parts: Work[] = [];
  for (const part of work.parts) {
    const { link } = part.pair;
    if (link?.state !== 'creating') {
      parts.push(part);
      continue;
    }
    const result = await resolveIntent(env, part);
    const found = linkedBy(link, result);
    parts.push(found === undefined ? { ...part, result } : { ...part, pair: { ...part.pair, link: found } });
  }
  return parts;
}

function linkedBy(link: StoredLink, { link: write }: Settlement): StoredLink | undefined {
  if (write?.kind !== 'linked') return undefined;
  const { targetKey, origin, etag } = write;
  return { ...link, state: 'linked', targetKey, origin, etag, body: null, outOfScope: true };
}

function combined(
  work: Work,
  parts: readonly Work[],
  ends: readonly CandidateEnd[],
  isBrokenOff: boolean,
): CandidateEnd {
  const settled = combineParts(
    { ...work, parts },
    parts.map((part) => part.result ?? settlement(part, { kind: 'released' })),
  );
  return { settlement: settled, outcome: isBrokenOff ? null : outcomeOf(ends, settled), parts: ends };
}

const BY_WEIGHT: readonly AbsenceOutcome[] = ['failed', 'deleted', 'kept', 'shared', 'released'];

function outcomeOf(ends: readonly CandidateEnd[], { end }: Settlement): AbsenceOutcome {
  if (end.kind === 'failed') return 'failed';
  const outcomes = new Set(ends.map(({ outcome }) => outcome));
  return BY_WEIGHT.find((one) => outcomes.has(one)) ?? 'kept';
}
