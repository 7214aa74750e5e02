/**
 * One result of a target, as a letter: it answered (`g`, also with a refusal of this one entity: that says something about the entity),
 * it could not be reached (`u`), it refused the credentials (`a`), or it answered with a fault of its own (`f`).
 */
export type Letter = 'g' | 'u' | 'a' | 'f';

/** What the breaker of a target remembers (HEA-6). */
export interface Breaker {
  /** `closed`: everything goes through. `open`: nothing. `trial`: after a good probe, so many requests as `stage` says. */
  readonly state: 'closed' | 'open' | 'trial';
  /** The last results, one {@link Letter} each, oldest first; empty while all of them are good. What is missing in front was good. */
  readonly recent: string;
  /** Probes and trials in a row that have failed since it opened. */
  readonly failedProbes: number;
  /** Requests of the trial under way; 0 without one. */
  readonly stage: number;
  /** Good results of the stage. */
  readonly passed: number;
}

/** A breaker that nothing was ever told. */
export const CLOSED: Breaker = { state: 'closed', recent: '', failedProbes: 0, stage: 0, passed: 0 };

const REMEMBERED_RESULTS = 40;
const FAILURES_IN_A_ROW = 5;
const FIRST_PROBE_MS = 30_000;
const LONGEST_PROBE_MS = 15 * 60_000;
/** Requests of one trial after the other; after the last the breaker is closed. */
const STAGES = [1, 4] as const;

/** The breaker after some more results, in their order. */
export function afterResults(breaker: Breaker, letters: string): Breaker {
  return [...letters].reduce(afterResult, breaker);
}

function afterResult(breaker: Breaker, letter: string): Breaker {
  switch (breaker.state) {
    // What was under way when it opened says nothing new; only a probe may close it.
    case 'open':
      return breaker;
    case 'trial':
      return letter === 'g' ? passedOne(breaker) : failedAgain(breaker);
    case 'closed': {
      const recent = (breaker.recent + letter).slice(-REMEMBERED_RESULTS);
      if (isBroken(recent)) return { ...CLOSED, state: 'open' };
      return { ...breaker, recent: isGood(recent) ? '' : recent };
    }
  }
}

/** The breaker after its probe. */
export function afterProbe(breaker: Breaker, isAnswered: boolean): Breaker {
  if (breaker.state !== 'open') return breaker;
  if (!isAnswered) return failedAgain(breaker);
  return { ...breaker, state: 'trial', stage: STAGES[0], passed: 0 };
}

/** How long after its opening, or after the last failed probe, a breaker is probed. */
export function probeDelayMs({ failedProbes }: Pick<Breaker, 'failedProbes'>): number {
  return Math.min(FIRST_PROBE_MS * 2 ** Math.min(failedProbes, 10), LONGEST_PROBE_MS);
}

function passedOne(breaker: Breaker): Breaker {
  const passed = breaker.passed + 1;
  if (passed < breaker.stage) return { ...breaker, passed };
  const next = STAGES.find((stage) => stage > breaker.stage);
  return next === undefined ? CLOSED : { ...breaker, stage: next, passed: 0 };
}

function failedAgain(breaker: Breaker): Breaker {
  return { ...CLOSED, state: 'open', failedProbes: breaker.failedProbes + 1 };
}

/** HEA-6: five in a row that were not answered, or more than half of the last forty bad. */
function isBroken(recent: string): boolean {
  const bad = [...recent].filter((letter) => letter !== 'g').length;
  return bad > REMEMBERED_RESULTS / 2 || new RegExp(`(u|a){${FAILURES_IN_A_ROW}}`).test(recent);
}

function isGood(letters: string): boolean {
  return /^g*$/.test(letters);
}
