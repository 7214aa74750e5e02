import { randomInt } from 'node:crypto';
import { createRegistry } from '../../connectors/registry.js';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import { ASSUMED_TARGET_ID, previewRead, previewWrites } from '../../core/preview/preview.js';
import type { PreviewSide, PreviewStep } from '../../core/preview/preview.js';
import { compileTransformation, MASK } from '../../core/transform/index.js';
import type { EvaluationContext, TransformationIssue } from '../../core/transform/index.js';
import { explanationOf } from './explanation.js';
import { InputError, parseProperty, readEntities, readObject } from './input-files.js';

/** What `muster transform` is asked for. */
export interface TransformOptions {
  readonly read?: string;
  readonly write?: string;
  readonly input: string;
  readonly type: string;
  readonly targetId?: string;
  /** `name=value`. */
  readonly property: readonly string[];
  /** Names. */
  readonly credential: readonly string[];
  readonly explain?: boolean;
}

/** Where the result goes, and where everything that is said about it. */
export interface TransformOutput {
  readonly result: (text: string) => void;
  readonly say: (text: string) => void;
}

/** Exit codes: all well, an input cannot be used or does not compile, an entity failed. */
export const EXIT = { ok: 0, unusable: 1, entityFailed: 2 } as const;

/** Runs transformations on the entities of a file. Returns the exit code. */
export function runTransform(options: TransformOptions, output: TransformOutput): number {
  try {
    return transform(options, output);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    output.say(error.message);
    return EXIT.unusable;
  }
}

function transform(options: TransformOptions, output: TransformOutput): number {
  const type = ENTITY_TYPES.find((known) => known === options.type);
  if (type === undefined) throw new InputError(`--type ${options.type}: known are ${ENTITY_TYPES.join(', ')}`);
  if (options.read === undefined && options.write === undefined)
    throw new InputError('give --read, --write, or both: files with a transformation');
  const secrets = propertiesOf(options);
  const read = openSide(options.read, 'read', secrets, output);
  const write = openSide(options.write, 'write', secrets, output);
  const entities = readEntities(options.input);
  if (read === 'unusable' || write === 'unusable') return EXIT.unusable;
  const context: EvaluationContext = { now: new Date(), randomInt: (exclusiveMax) => randomInt(exclusiveMax) };
  const targetId = options.targetId ?? ASSUMED_TARGET_ID;
  const results = entities.map((entity) => transformEntity(entity, { type, read, write, context, targetId }));
  if (options.explain === true)
    results.forEach((result, position) => output.say(explanationOf(titleOf(result, type, position), result.steps)));
  output.result(JSON.stringify(results.map(toView), null, 2));
  const hasFailed = results.some(({ steps }) => steps.some(([, step]) => step.outcome === 'failed'));
  return hasFailed ? EXIT.entityFailed : EXIT.ok;
}

interface Properties {
  readonly properties: Readonly<Record<string, string>>;
  readonly secretNames: readonly string[];
}

/** Values of credentials never matter: a mask stands for each, so none can get into what is printed (PHL-5). */
function propertiesOf({ property, credential }: TransformOptions): Properties {
  const given = property.map(parseProperty);
  const secretNames = [...new Set([...credential, ...given.map(([name]) => name).filter(isCredential)])];
  const masks = secretNames.map((name) => [name, MASK] as const);
  return { properties: Object.fromEntries([...given, ...masks]), secretNames };
}

function isCredential(name: string): boolean {
  if (name === 'initial.password') return true;
  const registry = createRegistry();
  return registry.typeNames.some((type) =>
    registry.find(type)?.descriptor.properties.some((known) => known.name === name && known.kind === 'secret'),
  );
}

function openSide(
  file: string | undefined,
  direction: 'read' | 'write',
  { properties, secretNames }: Properties,
  output: TransformOutput,
): PreviewSide | undefined | 'unusable' {
  if (file === undefined) return undefined;
  const compiled = compileTransformation(readObject(file), { direction, properties, secretNames });
  const issues = compiled.ok ? compiled.warnings : compiled.issues;
  for (const issue of issues) output.say(issueText(file, issue));
  return compiled.ok ? { program: compiled.program, secretNames: new Set(secretNames) } : 'unusable';
}

/** Place, text and remedy of a finding. */
function issueText(file: string, { severity, pointer, text, message }: TransformationIssue): string {
  const said = text === undefined || message.includes(text) ? message : `${message}\n  it says: ${text}`;
  return `${file}: ${severity} at ${pointer === '' ? 'the whole document' : pointer}\n  ${said}`;
}

/** Steps by name, in their order. */
interface Transformed {
  readonly sourceId: string | undefined;
  readonly steps: readonly (readonly [name: 'read' | 'create' | 'update' | 'delete', step: PreviewStep])[];
}

function transformEntity(
  entity: JsonObject,
  settings: {
    readonly type: EntityType;
    readonly read: PreviewSide | undefined;
    readonly write: PreviewSide | undefined;
    readonly context: EvaluationContext;
    readonly targetId: string;
  },
): Transformed {
  const { type, context, targetId } = settings;
  const read = settings.read === undefined ? undefined : previewRead(settings.read, type, entity, context);
  const common = read === undefined ? entity : read.common;
  const steps: (readonly ['read' | 'create' | 'update' | 'delete', PreviewStep])[] = [];
  if (read !== undefined) steps.push(['read', read.step]);
  if (settings.write !== undefined && common !== undefined) {
    const resolve = ({ sourceIds }: { readonly sourceIds: readonly string[] }) => sourceIds.map(() => []);
    const written = previewWrites(settings.write, type, common, { ...context, targetId, resolve });
    steps.push(['create', written.create], ['update', written.update]);
    if (written.delete !== undefined) steps.push(['delete', written.delete]);
  }
  return { sourceId: read?.sourceId, steps };
}

function titleOf({ sourceId }: Transformed, type: EntityType, position: number): string {
  return sourceId === undefined ? `${type} at position ${position}` : `${type} ${sourceId}`;
}

/** Without traces: those are for people. */
function toView({ sourceId, steps }: Transformed): object {
  const views = steps.map(([name, { trace: _trace, ...step }]) => [name, step] as const);
  return { ...(sourceId === undefined ? {} : { sourceId }), ...Object.fromEntries(views) };
}
