import type { JsonObject } from '../core/json.js';
import type { CallOptions } from './contract.js';

/** Options of a probe. */
export interface ProbeOptions extends CallOptions {
  /** May create, change and remove one test user and one test group, whose names begin with `muster-probe-`. Otherwise nothing is written. */
  readonly mayWrite: boolean;
}

/** What a probe has found. */
export interface ProbeReport {
  readonly findings: readonly ProbeFinding[];
  /** Differences for the profile of the system that follow from the findings. */
  readonly suggestedProfile: JsonObject;
  /** Test entities of earlier probes that were still there and are removed now. */
  readonly removedLeftovers: number;
  /** Test entities that could not be removed, one line each: the next probe that may write tries again. */
  readonly leftBehind: readonly string[];
}

/** One thing that was tried. Safe to show and log. */
export interface ProbeFinding {
  /** For example `filter: eq`. */
  readonly name: string;
  /** What the system says about itself; absent where it says nothing. */
  readonly claimed?: string;
  /** What it did. */
  readonly found: string;
  /** `works`; `differs`: otherwise than the standard or than it claims; `unknown`: could not be tried. */
  readonly verdict: 'works' | 'differs' | 'unknown';
  /** What Muster does about it, or what to set. */
  readonly advice?: string;
}
