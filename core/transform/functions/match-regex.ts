import { ExpressionError } from '../expression-error.js';
import { compileRegex } from '../regex/regex.js';
import { scalarText } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-17: whether the whole text matches. */
export const matchRegex: FunctionDefinition = {
  name: 'matchRegex',
  parameters: { regex: { kind: 'text', required: true } },
  elements: 'always',
  prepare: (args) => {
    const regex = compileRegex(args.text('regex'), '');
    return (value, call) => regex.matches(scalarText(value, 'matchRegex'), call.run.budget);
  },
};

/** FNC-18: a group of the match of the whole text; missing if there is no match or the group took no part. */
export const getMatchedRegexGroup: FunctionDefinition = {
  name: 'getMatchedRegexGroup',
  parameters: { regex: { kind: 'text', required: true }, groupIndex: { kind: 'integer', required: true, min: 0 } },
  elements: 'always',
  prepare: (args) => {
    const regex = compileRegex(args.text('regex'), '');
    const group = args.integer('groupIndex') ?? 0;
    if (group > regex.groupCount)
      throw new ExpressionError(
        `the parameter "groupIndex" is ${group}, but the pattern has ${regex.groupCount} groups`,
      );
    return (value, call) => regex.matchAll(scalarText(value, 'getMatchedRegexGroup'), call.run.budget)?.group(group);
  },
};
