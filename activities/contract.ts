import type { EntityType } from '../core/entity-type.js';

/**
 * What the workflows ask of the worker. Every input and result is small: ids, flags and times, never entities (architecture.md §1).
 * Every activity may be run again after any failure: it looks into PostgreSQL for what is already done.
 *
 * An activity throws only when the step itself failed (retried without limit), or with the non-retryable type `runClosed` when the run
 * was taken over by another attempt or closed by somebody else: the workflow then ends quietly and changes nothing more.
 */
export interface RunActivities {
  /** Takes the run over (owner = this Temporal run), freezes its configuration on the first call, decides full or delta. */
  openRun(input: RunInput): Promise<OpenedRun>;
  /** Adds missing backlog rows of pairs that became wanted without an intake (engine.md §6 Sweeps). */
  sweepPairs(input: RunInput): Promise<ChunkResult>;
  /** Reads pages of one type for about 30 s or 10,000 entities; to the end where the position hangs on a connection. */
  intakeChunk(input: IntakeChunkInput): Promise<ChunkResult>;
  /** Tells that no type is read any more (also after a failure of the source), so that drains may end. */
  endIntake(input: RunInput): Promise<IntakeEnd | undefined>;
  /** Writes what is out of step in one target for about 30 s. Waits for intake inside the time box. */
  drainChunk(input: DrainChunkInput): Promise<ChunkResult>;
  /** Decides who is absent and what may be deleted in this target (engine.md §7). Needs the end of all intake. */
  planAbsence(input: TargetInput): Promise<AbsencePlan>;
  /** Confirms and deletes candidates of one type for about 30 s. */
  deleteChunk(input: DeleteChunkInput): Promise<ChunkResult>;
  /** Finds what a Resync would do with the entities of one type in one target, for about 30 s (JOB-7). Needs the end of all intake. */
  simulateChunk(input: SimulateChunkInput): Promise<ChunkResult>;
  /** Counts, sets the final status, advances marks, makes the next queued run startable. */
  finishRun(input: FinishRunInput): Promise<FinishedRun>;
  /** Counters of the run for the Temporal Web UI, as a small Markdown table. */
  describeProgress(input: RunInput): Promise<{ readonly markdown: string }>;
  /** Requests the Read of one point of a schedule; the answer tells what became of it. Each point counts once. */
  requestScheduledRun(input: SchedulePoint): Promise<{ readonly outcome: string }>;
  /** Pairs of systems with something to heal outside of jobs (HEA-4). */
  findHealable(): Promise<HealablePairs>;
  /** One round of healing between a source and a target: about 20 s, less when a job of the source comes. */
  healPair(input: HealPairInput): Promise<void>;
  /** One round of the outbox (NTF-20): about 20 s. */
  sendMails(): Promise<void>;
  /** Renews outbound certificates that end soon, and puts mails about others into the outbox (CRT-5, CRT-7). */
  tendCertificates(): Promise<void>;
  /** One round of the clean-up of logs that are deleted or too old (RET-1): about 20 s. */
  removeOldLogs(): Promise<void>;
}

/** A source and a target by their numbers. */
export interface HealPairInput {
  readonly sourceNo: number;
  readonly targetNo: number;
}

/** Pairs for one round of healing; the names are for summaries in the Temporal Web UI. */
export interface HealablePairs {
  readonly pairs: readonly (HealPairInput & { readonly sourceName: string; readonly targetName: string })[];
  /** The outbox has something to do. Absent in histories of before, and when it has not. */
  readonly hasMails?: true;
  /** An outbound certificate ends soon. Absent in histories of before, and when none does. */
  readonly hasCertificates?: true;
  /** There are logs to be removed. Absent in histories of before, and when there are none. */
  readonly hasOldLogs?: true;
}

/** A point of the schedule of a source. */
export interface SchedulePoint {
  /** Public id of the source. */
  readonly sourceId: string;
  /** ISO 8601: when it was due, not when somebody came to it. */
  readonly at: string;
}

/** Input of everything that belongs to a run. */
export interface RunInput {
  /** Internal, never changing key of the run, decimal. */
  readonly runKey: string;
}

/** Input of a step of one target's chain. */
export interface TargetInput extends RunInput {
  readonly targetNo: number;
}

/** Input of `intakeChunk`. */
export interface IntakeChunkInput extends RunInput {
  readonly type: EntityType;
}

/**
 * A phase of a target's chain. `late` is the second pass of a type: owners of references that could not be resolved, and conflicts that
 * had to wait for the end of the intake (engine.md §6).
 */
