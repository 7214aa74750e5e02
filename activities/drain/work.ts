import type { SplitRule } from '../../connectors/capability-rules.js';
import type { Connector, Resolution } from '../../connectors/contract.js';
import type { RetryPolicy } from '../../connectors/retry.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { TypeProgram } from '../../core/transform/program.js';
import type { WriteBackRule } from '../../core/write-back.js';
import type { LeasedRow } from '../../state/drain/lease.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import type { WriteBackMark } from '../../state/drain/write-back.js';
import type { ApprovedChange } from '../../state/plans/approved.js';
import type { NewChange } from '../../state/plans/store-changes.js';
import type { RowEnd, SettleContext, Settlement } from '../../state/drain/settle.js';
import type { EngineServices } from '../support/services.js';
import type { Evaluation, EvaluationTools, MappedTarget } from './evaluate-pair.js';
import type { GroupMembers } from './group-members.js';
import type { HeldValues } from './held-values.js';
import type { LeaseClock } from './lease-clock.js';
import type { ChangeSink } from './sink.js';
import type { KnownReferences } from './resolve-references.js';

/** What all pairs of one drain have in common. */
export interface DrainEnvironment {
  readonly services: EngineServices;
  readonly tools: EvaluationTools;
  readonly runKey: string;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: EntityType;
  readonly typeCode: number;
  readonly program: TypeProgram;
  readonly connector: Connector;
  /** Users of this drain that join and leave groups. */
  readonly groups: GroupMembers;
  /** Pairs of this drain that wait for the unique value of another one. */
  readonly heldValues: HeldValues;
  /** Where the changes of this drain go. */
  readonly sink: ChangeSink;
  /** The plan whose approved changes are all that is sent; undefined in every run that applies none. */
  readonly planNo: number | undefined;
  /** Second pass of the type. */
  readonly late: boolean;
  /** Not a run but healing: nothing says that the creates of others are settled when the second pass begins. */
  readonly heals: boolean;
  /** How requests of this target are repeated. */
  readonly retries: RetryPolicy;
  /** How an entity becomes several target entities; undefined where it is one (LNK-3). */
  readonly split: SplitRule | undefined;
  /** What the target returns and the source stores (ORD-12); undefined where nothing is. */
  readonly writeBack: WriteBackRule | undefined;
  /** False: `ips.circuit.breaker` is disabled, every request is sent whatever came of the last ones. */
  readonly hasBreaker: boolean;
  /** Aborted on stop: no request starts any more; connectors let a write that is under way end for a while. */
  readonly stop: AbortSignal;
}

/** A pair in hand. */
export interface Work {
  readonly row: LeasedRow;
  readonly pair: StoredPair;
  readonly evaluation: Extract<Evaluation, { kind: 'decided' }>;
  readonly references: KnownReferences;
  readonly token: number;
  readonly clock: LeaseClock;
  /** What a create sends; mapped when it is first needed. */
  create: MappedTarget | null;
  /** Since when the intent of this attempt stands in the database. */
  intentAt: Date | null;
  /** A request of this attempt that changes something may have reached the target. */
  sent: boolean;
  /** The target JSON of the last create or update that was sent, or is sent next; null: there was none (TRC-9). */
  document: MappedTarget | null;
  /** A create of this attempt was sent, and its answer got lost. */
  inDoubt: boolean;
  /** Another source has a link on the target entity: it is written by one of them at a time (CNF-11). */
  isShared: boolean;
  /** A target entity was claimed for the pair. */
  claimed: boolean;
  /** What is known of the attribute that is written back to the source (ORD-12). */
  readonly writeBackMark: WriteBackMark | undefined;
  /** The entity is written, its groups are not assigned yet, or nothing is written back yet: what is settled if something that concerns more than this pair comes between. */
  unfinished: Settlement | null;
  /** The part of an update that waits for approval; the rest is sent (GOV-6). */
  readonly withheld: NewChange | null;
  /** The approved change that is being applied. */
  approved: ApprovedChange | null;
  /** Tag of the account as it was compared with the approved change, null where it has none; undefined: it was not compared. */
  comparedTag?: string | null;
  /** The existing target entity that is approved to be taken over (PLN-14): nothing is created. */
  readonly adopts: string | null;
  /** Where the entity is several target entities: the work on each of them, one after the other. The pair keeps its one lease and its one row. */
  parts: readonly Work[];
  /** Set in those. */
  readonly part: WorkPart | null;
  /** How a part has ended, while others are still to come. */
  result: Settlement | null;
}

