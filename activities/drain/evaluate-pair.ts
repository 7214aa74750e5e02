import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import { decidePair } from '../../core/sync/in-step.js';
import type { PairAction } from '../../core/sync/in-step.js';
import type {
  Memberships,
  ResolveRequest,
  TypeProgram,
  WriteOperation,
  WriteOutcome,
} from '../../core/transform/program.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import { isWriteBackDue } from '../../state/drain/write-back.js';
import type { WriteBackMark } from '../../state/drain/write-back.js';
import { sameHash } from '../support/hashing.js';
import type { Hasher } from '../support/hashing.js';
import { codeOf } from '../support/run-context.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import { entityPlace } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';
import { recordingResolver } from './resolve-references.js';
import type { KnownReferences, RecordedReferences } from './resolve-references.js';

/** What an evaluation needs beside the pair. */
export interface EvaluationTools {
  readonly context: RunContext;
  readonly target: OpenSystem;
  readonly hasher: Hasher;
  readonly entityBodies: BodySealer;
}

/** The target JSON of a pair, with what has to be stored beside it. */
export interface MappedTarget {
  readonly body: JsonObject;
  readonly hash: Buffer;
  /** The body as it may be stored: without generated secrets (LNK-5). */
  readonly storable: JsonObject;
  readonly references: RecordedReferences | null;
  /** Groups that the user joins and leaves after it is written (VAR-10). */
  readonly memberships: Memberships | undefined;
  /** Set by a mapping to `entityIdTargetSystem` (VAR-4). */
  readonly targetId: string | undefined;
}

/** What is to be done with a pair, or why its programs failed on it. */
export type Evaluation =
  | {
      readonly kind: 'decided';
      readonly action: PairAction;
      readonly accepted: boolean;
      /** Common JSON of a present entity. */
      readonly common: JsonObject | null;
      /** What an update would send; only for present, accepted and linked pairs. */
      readonly update: MappedTarget | null;
    }
  | MappingFailure;

/** A program that failed on a pair, with the references that it met until then. */
export interface MappingFailure {
  readonly kind: 'failed';
  readonly message: string;
  readonly references?: RecordedReferences | null;
}

/** Evaluates write condition and write mapping of a pair and decides by the table of engine.md §2. */
export function evaluatePair(
  tools: EvaluationTools,
  type: EntityType,
  pair: StoredPair,
  forced: boolean,
  references: KnownReferences,
  mark?: WriteBackMark,
): Evaluation {
  const program = programOf(tools, type);
  const common = pair.presence === 'present' ? openCommon(tools, type, pair) : null;
  let accepted = false;
  let update: MappedTarget | null = null;
  if (common !== null) {
    const condition = program.accepts(common, tools.context.evaluation);
    if (condition.kind === 'failed') return condition;
    accepted = condition.kind === 'accepted';
    if (accepted && pair.link?.state === 'linked') {
      const mapped = mapTarget(tools, type, common, 'update', pair.link.targetKey ?? undefined, references);
      if ('message' in mapped) return mapped;
      update = mapped;
    }
  }
  const link = pair.link;
  const sameTarget = update !== null && sameHash(update.hash, link?.targetHash ?? null);
  // What the target itself had the source store comes back with the next read: it is no change to the target (ORD-12).
  const isEcho =
    sameHash(mark?.echoTo ?? null, pair.commonHash) && sameHash(mark?.echoFrom ?? null, link?.commonHash ?? null);
  const action = decidePair({
    presence: pair.presence,
    accepted,
    link: link?.state ?? 'none',
    outOfScope: link?.outOfScope === true,
    sameCommon: isEcho || sameHash(pair.commonHash, link?.commonHash ?? null),
    sameProgram: (link?.program ?? 0) >= tools.target.snapshot.programNumber,
    sameTarget: isEcho || sameTarget,
    forced,
    writeBackDue: isWriteBackDue(mark),
  });
  return { kind: 'decided', action, accepted, common, update };
}

