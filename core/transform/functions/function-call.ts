import type { JsonValue } from '../../json.js';
import type { DynamicCondition } from '../condition/dynamic-condition.js';
import type { ValueTemplate } from '../template.js';
import { isPathText } from './arguments.js';
import type { FunctionDefinition } from './function-definition.js';

/** What every function has: FNC-4 to FNC-7. */
export interface FunctionFrame {
  readonly condition: DynamicCondition | undefined;
  readonly applyOnElements: boolean;
  readonly applyOn: string | undefined;
  readonly assignTo: string | undefined;
}

/** Parameters of one call as they stand in the document. */
export interface CompiledParameters {
  readonly raw: Readonly<Record<string, JsonValue>>;
  readonly templates: Readonly<Record<string, ValueTemplate>>;
  readonly variables: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

/** What decides the result of a call, for the fingerprint: spellings that mean the same are the same. */
export function canonicalCall(
  definition: FunctionDefinition,
  frame: FunctionFrame,
  parameters: CompiledParameters,
): JsonValue {
  const own = Object.entries(parameters.templates).map(([name, template]): [string, JsonValue] => {
    const raw = parameters.raw[name];
    const isPath = definition.parameters[name]?.kind === 'operand' && isPathText(raw);
    const canonical = canonicalParameter(definition.parameters[name]?.kind, template.canonical);
    return [name, isPath ? ['path', canonical] : canonical];
  });
  return {
    function: definition.name,
    parameters: own.sort(([left], [right]) => (left < right ? -1 : 1)),
    condition: frame.condition?.canonical ?? null,
    applyOnElements: definition.elements === 'onRequest' && frame.applyOnElements,
    applyOn: frame.applyOn ?? null,
    assignTo: frame.applyOn === undefined && definition.elements !== 'own' ? null : (frame.assignTo ?? null),
  };
}

function canonicalParameter(kind: string | undefined, canonical: JsonValue): JsonValue {
  if (kind === 'value' || typeof canonical === 'object') return canonical;
  return kind === 'integer' ? String(Number(canonical)) : String(canonical);
}
