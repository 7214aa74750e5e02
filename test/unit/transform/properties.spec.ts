import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Budget } from '../../../core/transform/budget.js';
import { parseCondition, parseWholePath } from '../../../core/transform/condition/parse-condition.js';
import { printCondition, printWholePath } from '../../../core/transform/condition/print-condition.js';
import { compileTransformation } from '../../../core/transform/index.js';
import type { TypeProgram } from '../../../core/transform/index.js';
import { compileRegex } from '../../../core/transform/regex/regex.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { context, objectOf, writeContext } from './support.js';

const name = fc.constantFrom('a', 'b', 'value', 'type', '__proto__', 'constructor', 'x:y', 'toString', "it's", 'ä');
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(
    '',
    'x',
    'User',
    '5',
    0,
    5,
    -1.5,
    true,
    false,
    null,
    '%key%',
    '${v}',
    'A-77',
    '2026-01-31 08:00:00.000',
  ),
  fc.string({ maxLength: 6 }),
);
const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const document: fc.Arbitrary<JsonObject> = fc.dictionary(name, json, { maxKeys: 5 });

const path = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '.a',
        '.b',
        '.value',
        "['x:y']",
        '[0]',
        '[-1]',
        '[*]',
        '.*',
        '[1:]',
        '[0,1]',
        "['a','b']",
        ".['a']",
        '..a',
        '..[0]',
      ),
      fc.constantFrom(
        "[?(@.a == 'x')]",
        '[?(@.value)]',
        "[?(@.type == 'x' && @.b == true)]",
        '[?(@ =~ /x.*/)]',
        '[?(@.a.length() > 1)]',
      ),
    ),
    { maxLength: 4 },
  )
  .chain((segments) =>
    fc.constantFrom('', '', '.length()', '.first()', '.keys()').map((end) => `$${segments.join('')}${end}`),
  );

const literal = fc.oneof(
  fc.constantFrom('5', "'x'", '"y"', 'true', 'null', "['a','b']", "{'a': 1}", "'it\\'s'", '-1.5e3'),
  path,
);
const test = fc.oneof(
  fc
    .tuple(literal, fc.constantFrom('==', '!=', '===', '!==', '<', '>=', ' contains '), literal)
    .map((parts) => parts.join('')),
  fc
    .tuple(
      path,
      fc.constantFrom(" in ['x', 5]", ' size 2', ' empty true', ' EMPTY false', " anyof ['x']", ' =~ /a\\/b.*/i'),
    )
    .map((parts) => parts.join('')),
  path,
  fc.constantFrom('isRegularGroup()', 'isValidEmail($.a)', 'isAttributeWithOptionalPrefix($.a, some.key)'),
);
const condition: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    test,
    tie('value').map((inner) => `!(${inner})`),
    tie('value').map((inner) => `( ${inner} )`),
    fc.tuple(tie('value'), fc.constantFrom('&&', ' || '), tie('value')).map((parts) => parts.join('')),
  ),
})).value;

const fn: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.constantFrom<JsonObject>(
    { function: 'concatString', prefix: '$.a', suffix: '-' },
    { function: 'substring', beginIndex: 1 },
    { function: 'replaceAllString', regex: '(a)|b*', replacement: '<$1>' },
    { function: 'toUpperCaseString' },
    { function: 'toString' },
    { function: 'encode', algorithm: 'base32' },
    { function: 'decode', algorithm: 'base64', skipPadding: true },
    { function: 'elementAt', index: -1 },
    { function: 'splitStringToArray', separator: 'x' },
    { function: 'putIfAbsent', key: 'k', defaultValue: { d: 1 } },
    { function: 'renameMapEntry', sourceKey: 'a', targetKey: 'value' },
    { function: 'manipulateDate', days: 1 },
    { function: 'convertTimezoneCode', outputFormat: 'iana' },
    { function: 'convertLocaleCode', outputFormat: 'bcp47' },
    { function: 'resolveEntityIds' },
  ),
  fc.constantFrom<JsonObject>(
    { function: 'toLowerCaseString', applyOnAttribute: 'a', assignToAttribute: 'b' },
    { function: 'toUpperCaseString', condition: "@ != 'x'" },
  ),
);

