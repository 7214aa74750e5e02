import { describe, expect, it } from '@jest/globals';
import { explainRead, explainWrite, MASK } from '../../../core/transform/index.js';
import type { JsonValue } from '../../../core/json.js';
import { compileUser, context, writeContext } from './support.js';

const program = (
  mappings: JsonValue[],
  more: { [key: string]: JsonValue } = {},
  properties: Record<string, string> = {},
) => compileUser('write', { ...more, mappings }, properties);

describe('explaining an entity', () => {
  it('ERR-1: says for each attribute which mapping gave it, from which values', () => {
    const explained = explainWrite(
      program([
        {
          sourcePath: '$.login',
          targetPath: '$.userName',
          functions: [{ function: 'toUpperCaseString' }, { function: 'concatString', suffix: '-x' }],
        },
        { constant: 'work', targetPath: '$.emails[0].type' },
        { sourcePath: '$.mail', targetPath: '$.emails[0].value', defaultValue: 'none' },
        { sourcePath: '$.tel', targetPath: '$.tel', optional: true },
        { constant: 'new', targetPath: '$.origin', scope: 'createEntity' },
        { type: 'remove', targetPath: '$.emails[*].type' },
      ]),
      { login: 'ada' },
      'update',
      writeContext(),
    );
    expect(explained).toEqual({
      outcome: 'mapped',
      result: { userName: 'ADA-x', emails: [{ value: 'none' }] },
      attributes: [
        { pointer: '/userName', mapping: '/user/mappings/0' },
        { pointer: '/emails/0/value', mapping: '/user/mappings/2' },
      ],
      mappings: [
        {
          pointer: '/user/mappings/0',
          status: 'written',
          origin: '$.login',
          originValue: 'ada',
          functions: [
            { name: 'toUpperCaseString', result: 'ADA' },
            { name: 'concatString', result: 'ADA-x' },
          ],
          targetPath: '$.userName',
          value: 'ADA-x',
        },
        expect.objectContaining({ status: 'written', origin: '"work"', value: 'work' }),
        expect.objectContaining({ status: 'written', usedDefault: true, value: 'none' }),
        expect.objectContaining({ status: 'missing', origin: '$.tel' }),
        { pointer: '/user/mappings/4', status: 'notExecuted', functions: [] },
        expect.objectContaining({ status: 'edited', matches: 1 }),
      ],
    });
  });

  it('CND-2: says which single comparisons were true or false', () => {
    const condition = '$.a == 1 && ($.b == 2 || !($.c =~ /x/))';
    const explained = explainWrite(program([], { condition }), { a: 1, b: 3, c: 'x' }, 'create', writeContext());
    expect(explained).toMatchObject({
      outcome: 'skipped',
      reason: `Entity condition [${condition}] is not fulfilled`,
      condition: {
        text: condition,
        met: false,
        tests: [
          { text: '$.a == 1', met: true },
          { text: '$.b == 2', met: false },
          { text: '$.c =~ /x/', met: true },
        ],
      },
    });
  });

  it('EXP-16: a mapping whose condition is not met is listed with its comparisons', () => {
    const mapping = { constant: 1, targetPath: '$.v', condition: "$.a == '${x}'" };
    const explained = explainWrite(
      program([{ constant: 'q', targetVariable: 'x' }, mapping]),
      { a: 'p' },
      'create',
      writeContext(),
    );
    expect(explained.mappings[1]).toMatchObject({
      status: 'conditionNotMet',
      condition: { text: "$.a == '${x}'", met: false, tests: [{ text: "$.a == 'q'", met: false }] },
    });
  });

  it('ERR-1: a failure names the mapping, and what was written before stays visible', () => {
    const explained = explainWrite(
      program([
        { constant: 1, targetPath: '$.a' },
        { sourcePath: '$.must', targetPath: '$.b' },
      ]),
      {},
      'create',
      writeContext(),
    );
    expect(explained).toMatchObject({
      outcome: 'failed',
      reason: 'Attribute at path $.must is mandatory but missing',
      result: { a: 1 },
      mappings: [
        { status: 'written' },
        { status: 'failed', message: 'Attribute at path $.must is mandatory but missing' },
      ],
    });
  });

  it('PHL-5, LNK-5: generated secrets and values of credential properties are masked', () => {
    const password = {
      function: 'randomPassword',
      passwordLength: 8,
      minimumNumberOfLowercaseLetters: 8,
      minimumNumberOfUppercaseLetters: 0,
      minimumNumberOfDigits: 0,
      minimumNumberOfSpecialSymbols: 0,
    };
    const mappings = [
      { functions: [password], targetPath: '$.password' },
      { constant: '%initial.password%', targetVariable: 'pw' },
      { constant: 'is ${pw}', targetPath: '$.extra.text' },
      { constant: 'open', targetPath: '$.extra.open' },
      { constant: 1, targetPath: '$.v', condition: "'%initial.password%' == 'x'" },
    ];
    const options = { secretProperties: new Set(['initial.password']) };
    const compiled = program(mappings, {}, { 'initial.password': 'Geheim1' });
    const explained = explainWrite(compiled, {}, 'create', writeContext(), options);
    expect(explained.result).toEqual({ password: MASK, extra: { text: MASK, open: 'open' } });
    expect(JSON.stringify(explained)).not.toContain('Geheim1');
    expect(JSON.stringify(explained)).not.toMatch(/hhhhhhhh/);
  });

  it('SKP-9: a skipped operation is no failure', () => {
    expect(explainWrite(program([], { skipOperations: ['create'] }), {}, 'create', writeContext())).toMatchObject({
      outcome: 'skipped',
      reason: 'Operation [create] is skipped in target transformation',
    });
  });

  it('VAR-3: a read transformation is explained with its source id', () => {
    const read = compileUser('read', {
      mappings: [
        { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
        { sourcePath: '$.n', targetPath: '$.userName' },
      ],
    });
    expect(explainRead(read, { id: 7, n: 'x' }, context)).toMatchObject({
      outcome: 'mapped',
      id: '7',
      result: { userName: 'x' },
    });
    expect(explainRead(read, { n: 'x' }, context)).toMatchObject({
      outcome: 'failed',
      reason: 'Attribute at path $.id is mandatory but missing',
    });
  });

  it('TRF-9: explaining gives the same result as evaluating', () => {
    const compiled = program([
      { sourcePath: '$', targetPath: '$' },
      { constant: 'x', targetPath: '$.l[2].v' },
      { constant: 'y', targetPath: '$.l[*].w' },
    ]);
    const written = compiled.write({ a: { b: [1] } }, 'create', writeContext());
    expect(written).toMatchObject({
      kind: 'mapped',
      target: explainWrite(compiled, { a: { b: [1] } }, 'create', writeContext()).result,
    });
  });
});
