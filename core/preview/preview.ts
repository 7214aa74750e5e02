import type { EntityType } from '../entity-type.js';
import type { JsonObject } from '../json.js';
import { explainRead, explainWrite } from '../transform/index.js';
import type {
  EntityExplanation,
  EvaluationContext,
  Memberships,
  ResolveRequest,
  TransformationProgram,
  WriteContext,
  WriteOperation,
} from '../transform/index.js';
import { maskSecretNames } from './mask.js';

/** A transformation of a preview. */
export interface PreviewSide {
  readonly program: TransformationProgram;
  /** Names of credential properties; values taken from them are masked (PHL-5, TRC-7). */
  readonly secretNames: ReadonlySet<string>;
}

/** Stands for the id in the target where none is known. */
export const ASSUMED_TARGET_ID = '<target id>';

/** How an explanation came to its result: condition, mappings, attributes. */
export type Trace = Pick<EntityExplanation, 'condition' | 'mappings' | 'attributes'>;

/** What one transformation made of an entity. Fit to be shown: secrets are masked. */
export interface PreviewStep {
  readonly outcome: EntityExplanation['outcome'];
  /** Why it was skipped or failed. */
  readonly reason?: string;
  /** Common or target JSON; with an outcome `failed` what was written until then. */
  readonly result?: JsonObject;
  /** Groups of the target that the user joins and leaves after it is written (VAR-10). */
  readonly memberships?: Memberships;
  /** References that have no target id (WRT-7). */
  readonly unresolved?: readonly { readonly type: EntityType; readonly sourceId: string }[];
  readonly trace: Trace;
}

/** An entity after the read transformation. */
export interface ReadPreview {
  readonly sourceId: string | undefined;
  /** What write transformations get; undefined where the entity was skipped or failed. Never shown as it is. */
  readonly common: JsonObject | undefined;
  readonly step: PreviewStep;
}

/** What writing would send. `delete` only where the transformation has mappings of scope `deleteEntity` (SCP-1). */
export interface WritePreview {
  readonly create: PreviewStep;
  readonly update: PreviewStep;
  readonly delete?: PreviewStep;
}

/** Native JSON of the source → common JSON. */
export function previewRead(
  side: PreviewSide,
  type: EntityType,
  content: JsonObject,
  context: EvaluationContext,
): ReadPreview {
  const program = side.program.types.get(type);
  if (program === undefined) return { sourceId: undefined, common: undefined, step: notProcessed('read', type) };
  const outcome = program.read(content, context);
  const explanation = explainRead(program, content, context, { secretProperties: side.secretNames });
  return {
    sourceId: outcome.sourceId,
    common: outcome.kind === 'mapped' ? outcome.common : undefined,
    step: stepOf(explanation),
  };
}

/** What a preview of writes is told beside the transformation. */
export interface WriteSettings extends EvaluationContext {
  /** Id of the entity in the target for update and delete. */
  readonly targetId: string;
  readonly resolve: WriteContext['resolve'];
}

/** Common JSON → target JSON of every operation. */
export function previewWrites(
  side: PreviewSide,
  type: EntityType,
  common: JsonObject,
  settings: WriteSettings,
): WritePreview {
  const program = side.program.types.get(type);
  const operation = (name: WriteOperation): PreviewStep => previewWrite(side, type, common, name, settings);
  const steps = { create: operation('create'), update: operation('update') };
  return program?.hasDeleteScope === true ? { ...steps, delete: operation('delete') } : steps;
}

/** Common JSON → target JSON of a create alone. */
export function previewCreate(
  side: PreviewSide,
  type: EntityType,
  common: JsonObject,
  settings: WriteSettings,
): PreviewStep {
  return previewWrite(side, type, common, 'create', settings);
}

/** References that the write transformation asks for, so that a caller can look them all up at once. */
export function referencesAsked(
  side: PreviewSide,
  type: EntityType,
  common: JsonObject,
  settings: Omit<WriteSettings, 'resolve'>,
): readonly { readonly type: EntityType; readonly sourceId: string }[] {
  const program = side.program.types.get(type);
  if (program?.linkDependent !== true) return [];
  const asked = new Map<string, { readonly type: EntityType; readonly sourceId: string }>();
  const resolve = (request: ResolveRequest): readonly string[][] => {
    for (const sourceId of request.sourceIds)
      asked.set(`${request.type}/${sourceId}`, { type: request.type, sourceId });
    return request.sourceIds.map(() => []);
  };
  for (const operation of ['create', 'update', 'delete'] as const) {
    program.write(common, operation, { ...settings, ...targetIdOf(operation, settings), resolve });
  }
  return [...asked.values()];
}

function previewWrite(
  side: PreviewSide,
  type: EntityType,
  common: JsonObject,
  operation: WriteOperation,
  settings: WriteSettings,
): PreviewStep {
  const program = side.program.types.get(type);
  if (program === undefined) return notProcessed('write', type);
  const unresolved = new Map<string, { readonly type: EntityType; readonly sourceId: string }>();
  const resolve: WriteContext['resolve'] = (request) => {
    const found = settings.resolve(request);
    request.sourceIds.forEach((sourceId, position) => {
      if ((found[position] ?? []).length === 0)
        unresolved.set(`${request.type}/${sourceId}`, { type: request.type, sourceId });
    });
    return found;
  };
  const context = { ...settings, ...targetIdOf(operation, settings), resolve };
  const explanation = explainWrite(program, common, operation, context, { secretProperties: side.secretNames });
  const step = stepOf(explanation);
  return program.linkDependent ? { ...step, unresolved: [...unresolved.values()] } : step;
}

/** VAR-4: nothing is known of the id before the entity exists. */
function targetIdOf(
  operation: WriteOperation,
  { targetId }: { readonly targetId: string },
): { readonly targetId: string | undefined } {
  return { targetId: operation === 'create' ? undefined : targetId };
}

function stepOf(explanation: EntityExplanation): PreviewStep {
  const { outcome, reason, result, memberships, condition, mappings, attributes } = explanation;
  return maskSecretNames({
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(result === undefined ? {} : { result }),
    ...(memberships === undefined ? {} : { memberships }),
    trace: { ...(condition === undefined ? {} : { condition }), mappings, attributes },
  });
}

/** TRF-4, EXP-2. */
function notProcessed(direction: 'read' | 'write', type: EntityType): PreviewStep {
  const reason = `The ${direction} transformation does not process entities of type ${type}: it has no key for it, or ignores it`;
  return { outcome: 'skipped', reason, trace: { mappings: [], attributes: [] } };
}
