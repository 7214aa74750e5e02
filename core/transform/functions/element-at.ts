import { elementOf } from '../path/read-path.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-24: an element of a list; negative positions count from the end, position 0 of what is no list is the value itself. */
export const elementAt: FunctionDefinition = {
  name: 'elementAt',
  parameters: { index: { kind: 'integer', required: true } },
  elements: 'onRequest',
  prepare: (args) => {
    const index = args.integer('index') ?? 0;
    return (value) => {
      if (Array.isArray(value)) return elementOf(value, index);
      return index === 0 ? value : undefined;
    };
  },
};
