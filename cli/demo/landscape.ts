import type { JsonObject } from '../../core/json.js';
import type { Evolution } from '../../simulators/evolution.js';
import type { Population } from '../../simulators/population.js';

/** Entities of a back end as they are stored there. */
export interface Content {
  readonly users: readonly JsonObject[];
  readonly groups: readonly JsonObject[];
}

/** A back end of the demo and how an administrator connects it. */
export interface DemoSystem {
  /** Name of the system in Muster. */
  readonly name: string;
  /** What kind of server it is, for people. */
  readonly description: string;
  /** Properties of the SCIM system type. */
  readonly properties: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
  content(): Promise<Content>;
}

/** The directory that people come from. */
export interface DemoSource extends DemoSystem {
  /** Carries out what happened in the population; the answer holds the ids that the back end gave. */
  apply(evolution: Evolution): Promise<Population>;
  /** Loses sight of these people, in lists and by id, until {@link showAll}. Absent: the back end cannot be made to. */
  hide?(personIds: readonly string[]): void;
  showAll?(): void;
}

/** A directory that people are written to. */
export interface DemoTarget extends DemoSystem {
  /** A place in the journal of requests, for {@link writesSince}. */
  mark(): number;
  /** Number of writing requests received after a mark, whatever became of them. */
  writesSince(mark: number): number;
  /** Lets each writing request take longer by so many milliseconds. */
  setWriteLatencyMs(latencyMs: number): void;
}

/** All back ends of a demo. */
export interface Landscape {
  readonly population: Population;
  readonly source: DemoSource;
  readonly targets: readonly DemoTarget[];
  stop(): Promise<void>;
}

/** How large the landscape is. */
export interface LandscapeSize {
  readonly people: number;
  readonly groups: number;
  /** Writing requests under way at once in each target. */
  readonly concurrentWrites: number;
}

/** The same people at every start. */
export const SEED = 2026;
