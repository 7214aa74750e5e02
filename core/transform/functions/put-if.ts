import { ExpressionError } from '../expression-error.js';
import { isForbiddenName, memberOf } from '../value.js';
import { requireObject } from './apply-function.js';
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
        const object = requireObject(value, name);
        const member = memberOf(object, key);
        const isPresent = member !== undefined && member !== null;
        return isPresent === present ? { ...object, [key]: defaultValue } : object;
      };
    },
  };
}
