import { isSecretName, maskDocument, maskValue } from '../secret-names.js';
import { MASK } from '../transform/index.js';
import type { MappingExplanation } from '../transform/index.js';
import type { PreviewStep } from './preview.js';

/** The step with the values of attributes masked that are named like passwords or secrets. */
export function maskSecretNames(step: PreviewStep): PreviewStep {
  const { mappings, attributes } = step.trace;
  const secret = new Set(mappings.filter(isNamedSecret).map((mapping) => mapping.pointer));
  const hidden = new Set(attributes.filter(({ mapping }) => secret.has(mapping)).map(({ pointer }) => pointer));
  return {
    ...step,
    ...(step.result === undefined ? {} : { result: maskDocument(step.result, hidden) }),
    trace: { ...step.trace, mappings: mappings.map((mapping) => maskMapping(mapping, secret.has(mapping.pointer))) },
  };
}

function isNamedSecret({ origin, targetPath, targetVariable }: MappingExplanation): boolean {
  return [origin, targetPath, targetVariable].some((place) => place !== undefined && isSecretName(place));
}

function maskMapping(mapping: MappingExplanation, isSecret: boolean): MappingExplanation {
  const shown = isSecret ? () => MASK : maskValue;
  return {
    ...mapping,
    ...(mapping.originValue === undefined ? {} : { originValue: shown(mapping.originValue) }),
    functions: mapping.functions.map(({ name, result }) =>
      result === undefined ? { name } : { name, result: shown(result) },
    ),
    ...(mapping.value === undefined ? {} : { value: shown(mapping.value) }),
  };
}
