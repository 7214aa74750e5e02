import { ExpressionError } from '../expression-error.js';

/** A part of a date pattern (DTP-1). */
export type DateElement =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly letter: DateLetter; readonly count: number }
  /** `[...]`: may be absent when a date is read. */
  | { readonly kind: 'optional'; readonly elements: readonly DateElement[] };

/** Letters of DTP-1 and how often each may be repeated. */
const MAX_COUNT = {
  y: 19,
  u: 19,
  M: 5,
  L: 5,
  d: 2,
  D: 3,
  E: 5,
  a: 1,
  H: 2,
  k: 2,
  K: 2,
  h: 2,
  m: 2,
  s: 2,
  S: 9,
  n: 19,
  z: 4,
  Z: 5,
  X: 5,
  x: 5,
  O: 4,
  V: 2,
} as const;

/** A letter that has a meaning in a pattern. */
export type DateLetter = keyof typeof MAX_COUNT;

/** Parses a date pattern of Java's `DateTimeFormatter`. Throws {@link ExpressionError} (DTP-2). */
export function parseDatePattern(pattern: string): readonly DateElement[] {
  const stack: DateElement[][] = [[]];
  let position = 0;
  const add = (element: DateElement): void => void stack.at(-1)?.push(element);
  while (position < pattern.length) {
    const character = pattern.charAt(position);
    if (/[A-Za-z]/.test(character)) {
      const count = repetitions(pattern, position);
      add({ kind: 'field', letter: knownLetter(character, count), count });
      position += count;
    } else if (character === "'") {
      const { text, next } = readQuoted(pattern, position);
      add({ kind: 'literal', text });
      position = next;
    } else {
      if (character === '[') stack.push([]);
      else if (character === ']') closeOptional(stack);
      else if ('{}#'.includes(character))
        throw new ExpressionError(`"${character}" must be put in single quotes in a date pattern`);
      else add({ kind: 'literal', text: character });
      position += 1;
    }
  }
  if (stack.length > 1) throw new ExpressionError('the date pattern has a "[" without "]"');
  return mergeLiterals(stack[0] ?? []);
}

function closeOptional(stack: DateElement[][]): void {
  const elements = stack.length > 1 ? stack.pop() : undefined;
  if (elements === undefined) throw new ExpressionError('the date pattern has a "]" without "["');
  stack.at(-1)?.push({ kind: 'optional', elements: mergeLiterals(elements) });
}

function repetitions(pattern: string, start: number): number {
  let end = start;
  while (pattern.charAt(end) === pattern.charAt(start)) end += 1;
  return end - start;
}

function knownLetter(character: string, count: number): DateLetter {
  if (!isDateLetter(character)) {
    throw new ExpressionError(
      `the letter "${character}" has no meaning in a date pattern; put text in single quotes. Known are ${Object.keys(MAX_COUNT).join(' ')}`,
    );
  }
  const allowed =
    count <= MAX_COUNT[character] &&
    (character !== 'V' || count === 2) &&
    (character !== 'O' || count === 1 || count === 4);
  if (!allowed)
    throw new ExpressionError(
      `"${character.repeat(Math.min(count, 20))}" is not allowed in a date pattern: wrong number of letters`,
    );
  return character;
}

function isDateLetter(character: string): character is DateLetter {
  return Object.hasOwn(MAX_COUNT, character);
}

/** Text in single quotes; two of them stand for one, inside and outside of a text. */
function readQuoted(pattern: string, start: number): { text: string; next: number } {
  let text = '';
  let position = start + 1;
  for (;;) {
    const character = pattern.charAt(position);
    if (character === '') throw new ExpressionError('the date pattern has a single quote that is not closed');
    if (character !== "'") {
      text += character;
      position += 1;
    } else if (pattern.charAt(position + 1) === "'") {
      text += "'";
      position += 2;
    } else {
      return { text: text === '' && position === start + 1 ? "'" : text, next: position + 1 };
    }
  }
}

function mergeLiterals(elements: readonly DateElement[]): DateElement[] {
  const merged: DateElement[] = [];
  for (const element of elements) {
    const before = merged.at(-1);
    if (element.kind === 'literal' && before?.kind === 'literal') {
      merged[merged.length - 1] = { kind: 'literal', text: before.text + element.text };
    } else {
      merged.push(element);
    }
  }
  return merged;
}

/** Canonical text of a pattern: equal meaning of the quotes, equal text. */
export function printDatePattern(elements: readonly DateElement[]): string {
  return elements
    .map((element) => {
      switch (element.kind) {
        case 'literal':
          return `'${element.text.replaceAll("'", "''")}'`;
        case 'field':
          return element.letter.repeat(element.count);
        case 'optional':
          return `[${printDatePattern(element.elements)}]`;
      }
    })
    .join('');
}
