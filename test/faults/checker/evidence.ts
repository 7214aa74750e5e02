import type { JsonObject } from '../../../core/json.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';
import type { SqlPool } from '../../../state/database.js';
import type { Timeline } from '../support/timeline.js';

/** A rule that was broken. `rule` is a number of faults §2.2 ("4") or of engine.md §3 ("engine 6"), or names a sentence of it. */
export interface Violation {
  readonly rule: string;
  readonly message: string;
}

/** A source as it really was. People and their accounts are found by `userName`, which never changes; groups by `displayName`. */
export interface SourceEvidence {
  readonly no: number;
  readonly simulator: ScimSimulator;
  readonly timeline: Timeline;
}

/** A target as it really is, with what the administrator asked for. */
export interface TargetEvidence {
  readonly no: number;
  readonly name: string;
  readonly simulator: ScimSimulator;
  readonly sourceNos: readonly number[];
  /** Ids of accounts that somebody else made: they are never ours. */
  readonly strangers: ReadonlySet<string>;
  /** `ips.delete.existedbefore.entities`. */
  readonly deletesExistedBefore: boolean;
  /** `ips.delete.threshold.users`. */
  readonly threshold?: number;
  /** Writes at a time and process at most. */
  readonly concurrency: number;
  /** The write condition. */
  readonly wants: (user: JsonObject) => boolean;
  /** Attributes that the write transformation takes out. */
  readonly drops: ReadonlySet<string>;
  /** User names, lower case, of accounts that were removed from the target behind the engine's back, and how often. */
  readonly vanished: ReadonlyMap<string, number>;
  /** What the governor lets through since a moment; absent: nobody looks. */
  readonly budget?: BudgetEvidence;
  /** When somebody had asked to leave a person alone. */
  readonly quarantines?: readonly QuarantineEvidence[];
}

/** Changes that the governor may let through (GOV-2) after a moment, by the clock of the journals; a class that is missing is not limited. */
export interface BudgetEvidence {
  readonly sinceMs: number;
  readonly limits: Readonly<Partial<Record<'delete' | 'disable', number>>>;
}

/** A person who was in quarantine in a target, by the clock of the journals. */
export interface QuarantineEvidence {
  /** User name, lower case. */
  readonly name: string;
  readonly fromMs: number;
  toMs: number;
}

/** A stop of a job. */
export interface StopEvidence {
  /** By the clock of the journals. */
  readonly requestedMs: number;
  /** When the job was over. */
  overMs: number;
  /** How much later than asked this process and the database did things meanwhile: the machine was busy with other work. */
  delayMs?: number;
}

/** Everything that the checker looks at. */
export interface Evidence {
  readonly pool: SqlPool;
  readonly sources: readonly SourceEvidence[];
  readonly targets: readonly TargetEvidence[];
  readonly stops: readonly StopEvidence[];
  /** When the story let days go by: what was read before is too old to be believed by healing. */
  readonly agedAtMs?: number;
  /** Processes that ended in the middle of their work. */
  readonly deaths: number;
  /** Two processes worked on one run at the same time, one of them without the right to. */
  readonly hadZombies: boolean;
}

/** When days went by before a moment; 0 when they went by after it, or never. */
export function agedBefore({ agedAtMs }: Evidence, atMs: number): number {
  return agedAtMs !== undefined && agedAtMs <= atMs ? agedAtMs : 0;
}

/** All users of a simulator by user name, lower case. */
export function usersByName(simulator: ScimSimulator): Map<string, JsonObject[]> {
  const users = new Map<string, JsonObject[]>();
  for (const user of simulator.store.snapshot().users) {
    const name = textOf(user['userName']).toLowerCase();
    users.set(name, [...(users.get(name) ?? []), user]);
  }
  return users;
}

/** A text attribute; empty when there is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
