import { compileRegex } from '../regex/regex.js';
import type { RegexMatch } from '../regex/regex.js';
import { parseReplacement } from '../regex/replacement.js';
import { scalarText } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-14. */
export const replaceFirstString = replaceMatches('replaceFirstString', (matches) => {
  const first = matches.next();
  return first.done === true ? [] : [first.value];
});

/** FNC-15. */
export const replaceLastString = replaceMatches('replaceLastString', (matches) => [...matches].slice(-1));

/** FNC-16. */
export const replaceAllString = replaceMatches('replaceAllString', (matches) => [...matches]);

function replaceMatches(
  name: string,
  choose: (matches: Generator<RegexMatch, void>) => readonly RegexMatch[],
): FunctionDefinition {
  return {
    name,
    parameters: { regex: { kind: 'text', required: true }, replacement: { kind: 'text', required: true } },
    elements: 'always',
    prepare: (args) => {
      const regex = compileRegex(args.text('regex'), '');
      const replacement = parseReplacement(args.text('replacement'), regex);
      return (value, call) => {
        const text = scalarText(value, name);
        let result = '';
        let end = 0;
        for (const match of choose(regex.findAll(text, call.run.budget))) {
          const inserted = replacement(match);
          call.run.budget.produce(inserted.length);
          result += text.slice(end, match.start) + inserted;
          end = match.end;
        }
        return result + text.slice(end);
      };
    },
  };
}
