import { describe, expect, it } from '@jest/globals';
import { compileTransformation, explainWrite } from '../../../core/transform/index.js';
import type { TypeProgram } from '../../../core/transform/index.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { ID, writeContext } from './support.js';

const CANARY = 'canary-8c1e';
const properties = { 'initial.password': CANARY, domain: 'example.com' };
const secretNames = ['initial.password'];

function compile(direction: 'read' | 'write', mappings: JsonValue[]) {
  return compileTransformation({ user: { mappings } }, { direction, properties, secretNames });
}

function writer(...mappings: JsonValue[]): TypeProgram {
  const result = compile('write', [ID, ...mappings]);
  const program = result.ok ? result.program.types.get('user') : undefined;
  if (program === undefined) throw new Error(JSON.stringify(result));
  return program;
}

/** What may be stored of the target JSON, and what of it is compared. */
function written(...mappings: JsonValue[]): { secret: readonly string[]; stored: JsonObject; compared: JsonObject } {
  const outcome = writer(...mappings).write({ n: 'ada' }, 'create', writeContext());
  if (outcome.kind === 'failed') throw new Error(outcome.message);
  expect(JSON.stringify(outcome.target)).toContain(CANARY);
  const kept = Object.entries(outcome.target).filter(([name]) => !outcome.secretAttributes.includes(name));
  return { secret: outcome.secretAttributes, stored: Object.fromEntries(kept), compared: outcome.comparable };
}

const NAME = { sourcePath: '$.n', targetPath: '$.userName' };

describe('credential properties in a write transformation', () => {
  it.each<[string, JsonValue[]]>([
    ['a constant', [{ constant: '%initial.password%', targetPath: '$.password' }]],
    ['a part of a constant', [{ constant: ['x-%initial.password%'], targetPath: '$.password' }]],
    ['a default', [{ sourcePath: '$.none', defaultValue: '%initial.password%', targetPath: '$.password' }]],
    ['a list', [{ constant: '%initial.password%[]', targetPath: '$.password' }]],
    [
      'a parameter of a function',
      [
        {
          sourcePath: '$.n',
          functions: [{ function: 'concatString', suffix: '%initial.password%' }],
          targetPath: '$.password.value',
        },
      ],
    ],
    [
      'a variable',
      [
        { constant: '%initial.password%', targetVariable: 'pw' },
        { constant: '<${pw}>', targetVariable: 'other' },
        { sourceVariable: 'other', targetPath: '$.password' },
      ],
    ],
    ['the place it is written to', [{ constant: 1, targetPath: "$.password[?(@.type == '%initial.password%')].n" }]],
  ])('LNK-5, PHL-5: what comes from %s is neither stored nor compared', (_from, mappings) => {
    expect(written(NAME, ...mappings)).toEqual({
      secret: ['password'],
      stored: { userName: 'ada' },
      compared: { userName: 'ada' },
    });
  });

  it.each<[string, string, string]>([
    ['an attribute', '$.hidden', 'password'],
    ['a member of an attribute', '$.extra.hidden', 'extra'],
  ])('LNK-5: a rename of %s takes the secret along', (_what, targetPath, attribute) => {
    const { stored, compared, secret } = written(
      NAME,
      { constant: '%initial.password%', targetPath },
      { type: 'rename', targetPath, constant: 'password' },
    );
    expect(secret).toContain(attribute);
    expect(stored).toEqual({ userName: 'ada' });
    expect(compared).toEqual({ userName: 'ada' });
  });

  it('LNK-5: a rename takes the secret along in an explanation too', () => {
    const program = writer(
      { constant: '%initial.password%', targetPath: '$.a' },
      { type: 'rename', targetPath: '$.a', constant: 'b' },
      NAME,
    );
    const explained = explainWrite(program, { n: 'ada' }, 'create', writeContext());
    expect(explained.result).toMatchObject({ userName: 'ada', b: expect.stringMatching(/^•+$/) });
    expect(JSON.stringify(explained)).not.toContain(CANARY);
  });

  it('LNK-5, CHG-4: conditions may look at a credential, and other properties are no secrets', () => {
    const outcome = writer(
      { ...NAME, condition: "'%initial.password%' != 'null'" },
      { constant: '%domain%', targetPath: '$.domain' },
    ).write({ n: 'ada' }, 'create', writeContext());
    expect(outcome).toMatchObject({
      target: { userName: 'ada', domain: 'example.com' },
      comparable: { userName: 'ada', domain: 'example.com' },
      secretAttributes: [],
    });
  });

  it('LNK-5, PHL-5: an id must not come from a credential, also by way of a variable', () => {
    const result = compile('write', [
      { constant: '%initial.password%', targetVariable: 'x' },
      { sourceVariable: 'x', targetVariable: 'entityIdTargetSystem' },
    ]);
    expect(result).toMatchObject({
      ok: false,
      issues: [{ severity: 'error', code: 'credentialAsId', pointer: '/user/mappings/1' }],
    });
  });

  it('CHG-4: the fingerprint tells a credential from a plain property of the same value', () => {
    const document = { user: { mappings: [ID, { constant: '%initial.password%', targetPath: '$.v' }] } };
    const fingerprint = (names: string[]): string | undefined => {
      const result = compileTransformation(document, { direction: 'write', properties, secretNames: names });
      return result.ok ? result.program.types.get('user')?.fingerprint : undefined;
    };
    expect(fingerprint(secretNames)).toBeDefined();
    expect(fingerprint(secretNames)).not.toBe(fingerprint([]));
  });
});