const target = fc.constantFrom(
  '$',
  '$.a',
  '$.a.b',
  '$.l[0]',
  '$.l[2].value',
  '$.l[*].type',
  '$.l[?(@.value)]',
  "$.l[?(@.type == 'x')].value",
  '$.a[1][0]',
  "$['x:y'].a",
);

const mapping: fc.Arbitrary<JsonObject> = fc
  .record({
    origin: fc.oneof(
      path.map((sourcePath): JsonObject => ({ sourcePath })),
      json.map((constant): JsonObject => ({ constant })),
      fc.constant<JsonObject>({ sourceVariable: 'v' }),
      fc.constant<JsonObject>({}),
    ),
    rest: fc.record(
      {
        targetPath: target,
        targetVariable: fc.constantFrom('v', 'entityIdSourceSystem', 'entityIdTargetSystem'),
        optional: fc.boolean(),
        defaultValue: json,
        condition,
        preserveArrayWithSingleElement: fc.boolean(),
        functions: fc.array(fn, { maxLength: 3 }),
        scope: fc.constantFrom('createEntity', 'deleteEntity'),
        type: fc.constantFrom('set', 'set', 'remove', 'rename'),
      },
      { requiredKeys: ['targetPath'] },
    ),
  })
  .map(({ origin, rest }) => ({ ...origin, ...rest }));

const transformation = fc.record({
  user: fc.record({ condition, mappings: fc.array(mapping, { maxLength: 8 }) }, { requiredKeys: ['mappings'] }),
});
const properties = { key: 'K', 'some.key': 'x' };

function programOf(documentJson: JsonValue, direction: 'read' | 'write'): TypeProgram | undefined {
  const result = compileTransformation(documentJson, { direction, properties });
  return result.ok ? result.program.types.get('user') : undefined;
}

const resolve = ({ sourceIds }: { sourceIds: readonly string[] }): string[][] =>
  sourceIds.map((id) => (id.length % 2 === 0 ? [`T${id}`] : []));

function outcomes(program: TypeProgram, input: JsonObject): unknown[] {
  return [
    program.read(input, context),
    program.accepts(input, context),
    program.sourceIdOf(input, context),
    ...(['create', 'update', 'delete'] as const).map((operation) =>
      program.write(input, operation, writeContext({ targetId: 't', resolve })),
    ),
  ];
}

const frozenPrototype = (): string[] => Object.getOwnPropertyNames(Object.prototype);

