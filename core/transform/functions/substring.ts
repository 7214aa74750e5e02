import { ExpressionError } from '../expression-error.js';
import { scalarText } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-12: bounds beyond the length are cut, negative ones are refused. */
export const substring: FunctionDefinition = {
  name: 'substring',
  parameters: {
    beginIndex: { kind: 'integer', required: true, min: 0 },
    endIndex: { kind: 'integer', required: false, min: 0 },
  },
  elements: 'always',
  prepare: (args) => {
    const begin = args.integer('beginIndex') ?? 0;
    const end = args.integer('endIndex');
    if (end !== undefined && end < begin)
      throw new ExpressionError('the parameter "endIndex" is less than "beginIndex"');
    return (value) => scalarText(value, 'substring').slice(begin, end);
  },
};
