import type { Settlement } from '../../state/drain/settle.js';
import type { CandidateEnd } from '../absence/candidate-end.js';
import type { Judgement } from '../absence/judge-candidate.js';
import type { AbsenceCause } from '../../state/absence/candidates.js';
import type { KnownReferences } from './resolve-references.js';
import type { DrainEnvironment, Work } from './work.js';

/** What becomes of the pairs of a lease. */
export interface Admission {
  /** To be sent. */
  readonly works: readonly Work[];
  /** Settled without a request: stored, held, or not this run's. */
  readonly settled: readonly Settlement[];
}

/** A candidate with what DEL-6 says of it. */
export interface JudgedDeletion {
  readonly cause: AbsenceCause;
  readonly judgement: Judgement;
}

/**
 * Takes the changes that a drain has decided on (architecture.md §1): one sink executes them under the governor, one stores them as a plan,
 * one executes what was approved. Everything a drain sends has gone through the sink of its run.
 */
export interface ChangeSink {
  /** Decides before any intent of the lease is committed. Pairs in neither list are left to whoever has their lease by now. */
  admit(env: DrainEnvironment, works: readonly Work[]): Promise<Admission>;
  /** The account of a linked pair is gone: undefined when it may be created anew (CHG-7), else what becomes of the pair. */
  admitRecreate(env: DrainEnvironment, work: Work): Promise<Settlement | undefined>;
  /** What becomes of a pair that needs no request. */
  local(env: DrainEnvironment, work: Work): Settlement;
  /** Undefined when it may be done to a confirmed candidate what DEL-6 says, else the end of the candidate. */
  admitDeletion(env: DrainEnvironment, work: Work, found: JudgedDeletion): Promise<CandidateEnd | undefined>;
  /** The target ids that mappings of this run get to see. */
  references(env: DrainEnvironment, stored: KnownReferences): Promise<KnownReferences>;
  /** True when accounts that are switched off count (GOV-1). */
  readonly weighsDisables: boolean;
  /** True when an account that was changed by somebody else must not be written (PLN-10). */
  readonly isExact: boolean;
  /** True when the links say nothing of what the drains of this run have found (PLN-4). */
  readonly changesNoLink: boolean;
}