describe('credential properties in a read transformation', () => {
  const SOURCE_ID = { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' };

  it('LNK-5, PHL-5, ERR-3: values are refused, all of them, with the place and what to do instead', () => {
    const result = compile('read', [
      SOURCE_ID,
      { constant: { deep: '%initial.password%' }, targetPath: '$.password' },
      { sourcePath: '$.n', functions: [{ function: 'concatString', prefix: '%initial.password%' }], targetPath: '$.n' },
      { sourcePath: '$.n', defaultValue: '%initial.password%', correlationAttribute: true },
    ]);
    if (result.ok) throw new Error('compiled');
    expect(result.issues.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['credentialInValue', '/user/mappings/1/constant'],
      ['credentialInValue', '/user/mappings/2/functions/0'],
      ['credentialInValue', '/user/mappings/3/defaultValue'],
    ]);
    expect(result.issues[0]?.text).toBe('%initial.password%');
    expect(result.issues[0]?.message).toContain('in the write transformation');
    expect(JSON.stringify(result.issues)).not.toContain(CANARY);
  });

  it('LNK-5, FNC-30: generated passwords are refused', () => {
    const result = compile('read', [
      SOURCE_ID,
      {
        targetPath: '$.password',
        functions: [
          {
            function: 'randomPassword',
            passwordLength: 8,
            minimumNumberOfLowercaseLetters: 8,
            minimumNumberOfUppercaseLetters: 0,
            minimumNumberOfDigits: 0,
            minimumNumberOfSpecialSymbols: 0,
          },
        ],
      },
    ]);
    expect(result).toMatchObject({
      ok: false,
      issues: [{ code: 'secretInRead', pointer: '/user/mappings/1/functions', text: 'randomPassword' }],
    });
  });

  it('LNK-5: conditions, filters of source paths and ignored mappings are not refused', () => {
    const result = compile('read', [
      SOURCE_ID,
      { sourcePath: "$.l[?(@.t == '%initial.password%')].v", optional: true, targetPath: '$.v' },
      { ...NAME, condition: "'%initial.password%' != 'null'" },
      {
        sourcePath: '$.n',
        functions: [{ function: 'toUpperCaseString', condition: "'%initial.password%' != 'x'" }],
        targetPath: '$.n',
      },
      { constant: '%initial.password%', targetPath: '$.p', ignore: true },
    ]);
    expect(result.ok).toBe(true);
  });
});
