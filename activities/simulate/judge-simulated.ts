import type { AbsenceOutcome, Candidate } from '../../state/absence/candidates.js';
import { listSurvivors } from '../../state/drain/claims.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import { listLeaving } from '../../state/simulation/candidates.js';
import type { NewResult } from '../../state/simulation/results.js';
import { confirmAbsence } from '../absence/confirm.js';
import { partsOf } from '../absence/delete-parts.js';
import { judgeBySteps } from '../absence/judge-candidate.js';
import type { Judgement, LinkedLink } from '../absence/judge-candidate.js';
import { mapUpdateInstead } from '../absence/let-go.js';
import { deletesShared } from '../absence/step-rule.js';
import { LeaseClock } from '../drain/lease-clock.js';
import { newWork, UNDECIDED } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { describeDeletion } from '../plan/describe-deletion.js';
import { OUTCOME_OF } from '../plan/planning-sink.js';
import { placeOf } from './simulate-writes.js';
import { plainResult, resultOfChange } from './to-result.js';

/** A candidate with what is known of it. */
export interface SimulatedCandidate {
  readonly candidate: Candidate;
  readonly pair: StoredPair;
  /** The entity as the simulated read has it; undefined: it was not delivered. */
  readonly read: { readonly presence: 'present' | 'skipped'; readonly body: Buffer | null } | undefined;
  /** The source has said a short while ago that the entity does not exist. */
  readonly isKnown: boolean;
}

/** How a simulated candidate ends. */
export interface SimulatedEnd {
  readonly outcome: AbsenceOutcome | null;
  /** One for each target entity that is deleted, or kept with a result. */
  readonly results?: readonly NewResult[];
  /** The source was asked, and does not have the entity. */
  readonly isConfirmed?: boolean;
}

/** What DEL-23 and DEL-6 say of a candidate, without asking the target and without a claim: nothing is going to be sent. */
export async function judgeSimulated(env: DrainEnvironment, known: SimulatedCandidate): Promise<SimulatedEnd> {
  const { candidate, pair } = known;
  const asks = candidate.cause === 'notSeen' && !known.isKnown && env.tools.context.safety.confirmsAbsence;
  if (asks) {
    const answer = await confirmAbsence(env.tools.context, env.type, pair.nativeId ?? pair.sourceKey, env.stop);
    if (answer !== 'absent') return { outcome: answer === 'found' ? 'unknownFound' : 'unknownFailed' };
  }
  const work = workOf(known);
  const end = await judgeParts(env, { ...work, parts: partsOf(env, work) }, candidate);
  return { ...end, isConfirmed: asks };
}

/** LNK-3: each of several target entities has its own result. */
async function judgeParts(env: DrainEnvironment, work: Work, candidate: Candidate): Promise<SimulatedEnd> {
  if (work.parts.length === 0) return judgeByRules(env, work, candidate);
  const ends: SimulatedEnd[] = [];
  for (const part of work.parts) ends.push(await judgeByRules(env, part, candidate));
  const heaviest = ends.find(({ results }) => results !== undefined) ?? ends[0];
  return { outcome: heaviest?.outcome ?? null, results: ends.flatMap(({ results = [] }) => results) };
}

async function judgeByRules(env: DrainEnvironment, work: Work, candidate: Candidate): Promise<SimulatedEnd> {
  const stored = work.pair.link;
  if (stored?.state !== 'linked' || stored.targetKey === null) return { outcome: OUTCOME_OF.unlinked };
  const link: LinkedLink = { ...stored, targetKey: stored.targetKey };
  if (await isShared(env, work, link)) return { outcome: OUTCOME_OF.shared };
  const judgement = judgeBySteps(env, work, link);
  const { part, targetKey } = link;
  const subject = {
    sourceKey: work.pair.sourceKey,
    placeNo: work.row.entityNo,
    targetKey,
    ...(part !== null && { part }),
  };
  const outcome = OUTCOME_OF[judgement.kind];
  if (judgement.kind === 'kept')
    return {
      outcome,
      results: [plainResult(subject, { result: 'skipped', operation: 'delete', reason: judgement.reason })],
    };
  if (!isDeletion(judgement)) return { outcome };
  if (judgement.kind === 'updatedInstead') {
    const mapped = await mapUpdateInstead(env, work, link.targetKey);
    if ('message' in mapped) {
      const failure = { result: 'failed', operation: 'delete', code: mapped.code, reason: mapped.message } as const;
      return { outcome: 'failed', results: [plainResult(subject, failure)] };
    }
  }
  return { outcome, results: [resultOfChange(subject, describeDeletion(env, work, 'plan', candidate.cause))] };
}

function isDeletion({ kind }: Judgement): boolean {
  return kind === 'deleted' || kind === 'updatedInstead' || kind === 'emptied' || kind === 'unassigned';
}

/** DEL-20: somebody else keeps the target entity, who does not leave in this very simulation. */
async function isShared(env: DrainEnvironment, work: Work, { ord }: LinkedLink): Promise<boolean> {
  const { pool } = env.services;
  const leaver = { targetNo: env.targetNo, entityNo: work.row.entityNo, ord, sourceNo: env.sourceNo };
  const heirs = await listSurvivors(pool, leaver, deletesShared(env.tools.target));
  if (heirs.length === 0) return false;
  const leaving = await listLeaving(pool, placeOf(env), heirs);
  return heirs.some((heir) => !leaving.has(heir));
}

/** The pair as it would be after the intake of this read. */
function workOf({ candidate, pair, read }: SimulatedCandidate): Work {
  const link = candidate.cause === 'outOfScope' && pair.link !== null ? { ...pair.link, outOfScope: true } : pair.link;
  return newWork({
    row: {
      entityNo: candidate.entityNo,
      prio: 0,
      gen: 0,
      forced: false,
      takenOver: false,
      seen: false,
      attempts: 0,
      heldClass: null,
    },
    pair: { ...pair, presence: read?.presence ?? 'absent', commonBody: read?.body ?? pair.commonBody, link },
    evaluation: UNDECIDED,
    references: new Map(),
    token: 0,
    clock: new LeaseClock(),
  });
}