/** Which of several target entities of its entity a work is about (LNK-3). */
export interface WorkPart {
  readonly ord: number;
  readonly name: string;
  /** The attribute that has its name for a value; null where the target does not split users any more. */
  readonly attribute: string | null;
  /** Shared by the parts of one entity: how many of them were gone and are created anew. */
  readonly counts: { recreated: number };
}

/** The name of the part, null where the entity is one target entity. */
export function partNameOf({ part }: Pick<Work, 'part'>): string | null {
  return part?.name ?? null;
}

/** The tag that a write of the linked account is sent with; null: none is known. */
export function tagOf({ comparedTag }: Work, link: { readonly etag: string | null }): string | null {
  return comparedTag === undefined ? link.etag : comparedTag;
}

/** The same as an option of a call about the linked account. */
export function linkedTag(work: Work): { readonly etag?: string } {
  const etag = work.pair.link === null ? null : tagOf(work, work.pair.link);
  return etag === null ? {} : { etag };
}

/**
 * A full read creates only whom it has delivered itself: a create that failed in an earlier run may belong to somebody who has left
 * since, and that is known only when the read is over (engine.md §7 ⚠).
 */
export function mayCreate(env: DrainEnvironment, work: { readonly row: LeasedRow }): boolean {
  return work.row.seen || env.tools.context.mode === 'delta' || env.planNo !== undefined;
}

/** Thrown when the target wants to be left alone: the pair is offered again, the gate closes for everybody. */
export class TargetThrottledError extends Error {
  override readonly name = 'TargetThrottledError';
  constructor(readonly waitMs: number) {
    super(`the target asks to wait ${waitMs} ms`);
  }
}

/** Thrown before a request that must not start any more (stop, lease at its end, target ended): nothing was sent. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** The lease of a token, for `settle`. */
export function settleContext(env: DrainEnvironment, token: number): SettleContext {
  const { runKey, sourceNo, targetNo, typeCode: type } = env;
  return { runKey, sourceNo, targetNo, type, token, recorded: env.tools.context.recorded };
}

/** A pair that nothing has been done with yet. */
export function newWork(
  pair: Pick<Work, 'row' | 'pair' | 'evaluation' | 'references' | 'token' | 'clock'> & {
    readonly writeBackMark?: WriteBackMark | undefined;
  },
): Work {
  return {
    writeBackMark: undefined,
    ...pair,
    create: null,
    intentAt: null,
    sent: false,
    document: null,
    inDoubt: false,
    isShared: false,
    claimed: false,
    unfinished: null,
    withheld: null,
    approved: null,
    adopts: null,
    parts: [],
    part: null,
    result: null,
  };
}

/** Nothing is to be done, or could be found out. */
export const UNDECIDED = { kind: 'decided', action: 'none', accepted: false, common: null, update: null } as const;

/** A settlement for a pair, with defaults for what a case does not touch. */
export function settlement(work: { readonly row: LeasedRow }, end: RowEnd, rest: Partial<Settlement> = {}): Settlement {
  return {
    entityNo: work.row.entityNo,
    gen: work.row.gen,
    end,
    link: null,
    references: null,
    targetKeyChanged: false,
    log: null,
    change: null,
    decided: null,
    isCandidate: false,
    ...rest,
  };
}

/** What may be compared with a target entity or searched for: the create as sent, without secrets. */
export function sentDocument(create: MappedTarget): JsonObject {
  return create.storable;
}

/** Exactly one existing target entity. */
export type FoundEntity = Extract<Resolution, { outcome: 'one' }>;
