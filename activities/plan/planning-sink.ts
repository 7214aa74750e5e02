import type { NativeEntity } from '../../connectors/contract.js';
import { shapeOf } from '../../core/plan/classify.js';
import type { Settlement } from '../../state/drain/settle.js';
import { createdInRun } from '../../state/plans/approved.js';
import type { CandidateEnd } from '../absence/candidate-end.js';
import type { Judgement } from '../absence/judge-candidate.js';
import { mapForUpdate } from '../drain/outcomes.js';
import type { KnownReferences } from '../drain/resolve-references.js';
import type { Admission, ChangeSink, JudgedDeletion } from '../drain/sink.js';
import { settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { describeChange } from './describe-change.js';
import { describeDeletion } from './describe-deletion.js';
import { heldContent, matchExisting } from './match-existing.js';
import type { FoundMatch } from './match-existing.js';
import type { GovernedSink } from './governed-sink.js';
import { classOfVerb, plannedChange } from './planned-change.js';
import { plannedReferences } from './planned-references.js';

/**
 * Stores every change a run would make and sends nothing (PLN-3). No link is touched, and every pair stays due: a plan that is never
 * applied loses nothing (PLN-4).
 */
export class PlanningSink implements ChangeSink {
  readonly weighsDisables = false;
  readonly isExact = false;
  readonly changesNoLink = true;
  private created: Promise<ReadonlySet<string>> | undefined;

  constructor(private readonly governed: GovernedSink) {}

  async admit(env: DrainEnvironment, works: readonly Work[]): Promise<Admission> {
    if (!env.tools.context.matches.has(env.targetNo))
      return { works: [], settled: works.map((work) => this.plan(env, work)) };
    const unlinked = works.filter((work) => work.evaluation.action === 'create');
    const matches = await matchExisting(env, unlinked);
    const settled = works.map((work) => {
      const isOpen = work.evaluation.action === 'create' && !matches.has(work);
      return isOpen ? settlement(work, { kind: 'released' }) : this.plan(env, work, matches.get(work));
    });
    return { works: [], settled };
  }

  /** Nothing is sent, so nobody is found to be gone. */
  admitRecreate(_env: DrainEnvironment, work: Work): Promise<Settlement> {
    return Promise.resolve(settlement(work, { kind: 'waiting' }));
  }

  /** Who is present and not wanted is a candidate of the absence phase of this run. */
  local(env: DrainEnvironment, work: Work): Settlement {
    const { action } = work.evaluation;
    const present = work.pair.presence === 'present';
    const wasNoted = work.pair.link?.outOfScope === true || work.pair.link?.state === 'skipped';
    if (action === 'markSkipped' && !wasNoted) return settlement(work, { kind: 'waiting' }, { log: skipped(env) });
    return settlement(work, { kind: 'waiting' }, { isCandidate: action === 'markOutOfScope' && present });
  }

  admitDeletion(env: DrainEnvironment, work: Work, found: JudgedDeletion): Promise<CandidateEnd> {
    const isPlanned = ['deleted', 'updatedInstead', 'emptied', 'unassigned'].includes(found.judgement.kind);
    const change = isPlanned ? describeDeletion(env, work, 'plan', found.cause) : null;
    return Promise.resolve({
      settlement: settlement(work, { kind: 'waiting' }, { change }),
      outcome: OUTCOME_OF[found.judgement.kind],
    });
  }

  async references(env: DrainEnvironment, stored: KnownReferences): Promise<KnownReferences> {
    if (!env.program.linkDependent) return stored;
    this.created ??= createdInRun(env.services.pool, env.runKey, env.targetNo);
    return plannedReferences(env, stored, await this.created);
  }

  private plan(env: DrainEnvironment, work: Work, match?: FoundMatch): Settlement {
    const again = this.governed.heldAgain(env, work);
    if (again !== undefined) return again;
    // Nothing changes in the target: the next job writes it back.
    if (work.evaluation.action === 'writeBack') return settlement(work, { kind: 'waiting' });
    if (match?.entity && work.evaluation.action !== 'update') return planAdoption(env, work, match, match.entity);
    const found = plannedChange(env, work, match);
    return settlement(work, { kind: 'waiting' }, { change: found.kind === 'change' ? found.change : null });
  }
}

/** How a candidate ends that nothing was done to. */
export const OUTCOME_OF: Readonly<Record<Judgement['kind'], CandidateEnd['outcome']>> = {
  unlinked: 'kept',
  rejoined: 'rejoined',
  busy: null,
  shared: 'shared',
  claimedByCreate: 'shared',
  kept: 'kept',
  released: 'released',
  emptied: 'planned',
  unassigned: 'planned',
  updatedInstead: 'planned',
  deleted: 'planned',
};

/** An account that exists gets what an update would write (CNF-9); what it holds now is what the reviewer sees before that. */
function planAdoption(env: DrainEnvironment, work: Work, match: FoundMatch, { id, body }: NativeEntity): Settlement {
  const mapped = mapForUpdate(env, work, id);
  // Where updates are skipped the account is only linked (SKP-7): there is nothing to approve.
  if ('message' in mapped || env.program.skipOperations.has('update')) return settlement(work, { kind: 'waiting' });
  const held = heldContent(body, mapped.storable);
  const shape = shapeOf(held, mapped.storable);
  const facts = { kind: 'plan', verb: shape.verb, class: classOfVerb(shape.verb), shape, mapped, match, held } as const;
  const change = describeChange(env, work, { ...facts, operation: 'update', cause: null });
  return settlement(work, { kind: 'waiting' }, { change });
}

function skipped(env: DrainEnvironment): Settlement['log'] {
  const message = `the condition of ${env.tools.target.snapshot.name} is not met`;
  return { operation: 'create', result: 'skipped', code: null, message, durationMs: 0 };
}
