import type { EntityType } from '../entity-type.js';
import type { JsonObject } from '../json.js';

/** Operation a write transformation is run for (SCP-1). */
export type WriteOperation = 'create' | 'update' | 'delete';

/** One finding of the compiler. Errors block saving, warnings do not (ERR-3). */
export interface TransformationIssue {
  readonly severity: 'error' | 'warning';
  /** Stable, dot-free code, for example `unknownFunction`. */
  readonly code: string;
  /** JSON pointer into the transformation document, for example `/user/mappings/3/optinal`. */
  readonly pointer: string;
  /** The offending text, where there is one. */
  readonly text?: string;
  /** What is wrong and how to mend it, for an administrator. */
  readonly message: string;
}

/** What the compiler must know besides the document. */
export interface CompileOptions {
  /** `read`: source side, needs `entityIdSourceSystem`. `write`: target side (TRF-1). */
  readonly direction: 'read' | 'write';
  /** Effective properties of the system, for `%name%` (PHL-1); secrets included, they are never part of a message. */
  readonly properties: Readonly<Record<string, string>>;
  /**
   * Names of the credential properties. What a write transformation takes from them counts as secret (LNK-5, PHL-5); a read
   * transformation may use them in conditions only.
   */
  readonly secretNames?: readonly string[];
}

/** Result of compiling: a program, or at least one issue of severity `error`. */
export type CompileResult =
  | { readonly ok: true; readonly program: TransformationProgram; readonly warnings: readonly TransformationIssue[] }
  | { readonly ok: false; readonly issues: readonly TransformationIssue[] };

/** A compiled transformation. Immutable; may be shared by any number of runs. */
export interface TransformationProgram {
  readonly direction: 'read' | 'write';
  /** Types with a key in the document and not `"ignore": true` (TRF-4, ORD-4). */
  readonly types: ReadonlyMap<EntityType, TypeProgram>;
}

/** The program of one entity type. Evaluation is deterministic and total: it returns, it does not throw (TRF-9). */
export interface TypeProgram {
  readonly type: EntityType;
  /** The condition refers to `currentDate` (CHG-5). */
  readonly timeDependentCondition: boolean;
  /** The condition or any mapping refers to `currentDate`. */
  readonly timeDependent: boolean;
  /** Some mapping calls `resolveEntityIds`: the result depends on links (CHG-4). */
  readonly linkDependent: boolean;
  /** What is said of an entity that does not meet the condition (SKP-9). */
  readonly skipReason: string;
  /** SKP-5. Empty in read transformations. */
  readonly skipOperations: ReadonlySet<WriteOperation>;
  /** At least one mapping has scope `deleteEntity` (SCP-1, DEL-10). */
  readonly hasDeleteScope: boolean;
  /** Some mapping writes `assignGroup` or `unassignGroup`, whatever its scope: the target's groups are not written by their own type alone (VAR-10). */
  readonly assignsGroups: boolean;
  /**
   * Canonical text of everything that decides the result (expressions, placeholders replaced, engine revision).
   * Two programs with equal fingerprints give equal results. May contain secrets: hash it, never store or log it.
   */
  readonly fingerprint: string;
  /**
   * Read transformation only: the value `read` would give as `sourceId`, alone and cheap (VAR-3), or undefined. The engine looks an
   * entity up by it before it decides whether the entity has to be mapped at all.
   */
  sourceIdOf(input: JsonObject, context: EvaluationContext): string | undefined;
  /** Read transformation: native JSON of the source → common JSON. */
  read(input: JsonObject, context: EvaluationContext): ReadOutcome;
  /** Entity condition of a write transformation on the common JSON; the outcome `true` is also that of a missing condition. */
  accepts(common: JsonObject, context: EvaluationContext): ConditionOutcome;
  /** Write transformation: common JSON → target JSON. Does not evaluate the entity condition, see {@link accepts}. */
  write(common: JsonObject, operation: WriteOperation, context: WriteContext): WriteOutcome;
  /** Groups that an account leaves which is let go without being written: only what leads to `unassignGroup` with scope `deleteEntity` runs (DEL-6 step 3). */
  unassignments(common: JsonObject, context: WriteContext): UnassignOutcome;
}

/** What an evaluation may know of the outside world. */
export interface EvaluationContext {
  /** Start of the job, or arrival of the call (TRF-9). */
  readonly now: Date;
  /** Cryptographic random integer in [0, exclusiveMax), for `randomPassword` (FNC-30). */
  readonly randomInt: (exclusiveMax: number) => number;
}

/** Evaluation of a write transformation. */
export interface WriteContext extends EvaluationContext {
  /** `entityIdTargetSystem` of the link; undefined on create (VAR-4, EXP-28). */
  readonly targetId: string | undefined;
  /**
   * Target ids of source ids (FNC-36, FNC-37): one array for each id, empty if it is not linked.
   * Synchronous: the engine runs a link-dependent program once with a collecting resolver, looks all ids up, and runs it again.
   */
  readonly resolve: (request: ResolveRequest) => readonly (readonly string[])[];
}

/** Ids for one call of `resolveEntityIds`. */
export interface ResolveRequest {
  readonly type: EntityType;
  readonly sourceIds: readonly string[];
  readonly sourceSystemName?: string;
  readonly targetSystemName?: string;
}

/** What reading one entity gave (ERR-1). */
export type ReadOutcome =
  | {
      readonly kind: 'mapped';
      readonly sourceId: string;
      readonly common: JsonObject;
      readonly correlation: readonly string[];
    }
  /** `sourceId` is evaluated although the condition is not met; undefined if its mapping gives nothing. */
  | { readonly kind: 'skipped'; readonly sourceId: string | undefined; readonly reason: string }
  | { readonly kind: 'failed'; readonly sourceId: string | undefined; readonly message: string };

/** What the entity condition of a target said (SKP-2). */
export type ConditionOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string };

/** What writing one entity gave (ERR-1). */
export type WriteOutcome =
  | {
      readonly kind: 'mapped';
      readonly target: JsonObject;
      /**
       * The part that the second hash covers (CHG-4): `target` without what came from `randomPassword`, credential properties, `currentDate`
       * and scope `createEntity`, and with the groups of `memberships`. The same object as `target` where nothing is excluded and no groups are assigned.
       */
      readonly comparable: JsonObject;
      /** Groups that the user joins and leaves after it is written (VAR-10, VAR-11). */
      readonly memberships: Memberships | undefined;
      /** Top-level attributes of `target` that hold a generated secret or a credential; they are never stored or logged (LNK-5). */
      readonly secretAttributes: readonly string[];
      /** Value of a mapping to `entityIdTargetSystem`, if the transformation sets one (VAR-4). */
      readonly targetId: string | undefined;
      /** Ids that `resolveEntityIds` could not resolve (WRT-7, ORD-5). */
      readonly unresolved: readonly { readonly type: EntityType; readonly sourceId: string }[];
    }
  | { readonly kind: 'failed'; readonly message: string };

/** Ids of groups in the target, each once and in one of the lists only. */
export interface Memberships {
  readonly assign: readonly string[];
  readonly unassign: readonly string[];
}

/** What {@link TypeProgram.unassignments} gave. */
export type UnassignOutcome =
  | { readonly kind: 'mapped'; readonly groups: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };
