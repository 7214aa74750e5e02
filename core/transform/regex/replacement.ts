import { ExpressionError } from '../expression-error.js';
import type { Regex, RegexMatch } from './regex.js';

/**
 * Parses a replacement by Java's rules: `$1` and `${name}` are groups, a backslash makes the next character literal. Throws
 * {@link ExpressionError} for a group that the pattern does not have.
 */
export function parseReplacement(text: string, regex: Regex): (match: RegexMatch) => string {
  const parts: (string | number)[] = [];
  const addLiteral = (character: string): void => {
    const last = parts.at(-1);
    if (typeof last === 'string') parts[parts.length - 1] = last + character;
    else parts.push(character);
  };
  let position = 0;
  while (position < text.length) {
    const character = text.charAt(position);
    position += 1;
    if (character === '\\') {
      if (position === text.length) throw new ExpressionError('the replacement ends with a backslash; write it twice');
      addLiteral(text.charAt(position));
      position += 1;
    } else if (character === '$') {
      const { group, next } = readGroup(text, position, regex);
      parts.push(group);
      position = next;
    } else {
      addLiteral(character);
    }
  }
  return (match) => parts.map((part) => (typeof part === 'string' ? part : (match.group(part) ?? ''))).join('');
}

function readGroup(text: string, start: number, regex: Regex): { readonly group: number; readonly next: number } {
  const name = /^\{([A-Za-z][A-Za-z0-9]*)\}/.exec(text.slice(start, start + 200))?.[1];
  if (name !== undefined) {
    const group = regex.groupNames.get(name);
    if (group === undefined)
      throw new ExpressionError(`the replacement names a group "${name}" that the pattern does not have`);
    return { group, next: start + name.length + 2 };
  }
  if (!/[0-9]/.test(text.charAt(start)))
    throw new ExpressionError('"$" in the replacement needs the number of a group; write \\$ for the character');
  let group = Number(text.charAt(start));
  if (group > regex.groupCount)
    throw new ExpressionError(`the replacement names group ${group}, but the pattern has ${regex.groupCount}`);
  let next = start + 1;
  // More digits belong to the number as long as there is such a group.
  while (/[0-9]/.test(text.charAt(next)) && group * 10 + Number(text.charAt(next)) <= regex.groupCount) {
    group = group * 10 + Number(text.charAt(next));
    next += 1;
  }
  return { group, next };
}
