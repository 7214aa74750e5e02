import { ExpressionError } from '../expression-error.js';
import { scalarText } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-25: a text as list, cut at a literal separator; blanks are kept. */
export const splitStringToArray: FunctionDefinition = {
  name: 'splitStringToArray',
  parameters: { separator: { kind: 'text', required: true } },
  elements: 'onRequest',
  prepare: (args) => {
    const separator = args.text('separator');
    if (separator === '') throw new ExpressionError('the parameter "separator" must not be empty');
    return (value, call) => {
      const parts = scalarText(value, 'splitStringToArray').split(separator);
      call.run.budget.produce(parts.length);
      return parts;
    };
  },
};