/** Runs the write mapping. Returns the message of a failure in place of the result. */
export function mapTarget(
  tools: EvaluationTools,
  type: EntityType,
  common: JsonObject,
  operation: WriteOperation,
  targetId: string | undefined,
  known: KnownReferences,
): MappedTarget | MappingFailure {
  const program = programOf(tools, type);
  const references: RecordedReferences | null = program.linkDependent ? { resolved: [], unresolved: [] } : null;
  const resolve = recordingResolver(known, references ?? { resolved: [], unresolved: [] });
  const outcome = program.write(common, operation, { ...tools.context.evaluation, targetId, resolve });
  if (outcome.kind === 'failed') return { kind: 'failed', message: outcome.message, references };
  const written = operation === 'update' && writesMembersOnly({ tools, type }) ? onlyMembers(outcome) : outcome;
  if (outcome.memberships !== undefined && tools.target.connector.changeMembers === undefined)
    return { kind: 'failed', message: noGroupAssignment(tools.target.snapshot.typeName) };
  let hash: Buffer | undefined;
  return {
    body: written.target,
    // Made when asked for: of a create only what the update gives afterwards is stored.
    get hash() {
      return (hash ??= tools.hasher.canonical(written.comparable));
    },
    storable: withoutSecrets(written),
    references,
    memberships: outcome.memberships,
    targetId: outcome.targetId,
  };
}

/** Entities of this type are neither created nor deleted in the target, and of those that exist only the members are written (CONN-CORE-12). */
export function writesMembersOnly({
  tools,
  type,
}: {
  readonly tools: EvaluationTools;
  readonly type: EntityType;
}): boolean {
  return tools.target.capabilities.membersOnly?.includes(type) === true;
}

/** What a change of such an entity consists of: whatever else is mapped is neither sent, nor compared, nor taken for written. */
function onlyMembers(outcome: Extract<WriteOutcome, { kind: 'mapped' }>): Extract<WriteOutcome, { kind: 'mapped' }> {
  const pick = (document: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(document).filter(([name]) => name === 'id' || name === 'members'));
  return { ...outcome, target: pick(outcome.target), comparable: pick(outcome.comparable) };
}

/** VAR-15. */
export function noGroupAssignment(typeName: string): string {
  return `Systems of type ${typeName} cannot assign users to groups through the variables assignGroup and unassignGroup; remove these mappings from the write transformation`;
}

/** Runs the program only to hear which references it asks for; pairs that are not wanted ask for none. */
export function runWriteProgram(
  tools: EvaluationTools,
  type: EntityType,
  pair: StoredPair,
  resolve: (request: ResolveRequest) => readonly (readonly string[])[],
): void {
  if (pair.presence !== 'present') return;
  const common = openCommon(tools, type, pair);
  const targetId = pair.link?.state === 'linked' ? (pair.link.targetKey ?? undefined) : undefined;
  const context = { ...tools.context.evaluation, targetId, resolve };
  programOf(tools, type).write(common, targetId === undefined ? 'create' : 'update', context);
}

/** Common JSON of a pair, decrypted. Throws when the body is missing: a present entity always has one. */
export function openCommon(tools: EvaluationTools, type: EntityType, pair: StoredPair): JsonObject {
  if (pair.commonBody === null) throw new Error(`entity ${pair.entityNo} has no stored body`);
  return tools.entityBodies.open(
    pair.commonBody,
    entityPlace(tools.context.source.snapshot.no, codeOf(type), pair.sourceKey),
  );
}

function programOf(tools: EvaluationTools, type: EntityType): TypeProgram {
  const program = tools.target.program.types.get(type);
  if (program === undefined) throw new Error(`${tools.target.snapshot.name} does not take entities of type ${type}`);
  return program;
}

function withoutSecrets(outcome: Extract<WriteOutcome, { kind: 'mapped' }>): JsonObject {
  if (outcome.secretAttributes.length === 0) return outcome.target;
  return Object.fromEntries(
    Object.entries(outcome.target).filter(([name]) => !outcome.secretAttributes.includes(name)),
  );
}
