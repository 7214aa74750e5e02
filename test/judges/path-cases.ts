import fc from 'fast-check';
import type { JsonValue } from '../../core/json.js';
import type { Deviation } from './judge.js';

/** A question to JsonPath. */
export type PathCase = { kind: 'path'; path: string; document: string };

const leaf = fc.constantFrom<JsonValue>('x', 'User', '', 5, 7.5, -1, true, false, null);
const name = fc.constantFrom('a', 'b', 'c', 'x:y');
const value = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const document = fc.dictionary(name, value, { maxKeys: 4 });

const filter = fc.constantFrom(
  "@.a == 'x'",
  '@.a == 5',
  "@.a != 'x'",
  '@.b > 4',
  '@.a',
  '@.a.b',
  "@.a in ['x', 5]",
  "@.a nin ['x']",
  '@.b =~ /U.*/',
  '@.a == true',
  "@.a == 'x' && @.b == 5",
  "@.a == 'x' || @.b == 5",
  '!(@.a)',
  '@.a empty true',
  '@.a size 1',
  "@.a contains 'x'",
  '@.b <= 5',
  '@.a == null',
);

const segment = fc.oneof(
  fc.constantFrom(
    '.a',
    '.b',
    '.c',
    "['x:y']",
    "['a']",
    '[0]',
    '[1]',
    '[-1]',
    '[*]',
    '.*',
    '[0,1]',
    '[0:1]',
    '[1:]',
    '[:1]',
    '[-1:]',
    '[:-1]',
    '..a',
    '..*',
    '..[0]',
    "['a','b']",
  ),
  filter.map((condition) => `[?(${condition})]`),
);

const end = fc.constantFrom('', '', '', '', '', '.length()', '.keys()', '.min()', '.sum()', ".['a']", ".['a','b']");

/** Documents and paths of the kinds of PTH-1. */
export const pathCases: fc.Arbitrary<PathCase> = fc
  .tuple(fc.array(segment, { maxLength: 3 }), end, document)
  .map(([segments, last, doc]) => ({
    kind: 'path',
    path: `$${segments.join('')}${last}`,
    document: JSON.stringify(doc),
  }));

const isIndefinite = (path: string): boolean => /\[\*\]|\.\*|\.\.|\[\?|\[[-\d]*:|,/.test(path);
const isFunction = (path: string): boolean => path.endsWith('()');

/** Where we differ on purpose. */
export const pathDeviations: readonly Deviation<PathCase>[] = [
  {
    rule: 'PTH-1',
    reason: 'a function at the end takes the whole list of an indefinite path and gives one value',
    applies: ({ path }) => isFunction(path) && isIndefinite(path),
  },
  {
    rule: 'PTH-7',
    reason: 'a function gives missing, not an error or null, for what it is not made for',
    applies: ({ path }, verdict) => isFunction(path) && (verdict.error !== undefined || verdict.value === null),
  },
  {
    rule: 'PTH-3',
    reason: 'an indefinite path with a missing part gives an empty list',
    applies: ({ path }, verdict) => isIndefinite(path) && verdict.missing === true,
  },
  {
    rule: 'PTH-8',
    reason: 'one name in brackets behind a dot is an object behind an indefinite path',
    applies: ({ path }) => path.endsWith(".['a']") && isIndefinite(path.slice(0, -6)),
  },
  {
    rule: 'CND-11, CND-12',
    reason: 'missing is empty, numbers and booleans are not empty',
    applies: ({ path }) => path.includes('empty true'),
  },
  {
    rule: 'CND-10, CND-14',
    reason: 'a comparison with a value it is not made for is false, where Jayway fails',
    applies: ({ path }, verdict) => /=~|contains/.test(path) && verdict.error !== undefined,
  },
  {
    rule: 'PTH-4',
    reason: 'a filter on a value that is no list and no object selects nothing, where Jayway fails',
    applies: ({ path }, verdict) => path.includes('[?') && verdict.error === 'InvalidPathException',
  },
  {
    rule: 'PTH-1',
    reason: '".." visits every value once, also where "*" or "[n]" and another step follow',
    applies: ({ path }) => /\.\.(?:\*|\[\d)/.test(path),
  },
];
