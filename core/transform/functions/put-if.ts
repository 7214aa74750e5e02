import { ExpressionError } from '../expression-error.js';
import { isForbiddenName, isObjectValue, memberOf } from '../value.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-26: sets a member that is missing or null. */
export const putIfAbsent = putIf('putIfAbsent', false);

/** FNC-27: sets a member that is present and not null. */
export const putIfPresent = putIf('putIfPresent', true);

function putIf(name: string, present: boolean): FunctionDefinition {
  return {
    name,
    parameters: { key: { kind: 'text', required: true }, defaultValue: { kind: 'value', required: true } },
    elements: 'always',
    prepare: (args) => {
      const key = args.text('key');
      const defaultValue = args.value('defaultValue') ?? null;
      if (isForbiddenName(key)) throw new ExpressionError(`an attribute must not be called "${key}"`);
      return (value) => {
        if (!isObjectValue(value)) return value;
        const member = memberOf(value, key);
        const isPresent = member !== undefined && member !== null;
        return isPresent === present ? { ...value, [key]: defaultValue } : value;
      };
    },
  };
}
