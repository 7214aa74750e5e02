import { scalarText } from './apply-function.js';
import { operandText } from './concat-string.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-23: value + separator + subId. */
export const compositeId: FunctionDefinition = {
  name: 'compositeId',
  parameters: { separator: { kind: 'text', required: false }, subId: { kind: 'operand', required: true } },
  elements: 'always',
  prepare: (args) => {
    const separator = args.text('separator') === '' ? ':' : args.text('separator');
    const subId = args.operand('subId');
    return (value, call) => scalarText(value, 'compositeId') + separator + operandText(subId, call, 'compositeId');
  },
};