export interface DrainChunkInput extends TargetInput {
  readonly type: EntityType;
  readonly late: boolean;
  /** Where the first pass is done and time is left, go on with the second one: a step less for every type that is soon written. */
  readonly andLate?: boolean;
}

/** Input of `deleteChunk`. */
export interface DeleteChunkInput extends TargetInput {
  readonly type: EntityType;
}

/**
 * Input of `simulateChunk`. `write`: who is created, updated or skipped; `delete`: who is deleted, once all types are written; `compare`: the
 * target is asked whom of those to be created it has (JOB-9).
 */
export interface SimulateChunkInput extends TargetInput {
  readonly type: EntityType;
  readonly step: 'write' | 'delete' | 'compare';
}

/** Input of `finishRun`. */
export interface FinishRunInput extends RunInput {
  /** How the workflow came to its end. `stopped`: cancelled by an administrator; `failed`: a step failed beyond repair. */
  readonly end: 'completed' | 'stopped' | 'failed';
}

/** What a workflow has to know of its run: which chains there are. */
export interface OpenedRun {
  /** The run was already closed: nothing to do. */
  readonly closed: boolean;
  readonly mode: 'full' | 'delta';
  /** Types to read, in order. */
  readonly types: readonly EntityType[];
  /** The source is read over one connection, type by type: each type is one activity, however long it takes. */
  readonly readsInOneGo?: boolean;
  /** Pairs became wanted without an intake. Absent in histories of before: they are looked for. */
  readonly hasSweeps?: boolean;
  /** A simulation that compares with the targets (JOB-9). */
  readonly asksTargets?: boolean;
  readonly targets: readonly {
    readonly targetNo: number;
    /** For summaries in the Temporal Web UI. */
    readonly name: string;
    /** Types this target takes, in order. */
    readonly types: readonly EntityType[];
  }[];
}

/** How a chunk of work ended. */
export interface ChunkResult {
  /** False: this chain step is done. */
  readonly more: boolean;
  /** Do not call again earlier: milliseconds from now (a gate is closed for long). */
  readonly pauseMs?: number;
  /**
   * Set when the chain ends here: `sourceFailed` (ORD-8), `targetFailed` (ORD-7), `allTargetsFailed` (ORD-9). Already stored with the
   * run; the workflow only stops calling.
   */
  readonly ended?: 'sourceFailed' | 'targetFailed' | 'allTargetsFailed';
  /**
   * The run became a full read after some of its types were read (RDM-8, RDM-13): all chains stop at their next border and the run goes on
   * from its beginning, in a new history.
   */
  readonly restart?: true;
  /** The second pass of the type is done too ({@link DrainChunkInput.andLate}). */
  readonly lateDone?: true;
}

/** What comes after the reading. */
export interface IntakeEnd {
  /** False: the run reads changes only, so nobody can be absent and no deletion is to be planned (DEL-1). */
  readonly plansAbsence: boolean;
}

/** What is to be deleted in one target. */
export interface AbsencePlan {
  /** Types with candidates, in the order of deletion: groups and roles, then users (ORD-3). */
  readonly types: readonly EntityType[];
}

/** The final status of the job (STA-1). */
export interface FinishedRun {
  readonly status: string;
  /** The last picture for operators ({@link RunActivities.describeProgress}); absent: it has to be asked for. */
  readonly markdown?: string;
}

/** Non-retryable failure type of an activity whose run belongs to another attempt or is closed. */
export const RUN_CLOSED = 'runClosed';

/** What an edge worker does, in another network than all other activities (ADR 0086). */
export interface EdgeActivities {
  /** One call of a connector, or a part of a large one. What goes in and out is sealed, or says nothing (`runtime/edge`). */
  edgeCall(frame: Uint8Array): Promise<Uint8Array>;
}

/** Input of the workflow around one such call, beside what is sealed. */
export interface EdgeCallInput {
  readonly queue: string;
  /** One line for the Temporal Web UI: an operation, nothing of people. */
  readonly summary: string;
  /** Milliseconds; see `core/edge/timing.ts`. */
  readonly times: {
    readonly firstTask: number;
    readonly scheduleToStart: number;
    readonly startToClose: number;
    readonly heartbeat: number;
  };
}

/**
 * Why a call got no answer; also the type of the failure. `late`, `notBegun`, `noWorker`, `otherKey`, `notOurs`, `otherVersion`: nothing was done. `silent`: the worker
 * died over it or was cut off. `broken`: it failed in a way nobody foresaw.
 */
export type EdgeLoss = 'late' | 'notBegun' | 'noWorker' | EdgeRefusal | 'silent' | 'broken';

/** Why an edge worker does not open a call; also the type of the failure. */
export type EdgeRefusal = 'otherKey' | 'notOurs' | 'otherVersion';