describe('properties of the language', () => {
  it('ERR-3: compiling any JSON throws nothing and reports errors where it refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(json, transformation, fc.dictionary(fc.constantFrom('user', 'group', 'event'), json)),
        fc.constantFrom('read', 'write'),
        (any, direction) => {
          const result = compileTransformation(any, { direction, properties });
          if (!result.ok) expect(result.issues.some((issue) => issue.severity === 'error')).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('TRF-9: evaluation is total and deterministic, changes no input, and never touches Object.prototype', () => {
    let compiled = 0;
    const before = frozenPrototype();
    fc.assert(
      fc.property(transformation, document, (doc, input) => {
        const program = programOf(doc, 'write');
        if (program === undefined) return;
        compiled += 1;
        const copy = structuredClone(input);
        const first = outcomes(program, input);
        expect(input).toEqual(copy);
        expect(JSON.stringify(outcomes(program, structuredClone(input)))).toBe(JSON.stringify(first));
        expect(JSON.stringify(first)).not.toContain('failed unexpectedly');
        expect(frozenPrototype()).toEqual(before);
      }),
      { numRuns: 600 },
    );
    expect(compiled).toBeGreaterThan(80);
  });

  it('TRF-9: the result shares no object with the input', () => {
    fc.assert(
      fc.property(document, (input) => {
        const program = programOf({ user: { mappings: [{ sourcePath: '$', targetPath: '$' }] } }, 'write');
        const outcome = program?.write(input, 'update', writeContext());
        if (outcome?.kind !== 'mapped') throw new Error('not mapped');
        expect(Object.getPrototypeOf(outcome.target)).toBe(Object.prototype);
        for (const [key, value] of Object.entries(outcome.target)) {
          if (typeof value === 'object' && value !== null) expect(value).not.toBe(input[key]);
        }
      }),
    );
  });

  it('PTH-1: parse, print, parse is stable for paths', () => {
    fc.assert(
      fc.property(path, (text) => {
        const parsed = parseWholePath(text);
        const printed = printWholePath(parsed);
        expect(parseWholePath(printed)).toEqual(parsed);
        expect(printWholePath(parseWholePath(printed))).toBe(printed);
      }),
      { numRuns: 500 },
    );
  });

  it('CND-1: parse, print, parse is stable for conditions', () => {
    fc.assert(
      fc.property(condition, (text) => {
        const parsed = parseCondition(text);
        const printed = printCondition(parsed);
        expect(parseCondition(printed)).toEqual(parsed);
        expect(printCondition(parseCondition(printed))).toBe(printed);
      }),
      { numRuns: 500 },
    );
  });

  it('CND-19: any text is a condition or a refusal, never another error', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '$',
            '@',
            '.a',
            '[',
            ']',
            '(',
            ')',
            "'",
            '"',
            '/',
            '\\',
            '==',
            '=~',
            ' ',
            '&&',
            '!',
            'in',
            '5',
            '{',
            '%',
            ',',
            '?',
          ),
          { maxLength: 12 },
        ),
        (parts) => {
          const user = { condition: parts.join(''), mappings: [] };
          const result = compileTransformation({ user }, { direction: 'write', properties });
          if (!result.ok) expect(result.issues[0]).toMatchObject({ code: 'conditionSyntax', text: user.condition });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('CHG-4: spellings that mean the same have the same fingerprint', () => {
    const fingerprint = (mappings: JsonValue[], more: JsonObject = {}): string | undefined =>
      programOf({ user: { ...more, mappings } }, 'write')?.fingerprint;
    const plain = {
      sourcePath: '$.a.b',
      targetPath: '$.c',
      condition: "$.a == 'x'",
      functions: [{ function: 'substring', beginIndex: 1 }],
    };
    const spelled = {
      ignore: 'false',
      unknown: 1,
      optional: 'false',
      type: 'set',
      functions: [{ beginIndex: '+1', type: 'substring' }],
      condition: `  ( $['a']  ==  "x" ) `,
      targetPath: 'c',
      sourcePath: " $['a'] . b ",
    };
    const reference = fingerprint([plain]);
    expect(reference).toBeDefined();
    expect(fingerprint([spelled])).toBe(reference);
    expect(fingerprint([{ ignore: true, targetPath: '$.z', constant: 1 }, plain, { targetPath: '$.nothing' }])).toBe(
      reference,
    );
    const changes: JsonObject[] = [
      { sourcePath: '$.a.c' },
      { targetPath: '$.d' },
      { optional: true },
      { defaultValue: null },
      { condition: "$.a == 'y'" },
      { functions: [{ function: 'substring', beginIndex: 2 }] },
      { scope: 'createEntity' },
      { preserveArrayWithSingleElement: true },
      { targetVariable: 'v' },
      { functions: [] },
    ];
    const prints = changes.map((change) => fingerprint([{ ...plain, ...change }]));
    expect(new Set([reference, ...prints]).size).toBe(changes.length + 1);
    expect(fingerprint([plain], { skipOperations: ['create'] })).not.toBe(reference);
    expect(fingerprint([plain], { condition: '$.a' })).not.toBe(reference);
  });

  it('CHG-4: the fingerprint follows the properties that are used, and no others', () => {
    const printed = (user: JsonObject, set: Record<string, string>): string | undefined => {
      const result = compileTransformation({ user }, { direction: 'write', properties: set });
      return result.ok ? result.program.types.get('user')?.fingerprint : undefined;
    };
    const user = {
      condition: 'isAttributeWithMandatoryPrefix($.d, p.a)',
      mappings: [{ constant: '%p.b%', targetPath: '$.x' }],
    };
    const reference = printed(user, { 'p.a': '1', 'p.b': '2' });
    expect(printed(user, { 'p.a': '1', 'p.b': '2', other: '3', 'ips.date.variable.format': 'yyyy' })).toBe(reference);
    expect(printed(user, { 'p.a': 'x', 'p.b': '2' })).not.toBe(reference);
    expect(printed(user, { 'p.a': '1', 'p.b': 'x' })).not.toBe(reference);
    const dated = { mappings: [{ sourceVariable: 'currentDate', targetPath: '$.x' }] };
    expect(printed(dated, {})).not.toBe(printed(dated, { 'ips.date.variable.format': 'yyyy' }));
  });

  it('CHG-4: programs with equal fingerprints give equal results', () => {
    const byFingerprint = new Map<string, TypeProgram>();
    fc.assert(
      fc.property(transformation, document, (doc, input) => {
        const program = programOf(doc, 'write');
        if (program === undefined) return;
        const twin = byFingerprint.get(program.fingerprint);
        byFingerprint.set(program.fingerprint, program);
        if (twin === undefined) return;
        const withoutText = (list: unknown[]): string =>
          JSON.stringify(list).replace(/"(?:message|reason)":"(?:[^"\\]|\\.)*"/g, '');
        expect(withoutText(outcomes(twin, input))).toBe(withoutText(outcomes(program, input)));
      }),
      { numRuns: 800 },
    );
  });

  it('CND-22: the matcher agrees with the host on patterns that both read alike', () => {
    const pattern = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', 'ab', '^', '$', '\\b', 'c'),
        fc
          .tuple(tie('value'), fc.constantFrom('*', '+', '?', '*?', '{1,2}', '{2}'))
          .map(([inner, many]) => `(?:${inner})${many}`),
        fc.tuple(tie('value'), tie('value')).map(([left, right]) => `${left}${right}`),
        fc.tuple(tie('value'), tie('value')).map(([left, right]) => `(${left}|${right})`),
        tie('value').map((inner) => `(?=${inner})`),
        tie('value').map((inner) => `(?!${inner})`),
      ),
    })).value;
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[abc1]{0,8}$/), (source, text) => {
        const host = new RegExp(`^(?:${source})$`, 'u');
        expect(compileRegex(source, '').matches(text, new Budget())).toBe(host.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('CND-22: every text is a pattern or a refusal, and matching ends', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'a',
            '(',
            ')',
            '[',
            ']',
            '{',
            '}',
            '*',
            '+',
            '?',
            '|',
            '\\',
            '^',
            '$',
            '.',
            '(?',
            '<',
            '&&',
            '-',
            ':',
            '1',
            ',',
            'Q',
            'E',
            '#',
          ),
          { maxLength: 10 },
        ),
        (parts) => {
          // `${...}` would be a variable, which is only known at run time.
          fc.pre(!parts.join('').includes('${'));
          const result = compileTransformation(
            {
              user: {
                mappings: [
                  {
                    sourcePath: '$.a',
                    targetPath: '$.b',
                    functions: [{ function: 'matchRegex', regex: parts.join('') }],
                  },
                ],
              },
            },
            { direction: 'write', properties: {} },
          );
          if (!result.ok) return;
          const outcome = result.program.types.get('user')?.write({ a: 'aaaa1' }, 'update', writeContext());
          expect(outcome?.kind === 'mapped' ? typeof objectOf(outcome.target)['b'] : outcome?.kind).toBe('boolean');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
