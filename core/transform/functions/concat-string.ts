import { EvaluationError } from '../evaluation-error.js';
import { MissingOperand, scalarText } from './apply-function.js';
import type { FunctionCall, FunctionDefinition, Operand } from './function-definition.js';

/** FNC-11: prefix + value + suffix. */
export const concatString: FunctionDefinition = {
  name: 'concatString',
  parameters: { prefix: { kind: 'operand', required: false }, suffix: { kind: 'operand', required: false } },
  elements: 'always',
  prepare: (args) => {
    const prefix = args.operand('prefix');
    const suffix = args.operand('suffix');
    return (value, call) => {
      const before = operandText(prefix, call, 'concatString');
      return before + scalarText(value, 'concatString') + operandText(suffix, call, 'concatString');
    };
  },
};

/** The text of a parameter that may be a path into the input document; a list of one element is unwrapped. */
export function operandText(operand: Operand, call: FunctionCall, functionName: string): string {
  if (typeof operand === 'string') return operand;
  const value = operand.read(call.run.root, call.run.root, call.run.budget);
  const only = Array.isArray(value) && value.length <= 1 ? value[0] : value;
  if (only === undefined || only === null) throw new MissingOperand();
  if (typeof only === 'object') throw new EvaluationError(`${functionName} needs one text at ${operand.text}`);
  return scalarText(only, functionName);
}
