import { ExpressionError } from '../expression-error.js';
import { isForbiddenName, memberOf } from '../value.js';
import type { ValueObject } from '../value.js';
import { requireObject } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-28: adds a member with the value of another. */
export const copyMapEntry = mapEntry('copyMapEntry', (object, sourceKey, targetKey) => ({
  ...object,
  [targetKey]: object[sourceKey] ?? null,
}));

/** FNC-29: gives a member another name; its position is kept, a member of the new name is overwritten. */
export const renameMapEntry = mapEntry('renameMapEntry', (object, sourceKey, targetKey) => {
  if (sourceKey === targetKey) return object;
  const members = Object.entries(object).filter(([name]) => name !== targetKey);
  return Object.fromEntries(members.map(([name, member]) => [name === sourceKey ? targetKey : name, member]));
});

function mapEntry(
  name: string,
  change: (object: ValueObject, sourceKey: string, targetKey: string) => ValueObject,
): FunctionDefinition {
  return {
    name,
    parameters: { sourceKey: { kind: 'text', required: true }, targetKey: { kind: 'text', required: true } },
    elements: 'always',
    prepare: (args) => {
      const sourceKey = args.text('sourceKey');
      const targetKey = args.text('targetKey');
      if (isForbiddenName(targetKey)) throw new ExpressionError(`an attribute must not be called "${targetKey}"`);
      return (value) => {
        const object = requireObject(value, name);
        return memberOf(object, sourceKey) === undefined ? object : change(object, sourceKey, targetKey);
      };
    },
  };
}
