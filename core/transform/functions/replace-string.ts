import { ExpressionError } from '../expression-error.js';
import { scalarText } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-13: replaces every occurrence of a literal text. */
export const replaceString: FunctionDefinition = {
  name: 'replaceString',
  parameters: { target: { kind: 'text', required: true }, replacement: { kind: 'text', required: true } },
  elements: 'always',
  prepare: (args) => {
    const target = args.text('target');
    const replacement = args.text('replacement');
    if (target === '') throw new ExpressionError('the parameter "target" must not be empty');
    return (value, call) => {
      const parts = scalarText(value, 'replaceString').split(target);
      call.run.budget.produce((parts.length - 1) * replacement.length);
      return parts.join(replacement);
    };
  },
};
