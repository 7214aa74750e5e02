import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import { below } from '../transform/issues.js';
import { MASK } from '../transform/index.js';
import type { MappingExplanation } from '../transform/index.js';
import type { PreviewStep } from './preview.js';

/** Attributes that hold secrets by their name (TRC-7): `password`, `unicodePwd`, `clientSecret`. */
const SECRET_NAME = /passw|pwd|secret/i;

const NOTHING: ReadonlySet<string> = new Set();

/** The step with the values of attributes masked that are named like passwords or secrets. */
export function maskSecretNames(step: PreviewStep): PreviewStep {
  const { mappings, attributes } = step.trace;
  const secret = new Set(mappings.filter(isNamedSecret).map((mapping) => mapping.pointer));
  const hidden = new Set(attributes.filter(({ mapping }) => secret.has(mapping)).map(({ pointer }) => pointer));
  return {
    ...step,
    ...(step.result === undefined ? {} : { result: maskMembers(step.result, '', hidden) }),
    trace: { ...step.trace, mappings: mappings.map((mapping) => maskMapping(mapping, secret.has(mapping.pointer))) },
  };
}

function isNamedSecret({ origin, targetPath, targetVariable }: MappingExplanation): boolean {
  return [origin, targetPath, targetVariable].some((place) => place !== undefined && SECRET_NAME.test(place));
}

function maskMapping(mapping: MappingExplanation, isSecret: boolean): MappingExplanation {
  const shown = isSecret ? () => MASK : (value: JsonValue) => maskAt(value, '', NOTHING);
  return {
    ...mapping,
    ...(mapping.originValue === undefined ? {} : { originValue: shown(mapping.originValue) }),
    functions: mapping.functions.map(({ name, result }) =>
      result === undefined ? { name } : { name, result: shown(result) },
    ),
    ...(mapping.value === undefined ? {} : { value: shown(mapping.value) }),
  };
}

/** @param hidden JSON pointers of values to be masked whatever their name is */
function maskAt(value: JsonValue, pointer: string, hidden: ReadonlySet<string>): JsonValue {
  if (hidden.has(pointer)) return MASK;
  if (Array.isArray(value)) return value.map((element, index) => maskAt(element, below(pointer, index), hidden));
  return isJsonObject(value) ? maskMembers(value, pointer, hidden) : value;
}

function maskMembers(object: JsonObject, pointer: string, hidden: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) ? MASK : maskAt(value, below(pointer, name), hidden),
    ]),
  );
}
