import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { matchesFilter } from '../../../core/filter/matches-filter.js';
import { throughReadMapping, UntranslatableFilterError } from '../../../core/filter/native-filter.js';
import { parseScimFilter } from '../../../core/filter/parse-filter.js';
import type { JsonObject } from '../../../core/json.js';
import { matchesFilter as matchesAsServer } from '../../../simulators/scim/filter-match.js';
import { parseFilter as parseAsServer } from '../../../simulators/scim/filter-parser.js';
import { compileUser, context } from '../transform/support.js';

/** What default mappings do, and what else administrators write: first values, whole lists, typed elements, one attribute from two sources. */
const MAPPINGS: readonly JsonObject[] = [
  { sourcePath: '$.uid[0]', targetVariable: 'entityIdSourceSystem' },
  { sourcePath: '$.uid[0]', targetPath: '$.userName' },
  { sourcePath: '$.a[0]', targetPath: '$.title', optional: true },
  { sourcePath: '$.b[0]', targetPath: '$.name.givenName', optional: true },
  { sourcePath: '$.c[0]', targetPath: '$.displayName', optional: true },
  { sourcePath: '$.d[0]', targetPath: '$.displayName', optional: true },
  { sourcePath: '$.a[0]', targetPath: "$.phoneNumbers[?(@.type == 'mobile')].value", optional: true },
  { sourcePath: '$.b[0]', targetPath: "$.phoneNumbers[?(@.type == 'work')].value", optional: true },
  { sourcePath: '$.c[0]', targetPath: '$.emails[0].value', optional: true },
  { sourcePath: '$.d[0]', targetPath: '$.emails[0].type', optional: true },
  {
    sourcePath: '$.c[*]',
    targetPath: '$.ims[?(@.value)]',
    preserveArrayWithSingleElement: true,
    optional: true,
  },
  { constant: 'x', targetPath: '$.locale' },
];
const TYPE: JsonObject = { mappings: [...MAPPINGS] };

const values = fc.array(fc.constantFrom('x', 'y', 'xy', 'X'), { maxLength: 2 });
const bodies = fc.record({
  uid: fc.constantFrom(['x'], ['y', 'x']).map((list) => [...list]),
  a: values,
  b: values,
  c: values,
  d: values,
});

const operators = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'le');
const literals = fc.constantFrom('"x"', '"y"', '"work"', '"mobile"');
const leafOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...names).map((name) => `${name} pr`),
    fc.tuple(fc.constantFrom(...names), operators, literals).map((parts) => parts.join(' ')),
    fc.constantFrom(...names).map((name) => `${name} eq null`),
  );
const joined = (part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: part },
    { weight: 1, arbitrary: fc.tuple(part, part).map(([a, b]) => `(${a}) and (${b})`) },
    { weight: 1, arbitrary: fc.tuple(part, part).map(([a, b]) => `(${a}) or (${b})`) },
    { weight: 1, arbitrary: part.map((a) => `not (${a})`) },
  );
const LISTS = ['phoneNumbers', 'emails', 'ims'];
const plain = leafOf([
  ...['userName', 'title', 'name.givenName', 'displayName', 'locale', 'nickName', 'name'],
  ...LISTS.flatMap((list) => [`${list}.value`, `${list}.type`]),
]);
const bracketed = fc
  .tuple(fc.constantFrom(...LISTS), joined(leafOf(['value', 'type'])))
  .map(([list, inner]) => `${list}[${inner}]`);
const filters = joined(
  fc.oneof(
    plain,
    bracketed,
    fc.constantFrom(...LISTS).map((list) => `${list} pr`),
  ),
);

describe('SCIM filters through a read mapping, beside those of another server over the common JSON', () => {
  const program = compileUser('read', TYPE);

  it('CONN-LDAP-46: a filter finds whom a SCIM server with the same people would find, or is refused', () => {
    let answered = 0;
    fc.assert(
      fc.property(bodies, filters, (native, filter) => {
        const body = Object.fromEntries(Object.entries(native).filter(([, list]) => list.length > 0));
        const outcome = program.read(body, context);
        if (outcome.kind !== 'mapped') throw new Error('not mapped');
        const expected = matchesAsServer(outcome.common, parseAsServer(filter));
        try {
          const translated = throughReadMapping(parseScimFilter(filter).filter, TYPE, {});
          answered += 1;
          expect({ filter, common: outcome.common, found: matchesFilter(translated, { body }) }).toEqual({
            filter,
            common: outcome.common,
            found: expected,
          });
        } catch (error) {
          if (!(error instanceof UntranslatableFilterError)) throw error;
        }
      }),
      { numRuns: 3_000 },
    );
    expect(answered).toBeGreaterThan(1_000);
  });
});
