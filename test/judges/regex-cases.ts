import fc from 'fast-check';
import type { Deviation } from './judge.js';

/** A question to java.util.regex; `flags` are the numbers of `Pattern`. */
export type RegexCase = { kind: 'matches'; pattern: string; flags: number; flagText: string; text: string };

/** A question to `Matcher.replaceAll`. */
export type ReplaceCase = { kind: 'replace'; pattern: string; flags: number; text: string; replacement: string };

const FLAGS: Readonly<Record<string, number>> = {
  '': 0,
  d: 1,
  i: 2,
  x: 4,
  m: 8,
  s: 32,
  iu: 66,
  U: 256,
  im: 10,
  ms: 40,
  dm: 9,
};

const atom = fc.constantFrom(
  'a',
  'b',
  'A',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '\\S',
  '\\p{Punct}',
  '\\p{Lu}',
  '\\P{L}',
  '\\p{IsAlphabetic}',
  '\\p{javaLowerCase}',
  '[a-c&&[^b]]',
  '[^a-c&&[bx]]',
  '[\\w&&[^\\d]]',
  '[a[bc]-]',
  '[]a]',
  '[a-]',
  '^',
  '$',
  '\\b',
  '\\B',
  '\\A',
  '\\z',
  '\\Z',
  '\\R',
  '\\h',
  '\\1',
  '\\2',
  'ab',
  '-',
  ' ',
  '#',
  '\\Qa.b\\E',
  '\\x41',
  '\\u0062',
  '\\t',
  '\\.',
  'ä',
  'ß',
  '(?i)',
  '(?-i)',
  '\\p{IsLatin}',
  '[\\p{L}&&[^a]]',
  '\\v',
  '\\e',
  '\\07',
);
const quantifier = fc.constantFrom(
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '*+',
  '++',
  '?+',
  '{2}',
  '{1,2}',
  '{0,}',
  '{1,2}?',
  '{1,}+',
);
const pattern = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    atom,
    fc.tuple(tie('value'), tie('value')).map(([left, right]) => left + right),
    fc.tuple(tie('value'), quantifier).map(([inner, many]) => `(?:${inner})${many}`),
    fc.tuple(tie('value'), quantifier).map(([inner, many]) => `(${inner})${many}`),
    fc.tuple(tie('value'), tie('value')).map(([left, right]) => `(${left}|${right})`),
    tie('value').map((inner) => `(${inner})`),
    tie('value').map((inner) => `(?=${inner})`),
    tie('value').map((inner) => `(?!${inner})`),
    tie('value').map((inner) => `(?<=${inner})`),
    tie('value').map((inner) => `(?<!${inner})`),
    tie('value').map((inner) => `(?>${inner})`),
    tie('value').map((inner) => `(?i:${inner})`),
    fc.tuple(atom, quantifier).map(([inner, many]) => inner + many),
  ),
})).value;

const text = fc
  .array(
    fc.constantFrom('a', 'b', 'A', 'B', 'c', '1', ' ', '-', '.', '\n', '\r\n', 'ä', 'Ä', 'ß', '_', '!', '\u2028', '😀'),
    { maxLength: 7 },
  )
  .map((parts) => parts.join(''));

/** Patterns of all kinds, valid and not, with short texts. */
export const regexCases: fc.Arbitrary<RegexCase> = fc
  .tuple(pattern, fc.constantFrom(...Object.keys(FLAGS)), text)
  .map(([source, flagText, input]) => ({
    kind: 'matches',
    pattern: source,
    flags: FLAGS[flagText] ?? 0,
    flagText,
    text: input,
  }));

/** Replacements with groups, valid and not. */
export const replaceCases: fc.Arbitrary<ReplaceCase> = fc
  .tuple(
    pattern,
    fc.array(fc.constantFrom('x', '$0', '$1', '$12', '\\$', '\\', '$', '\\\\', '<', '>'), { maxLength: 3 }),
    text,
  )
  .map(([source, replacement, input]) => ({
    kind: 'replace',
    pattern: source,
    flags: 0,
    text: input,
    replacement: replacement.join(''),
  }));

/** Where we differ on purpose. */
export const regexDeviations: readonly Deviation<RegexCase>[] = [
  {
    rule: 'CND-22',
    reason: 'a look-behind needs no greatest length',
    applies: ({ pattern: source }, verdict) => verdict.error !== undefined && /\(\?<[=!]/.test(source),
  },
  {
    rule: 'CND-22',
    reason: 'a repetition of flags or of ignored blanks is refused',
    applies: ({ pattern: source }) => /(?:\(\?-?i\)|[ #])[*+?{]/.test(source),
  },
  {
    rule: 'CND-22',
    reason:
      'only the text of groups differs where a repeated group matches nothing or stands in a negative look-around',
    applies: ({ pattern: source }, verdict) =>
      Array.isArray(verdict.value) && verdict.value.length > 1 && /\(/.test(source),
  },
];

/** Where replacements differ on purpose. */
export const replaceDeviations: readonly Deviation<ReplaceCase>[] = [
  {
    rule: 'FNC-9',
    reason: 'a replacement that cannot be used is refused on save, in Java only when something matches',
    applies: ({ text: input }, verdict) => verdict.value === input,
  },
  {
    rule: 'CND-22',
    reason: 'characters beyond U+FFFF are never cut in two',
    applies: ({ text: input }) => input.includes('😀'),
  },
  {
    rule: 'CND-22',
    reason: 'a look-behind needs no greatest length',
    applies: ({ pattern: source }, verdict) => verdict.error !== undefined && /\(\?<[=!]/.test(source),
  },
  {
    rule: 'CND-22',
    reason: 'a group in a negative look-ahead has no text afterwards',
    applies: ({ pattern: source }) => /\(\?<?!/.test(source),
  },
  {
    rule: 'CND-22',
    reason: 'a repetition of flags is refused',
    applies: ({ pattern: source }) => /\(\?-?i\)[*+?{]/.test(source),
  },
];
