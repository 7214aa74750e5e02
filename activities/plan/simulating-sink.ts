import type { Settlement } from '../../state/drain/settle.js';
import type { CandidateEnd } from '../absence/candidate-end.js';
import { unmappable } from '../drain/outcomes.js';
import type { KnownReferences } from '../drain/resolve-references.js';
import type { Admission, ChangeSink } from '../drain/sink.js';
import { settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { plannedChange } from './planned-change.js';

/**
 * Finds what a Resync would do and sends nothing (JOB-7). What it gives is never settled: the simulation keeps it as results, beside
 * everything that other jobs go by (JOB-8).
 */
export class SimulatingSink implements ChangeSink {
  readonly weighsDisables = false;
  readonly isExact = false;
  readonly changesNoLink = true;

  admit(env: DrainEnvironment, works: readonly Work[]): Promise<Admission> {
    return Promise.resolve({ works: [], settled: works.flatMap((work) => simulateAll(env, work)) });
  }

  /** Nothing is sent, so nobody is found to be gone. */
  admitRecreate(_env: DrainEnvironment, work: Work): Promise<Settlement> {
    return Promise.resolve(settlement(work, { kind: 'waiting' }));
  }

  /** Present, and the target does not want it: Skipped, or a candidate for deletion where it is linked. */
  local(env: DrainEnvironment, work: Work): Settlement {
    const isCandidate = work.pair.link?.state === 'linked';
    if (isCandidate) return settlement(work, { kind: 'waiting' }, { isCandidate });
    return settlement(work, { kind: 'parked', reason: env.program.skipReason });
  }

  /** A simulation judges its candidates without a lease (`simulate/simulate-deletions.ts`). */
  admitDeletion(_env: DrainEnvironment, work: Work): Promise<CandidateEnd> {
    return Promise.resolve({ settlement: settlement(work, { kind: 'waiting' }), outcome: null });
  }

  references(_env: DrainEnvironment, stored: KnownReferences): Promise<KnownReferences> {
    return Promise.resolve(stored);
  }
}

/** LNK-3: each of several target entities has its own result. */
function simulateAll(env: DrainEnvironment, work: Work): Settlement[] {
  if (work.parts.length === 0) return [simulate(env, work)];
  return work.parts.map((one) => ({ ...simulate(env, one), part: one.part?.name }));
}

function simulate(env: DrainEnvironment, work: Work): Settlement {
  if (work.result !== null) return work.result;
  const found = plannedChange(env, work);
  switch (found.kind) {
    case 'change':
      return settlement(work, { kind: 'waiting' }, { change: found.change });
    case 'skipped':
      return settlement(work, { kind: 'parked', reason: found.reason });
    case 'failed':
      return unmappable(work, 'create', found.failure);
    case 'unwanted':
      return settlement(work, { kind: 'parked', reason: env.program.skipReason });
  }
}
