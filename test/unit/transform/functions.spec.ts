import { describe, expect, it } from '@jest/globals';
import { compileTransformation } from '../../../core/transform/index.js';
import type { ResolveRequest } from '../../../core/transform/index.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { apply, compileUser, context, ID, issuesOf, map, mappingIssues, valueOf, writeContext } from './support.js';

type Row = [value: JsonValue, fn: JsonObject, expected: JsonValue | undefined];

const fails = (text: string): JsonValue => expect.stringContaining(text) as unknown as JsonValue;

const table = (title: string, rows: Row[]): void => {
  it.each(rows)(`${title}: %j with %j gives %j`, (value, fn, expected) => {
    expect(apply(value, [fn])).toEqual(expected);
  });
};

/** Codes of the issues of one function. */
const issuesOfFunction = (fn: JsonValue): string[] =>
  mappingIssues({ sourcePath: '$.a', targetPath: '$.b', functions: [fn] })
    .filter((issue) => issue.severity === 'error')
    .map((issue) => issue.code);

describe('common rules of functions', () => {
  it('FNC-1: the name is given by function or by type', () => {
    expect(apply('a', [{ type: 'toUpperCaseString' }])).toBe('A');
    expect(apply('a', [{ function: 'toUpperCaseString' }])).toBe('A');
  });

  it('FNC-2: functions are chained, and both targets get the result', () => {
    const functions = [{ function: 'concatString', suffix: 'b' }, { function: 'toUpperCaseString' }];
    const mappings = [
      { sourcePath: '$.a', targetPath: '$.p', targetVariable: 'v', functions },
      { sourceVariable: 'v', targetPath: '$.q' },
    ];
    expect(map({ a: 'a' }, mappings)).toEqual({ p: 'AB', q: 'AB' });
  });

  it('FNC-3: functions work on paths, variables, constants and the empty text', () => {
    const functions = [{ function: 'concatString', prefix: '<', suffix: '>' }];
    expect(valueOf({ a: '' }, { sourcePath: '$.a', functions })).toBe('<>');
    expect(valueOf({}, { constant: 'c', functions })).toBe('<c>');
    expect(
      map({}, [
        { constant: 'x', targetVariable: 'v' },
        { sourceVariable: 'v', targetPath: '$.v', functions },
      ]),
    ).toEqual({ v: '<x>' });
  });

  it('FNC-4: the condition sees the input as $ and each element as @', () => {
    const fn = { function: 'toUpperCaseString', condition: '@ =~ /a.*/ && $.on == true' };
    expect(apply(['ab', 'ba'], [fn], { input: { on: true } })).toEqual(['AB', 'ba']);
    expect(apply(['ab', 'ba'], [fn], { input: { on: false } })).toEqual(['ab', 'ba']);
    expect(apply('ab', [fn], { input: { on: true } })).toBe('AB');
    const elementAt = { function: 'elementAt', index: 1, condition: '@ size 2' };
    expect(apply(['p', 'q'], [elementAt])).toBe('q');
    expect(apply(['p', 'q', 'r'], [elementAt])).toEqual(['p', 'q', 'r']);
  });

  it('FNC-5: only toString, elementAt and splitStringToArray need applyOnElements', () => {
    expect(apply(['a', 'b'], [{ function: 'toUpperCaseString' }])).toEqual(['A', 'B']);
    expect(apply([1, 2], [{ function: 'toString' }])).toBe('[1,2]');
    expect(apply([1, 2], [{ function: 'toString', applyOnElements: 'true' }])).toEqual(['1', '2']);
    expect(apply([['a'], ['b']], [{ function: 'elementAt', index: 0, applyOnElements: true }])).toEqual(['a', 'b']);
    expect(apply(['a;b', 'c'], [{ function: 'splitStringToArray', separator: ';', applyOnElements: true }])).toEqual([
      ['a', 'b'],
      ['c'],
    ]);
    expect(apply(['a;b'], [{ function: 'splitStringToArray', separator: ';' }])).toEqual(
      fails('splitStringToArray cannot process a list, at path $.in'),
    );
  });

  const roles = [{ r: 'dev_a' }, { r: 'dev_b' }];
  const replace = { function: 'replaceString', applyOnElements: true, target: 'dev', replacement: 'qa' };

  it('FNC-6, FNC-7, FNC-8: applyOnAttribute and assignToAttribute', () => {
    expect(apply(roles, [{ ...replace, applyOnAttribute: 'r', assignToAttribute: 'label' }])).toEqual([
      { r: 'dev_a', label: 'qa_a' },
      { r: 'dev_b', label: 'qa_b' },
    ]);
    expect(apply(roles, [{ ...replace, applyOnAttribute: 'r' }])).toEqual([{ r: 'qa_a' }, { r: 'qa_b' }]);
    expect(apply([{ x: 1 }, { r: 'dev' }], [{ ...replace, applyOnAttribute: 'r' }])).toEqual([{ x: 1 }, { r: 'qa' }]);
    expect(apply({ r: 'dev' }, [{ ...replace, applyOnAttribute: 'r' }])).toEqual({ r: 'qa' });
  });

  it('EXP-29: applyOnJsonAttribute is the old name of applyOnAttribute', () => {
    expect(apply(roles, [{ ...replace, applyOnJsonAttribute: 'r' }])).toEqual([{ r: 'qa_a' }, { r: 'qa_b' }]);
  });

  it('FNC-9: unknown functions and parameters are refused with a suggestion', () => {
    const [unknown] = mappingIssues({ sourcePath: '$.a', targetPath: '$.b', functions: [{ function: 'concatStrng' }] });
    expect(unknown).toMatchObject({
      code: 'unknownFunction',
      pointer: '/user/mappings/1/functions/0/function',
      text: 'concatStrng',
      message: expect.stringContaining('"concatString"'),
    });
    const [parameter] = mappingIssues({
      sourcePath: '$.a',
      targetPath: '$.b',
      functions: [{ function: 'concatString', prefx: '' }],
    });
    expect(parameter).toMatchObject({
      code: 'unknownParameter',
      pointer: '/user/mappings/1/functions/0/prefx',
      message: expect.stringContaining('"prefix"'),
    });
  });

  it.each<[JsonObject]>([
    [{ function: 'substring' }],
    [{ function: 'substring', beginIndex: 'x' }],
    [{ function: 'substring', beginIndex: -1 }],
    [{ function: 'substring', beginIndex: 3, endIndex: 1 }],
    [{ function: 'replaceString', target: 'a' }],
    [{ function: 'replaceString', target: {}, replacement: '' }],
    [{ function: 'matchRegex', regex: '(' }],
    [{ function: 'replaceAllString', regex: 'a', replacement: '$1' }],
    [{ function: 'getMatchedRegexGroup', regex: '(a)', groupIndex: 2 }],
    [{ function: 'encode', algorithm: 'base58' }],
    [{ function: 'manipulateDate', sourceDateFormat: 'yyyy-QQ' }],
    [{ function: 'convertTimezoneCode', outputFormat: 'utc' }],
    [{ function: 'putIfAbsent', key: '__proto__', defaultValue: 1 }],
    [{ function: 'resolveEntityIds', entityType: 'role' }],
    [
      {
        function: 'convertCountryRegion',
        outputFormat: 'alpha2',
        inputAttributes: ['country'],
        outputAttribute: 'region',
      },
    ],
    [{ function: 'elementAt', index: 1, condition: '@ ==' }],
    [{ function: 5 }],
  ])('FNC-9, ERR-3: %j is refused on save', (fn) => {
    expect(issuesOfFunction(fn)).toHaveLength(1);
  });

  it('FNC-9: a failure names the function and the path', () => {
    expect(apply({ a: 1 }, [{ function: 'toUpperCaseString' }])).toBe(
      'failed: toUpperCaseString cannot process an object, at path $.in',
    );
  });

  it('FNC-9, TRF-10: numbers count as texts, and texts as integers', () => {
    expect(apply(5, [{ function: 'concatString', suffix: '!' }])).toBe('5!');
    expect(apply('a1', [{ function: 'replaceString', target: 1, replacement: 2 }])).toBe('a2');
    expect(apply('payroll', [{ function: 'substring', beginIndex: '3', endIndex: '+5' }])).toBe('ro');
  });

  it('FNC-10: variables and placeholders in every parameter, checked when the variable is known', () => {
    const functions = [{ function: 'substring', beginIndex: '${n}', endIndex: '%end%' }];
    const mappings = [
      { sourcePath: '$.n', targetVariable: 'n' },
      { constant: 'payroll', targetPath: '$.v', functions },
    ];
    expect(map({ n: 3 }, mappings, { properties: { end: '5' } })).toEqual({ v: 'ro' });
    expect(map({ n: 'x' }, mappings, { properties: { end: '5' } })).toEqual(
      fails('substring: the parameter "beginIndex" is not valid'),
    );
  });
});

describe('concatString', () => {
  const input = { app: 'leave', tags: [{ v: 'A', main: true }, { v: 'B' }], many: ['a', 'b'] };

  it('FNC-11: parameters that are paths are read from the input', () => {
    const fn = { function: 'concatString', prefix: '$.app', suffix: '$.tags[?(@.main == true)].v' };
    expect(valueOf(input, { constant: '-', functions: [fn] })).toBe('leave-A');
  });

  it('FNC-11: a missing path leaves the mapping without value, also for a list', () => {
    const functions = [{ function: 'concatString', prefix: '$.nope' }];
    expect(valueOf(input, { constant: '-', functions, defaultValue: 'd' })).toBe('d');
    expect(valueOf(input, { sourcePath: '$.many', functions, optional: true })).toBeUndefined();
    expect(valueOf(input, { constant: '-', functions })).toEqual(fails('mandatory but missing'));
  });

  it('FNC-11: several values or an object at the path fail the entity', () => {
    expect(valueOf(input, { constant: '-', functions: [{ function: 'concatString', prefix: '$.many' }] })).toEqual(
      fails('$.many'),
    );
  });

  it('FNC-11: what counts is the text as written, so values of properties stay literal', () => {
    const functions = [{ function: 'concatString', prefix: '%p%', suffix: '$' }];
    expect(valueOf(input, { constant: '-', functions }, { properties: { p: '$.app' } })).toBe('$.app-$');
    const path = [{ function: 'concatString', prefix: '$.%p%' }];
    expect(valueOf(input, { constant: '-', functions: path }, { properties: { p: 'app' } })).toBe('leave-');
  });

  table('FNC-11', [
    ['anna', { function: 'concatString', prefix: 'x-', suffix: '7' }, 'x-anna7'],
    ['anna', { function: 'concatString', suffix: 7 }, 'anna7'],
    ['anna', { function: 'concatString', suffix: true }, 'annatrue'],
    ['anna', { function: 'concatString' }, 'anna'],
    [
      { a: 'x' },
      { function: 'concatString', prefix: '', applyOnAttribute: 'a', assignToAttribute: 'b' },
      { a: 'x', b: 'x' },
    ],
  ]);
});

describe('texts', () => {
  table('FNC-12', [
    ['payroll', { function: 'substring', beginIndex: 3, endIndex: 5 }, 'ro'],
    ['payroll', { function: 'substring', beginIndex: 3 }, 'roll'],
    ['pay', { function: 'substring', beginIndex: 1, endIndex: 9 }, 'ay'],
    ['pay', { function: 'substring', beginIndex: 9 }, ''],
  ]);
  table('FNC-13', [
    ['a.b.c', { function: 'replaceString', target: '.', replacement: '-' }, 'a-b-c'],
    ['abc', { function: 'replaceString', target: 'x', replacement: '-' }, 'abc'],
    ['$1$1', { function: 'replaceString', target: '$1', replacement: '$2' }, '$2$2'],
  ]);
  table('FNC-14', [
    ['x12y34', { function: 'replaceFirstString', regex: '\\d+', replacement: '#' }, 'x#y34'],
    ['x12y34', { function: 'replaceFirstString', regex: '\\d+', replacement: 123 }, 'x123y34'],
    ['xy', { function: 'replaceFirstString', regex: '\\d+', replacement: '#' }, 'xy'],
  ]);
  table('FNC-15', [
    ['x12y34', { function: 'replaceLastString', regex: '\\d+', replacement: '#' }, 'x12y#'],
    ['xy', { function: 'replaceLastString', regex: '\\d+', replacement: '#' }, 'xy'],
  ]);
  table('FNC-16', [
    ['x12y34', { function: 'replaceAllString', regex: '\\d+', replacement: '#' }, 'x#y#'],
    ['ab-cd', { function: 'replaceAllString', regex: '(\\w)(\\w)', replacement: '$2$1\\$' }, 'ba$-dc$'],
    ['abc', { function: 'replaceAllString', regex: '', replacement: '-' }, '-a-b-c-'],
    ['a1', { function: 'replaceAllString', regex: '(a)|(b)', replacement: '<$2>' }, '<>1'],
  ]);
  table('FNC-17', [
    ['A-77', { function: 'matchRegex', regex: 'A-\\d+' }, true],
    ['xA-77', { function: 'matchRegex', regex: 'A-\\d+' }, false],
  ]);
  table('FNC-18', [
    [
      'cn=x,ou=lab,ou=root',
      { function: 'getMatchedRegexGroup', regex: 'cn=.*?,(.*?),ou=root', groupIndex: 1 },
      'ou=lab',
    ],
    [
      'cn=x,ou=lab,ou=root',
      { function: 'getMatchedRegexGroup', regex: 'cn=.*?,(.*?),ou=root', groupIndex: 0 },
      'cn=x,ou=lab,ou=root',
    ],
    ['cn=x,ou=root', { function: 'getMatchedRegexGroup', regex: 'cn=.*?,(.*?),ou=root', groupIndex: 1 }, undefined],
    ['b', { function: 'getMatchedRegexGroup', regex: '(a)|b', groupIndex: 1 }, undefined],
  ]);
  table('FNC-19', [
    ['straße', { function: 'toUpperCaseString' }, 'STRASSE'],
    ['i', { function: 'toUpperCaseString', locale: 'tr_TR' }, 'İ'],
    ['ÄB', { function: 'toLowerCaseString' }, 'äb'],
    ['I', { function: 'toLowerCaseString', locale: 'tr_TR' }, 'ı'],
  ]);
  table('FNC-20', [
    [5, { function: 'toString' }, '5'],
    [true, { function: 'toString' }, 'true'],
    [{ a: [1] }, { function: 'toString' }, '{"a":[1]}'],
  ]);
  table('FNC-21', [
    ['dev/1', { function: 'encode', algorithm: 'base32', skipPadding: true }, 'MRSXMLZR'],
    ['dev', { function: 'encode', algorithm: 'base32' }, 'MRSXM==='],
    ['dev', { function: 'encode', algorithm: 'base32', skipPadding: 'true' }, 'MRSXM'],
    ['ä', { function: 'encode', algorithm: 'base64' }, 'w6Q='],
    [['a', 'b'], { function: 'encode', algorithm: 'base64', skipPadding: true }, ['YQ', 'Yg']],
  ]);

  it.each<[string, boolean, JsonValue]>([
    ['MRSXMLZR', false, 'dev/1'],
    ['MRSXM', true, 'dev'],
    ['MRSXM===', true, 'dev'],
    ['MRSXM===', false, 'dev'],
    ['MRSXM', false, fails('decode cannot process')],
    ['MRSX!LZR', true, fails('decode cannot process')],
    ['M', true, fails('decode cannot process')],
  ])('FNC-20, FNC-22: %s with skipPadding %s decodes to %j', (text, skipPadding, expected) => {
    expect(apply(text, [{ function: 'decode', algorithm: 'base32', skipPadding }, { function: 'toString' }])).toEqual(
      expected,
    );
  });

  it('FNC-22: decoded members and elements can be turned into text', () => {
    const chain = [
      { function: 'decode', algorithm: 'base64', applyOnAttribute: 'v' },
      { function: 'toString', applyOnAttribute: 'v', applyOnElements: true },
    ];
    expect(apply([{ v: 'YQ==' }], chain)).toEqual([{ v: 'a' }]);
  });

  it('FNC-22: bytes without toString are written as base64', () => {
    expect(apply('MRSXM===', [{ function: 'decode', algorithm: 'base32' }])).toBe('ZGV2');
  });

  table('FNC-23', [
    ['ines', { function: 'compositeId', subId: '0042' }, 'ines:0042'],
    ['ines', { function: 'compositeId', subId: '0042', separator: '-' }, 'ines-0042'],
    ['ines', { function: 'compositeId', subId: '0042', separator: '' }, 'ines:0042'],
    ['ines', { function: 'compositeId', subId: '$.in' }, 'ines:ines'],
  ]);
});

describe('lists and objects', () => {
  table('FNC-24', [
    [['p', 'q'], { function: 'elementAt', index: 1 }, 'q'],
    [['p', 'q'], { function: 'elementAt', index: -1 }, 'q'],
    [['p', 'q'], { function: 'elementAt', index: 2 }, undefined],
    ['p', { function: 'elementAt', index: 0 }, 'p'],
    ['p', { function: 'elementAt', index: 1 }, undefined],
  ]);
  table('FNC-25', [
    ['red;blue', { function: 'splitStringToArray', separator: ';' }, ['red', 'blue']],
    ['a . b', { function: 'splitStringToArray', separator: '.' }, ['a ', ' b']],
    ['', { function: 'splitStringToArray', separator: ';' }, ['']],
  ]);

  it('FNC-25: with a distributing target path the list becomes objects', () => {
    const mapping = {
      constant: 'red;blue',
      targetPath: '$.tags[?(@.name)]',
      functions: [{ function: 'splitStringToArray', separator: ';' }],
    };
    expect(map({}, [mapping])).toEqual({ tags: [{ name: 'red' }, { name: 'blue' }] });
  });

  const putAbsent = { function: 'putIfAbsent', key: 'k', defaultValue: 'y' };
  const putPresent = { function: 'putIfPresent', key: 'k', defaultValue: 'y' };
  table('FNC-26', [
    [
      [{ v: 1 }, { v: 2, k: 'z' }],
      putAbsent,
      [
        { v: 1, k: 'y' },
        { v: 2, k: 'z' },
      ],
    ],
    [{ k: null }, putAbsent, { k: 'y' }],
    ['text', putAbsent, fails('putIfAbsent cannot process')],
  ]);
  table('FNC-27', [
    [
      [{ k: 'q' }, { k: 'z' }, { k: null }, {}],
      { ...putPresent, condition: "@.k NIN ['y','z']" },
      [{ k: 'y' }, { k: 'z' }, { k: null }, {}],
    ],
  ]);
  table('FNC-28', [
    [[{ n: 'A' }, {}], { function: 'copyMapEntry', sourceKey: 'n', targetKey: 'value' }, [{ n: 'A', value: 'A' }, {}]],
  ]);
  table('FNC-29', [
    [
      [{ n: 'A', z: 1 }, {}],
      { function: 'renameMapEntry', sourceKey: 'n', targetKey: 'value' },
      [{ value: 'A', z: 1 }, {}],
    ],
  ]);
});

describe('randomPassword', () => {
  const fn = {
    function: 'randomPassword',
    passwordLength: 10,
    minimumNumberOfLowercaseLetters: 2,
    minimumNumberOfUppercaseLetters: 2,
    minimumNumberOfDigits: 2,
    minimumNumberOfSpecialSymbols: 0,
  };

  it('FNC-30, EXP-23: ten letters and digits, at least two of each kind, without origin', () => {
    let state = 1;
    const randomInt = (max: number): number => (state = (state * 48271) % 2147483647) % max;
    const seen = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      const password = valueOf({}, { functions: [fn] }, { context: { randomInt } });
      expect(password).toMatch(/^(?=(?:.*[a-z]){2})(?=(?:.*[A-Z]){2})(?=(?:.*\d){2})[A-Za-z0-9]{10}$/);
      seen.add(JSON.stringify(password));
    }
    expect(seen.size).toBe(50);
  });

  it('FNC-30: a minimum of 0 excludes a set, own symbols replace the default ones', () => {
    const symbols = {
      ...fn,
      passwordLength: '4',
      minimumNumberOfLowercaseLetters: 0,
      minimumNumberOfUppercaseLetters: 0,
      minimumNumberOfDigits: 0,
      minimumNumberOfSpecialSymbols: 1,
      specialSymbols: '§',
    };
    expect(valueOf({}, { functions: [symbols] })).toBe('§§§§');
  });

  it.each<[JsonObject]>([
    [{ ...fn, passwordLength: 5 }],
    [{ ...fn, specialSymbols: '!' }],
    [{ ...fn, minimumNumberOfLowercaseLetters: 0, minimumNumberOfUppercaseLetters: 0, minimumNumberOfDigits: 0 }],
    [{ function: 'randomPassword', passwordLength: 5 }],
  ])('FNC-30: %j is refused', (wrong) => {
    expect(issuesOfFunction(wrong).length).toBeGreaterThan(0);
  });

  it('CHG-4, LNK-5: a password is no part of the comparable target, and its attribute is marked', () => {
    const mappings = [
      { functions: [fn], targetVariable: 'pw' },
      { constant: '${pw}!', targetPath: '$.secret.password' },
      { constant: 1, targetPath: '$.a' },
    ];
    const outcome = compileUser('write', { mappings }).write({}, 'update', writeContext({ targetId: 't' }));
    expect(outcome).toMatchObject({ kind: 'mapped', secretAttributes: ['secret'], comparable: { a: 1 } });
    expect(outcome.kind === 'mapped' && outcome.comparable).not.toHaveProperty('secret');
  });
});

describe('manipulateDate', () => {
  const fn = { function: 'manipulateDate' };
  table('FNC-31', [
    ['2026-01-31 08:00:00.000', { ...fn, targetDateFormat: 'dd.MM.yyyy', months: 1 }, '28.02.2026'],
    ['2026-01-31 08:00:00.000', fn, '2026-01-31 08:00:00.000'],
    ['2024-02-29', { ...fn, sourceDateFormat: 'yyyy-MM-dd', years: '+1' }, '2025-02-28'],
    ['2026-01-01 00:00', { ...fn, sourceDateFormat: 'yyyy-MM-dd HH:mm', minutes: '-1' }, '2025-12-31 23:59'],
    [
      '2026-01-01',
      { ...fn, sourceDateFormat: 'yyyy-MM-dd', targetDateFormat: "yyyy-MM-dd'T'HH:mm:ss'Z'", hours: '+2', seconds: 1 },
      '2026-01-01T02:00:01Z',
    ],
    ['20260131', { ...fn, sourceDateFormat: 'yyyyMMdd', targetDateFormat: 'd MMM uuuu', days: '3' }, '3 Feb 2026'],
    [
      'Date(1767225600000)',
      { ...fn, sourceDateFormat: 'Date(milliseconds)', targetDateFormat: 'yyyy-MM-dd HH:mm' },
      '2026-01-01 00:00',
    ],
    [
      '/Date(1767225600000+0060)/',
      { ...fn, sourceDateFormat: 'Date(milliseconds)', targetDateFormat: 'yyyy-MM-dd HH:mm XXX' },
      '2026-01-01 00:00 +01:00',
    ],
    [
      'Date(1767225600000-0240)',
      { ...fn, sourceDateFormat: 'Date(milliseconds)', targetDateFormat: 'HH:mm O' },
      '00:00 GMT-4',
    ],
    ['Date(1767225600000)', { ...fn, sourceDateFormat: 'Date(milliseconds)', days: 1 }, 'Date(1767312000000)'],
    [
      '2026-03-29 00:30 Europe/Berlin',
      { ...fn, sourceDateFormat: 'yyyy-MM-dd HH:mm VV', targetDateFormat: 'yyyy-MM-dd HH:mm XXX', hours: 2 },
      '2026-03-29 03:30 +02:00',
    ],
    ['31.02.2026', { ...fn, sourceDateFormat: 'dd.MM.yyyy', targetDateFormat: 'yyyy-MM-dd' }, '2026-02-28'],
    ['yesterday', fn, fails('manipulateDate cannot process')],
    ['2026-13-01', { ...fn, sourceDateFormat: 'yyyy-MM-dd' }, fails('manipulateDate cannot process')],
    ['2026-01-01x', { ...fn, sourceDateFormat: 'yyyy-MM-dd' }, fails('manipulateDate cannot process')],
  ]);

  it('FNC-31: the default source format is that of currentDate', () => {
    const properties = { 'ips.date.variable.format': 'yyyy-MM-dd' };
    expect(valueOf({}, { sourceVariable: 'currentDate', functions: [{ ...fn, days: 1 }] }, { properties })).toBe(
      '2026-07-06',
    );
  });
});

describe('codes', () => {
  const country = (outputFormat: string, more: JsonObject = {}): JsonObject => ({
    function: 'convertCountryCode',
    outputFormat,
    inputAttributes: 'country',
    outputAttribute: 'country',
    ...more,
  });
  table('FNC-32', [
    [[{ country: 'Portugal' }], country('alpha3'), [{ country: 'PRT' }]],
    [{ country: 'Portugal' }, country('numeric'), { country: '620' }],
    [{ country: 'prt' }, country('alpha2'), { country: 'PT' }],
    [{ country: '56' }, country('fullName'), { country: 'Belgium' }],
    [{ country: 'Czech Republic' }, country('alpha2'), { country: 'CZ' }],
    [{ country: 'Atlantis' }, country('alpha2'), { country: 'Atlantis' }],
    [{ x: 1 }, country('alpha2'), { x: 1 }],
    [
      { issuingCountry: 'DE' },
      country('alpha3', { inputAttributes: ['country', 'issuingCountry'], outputAttribute: 'code' }),
      { issuingCountry: 'DE', code: 'DEU' },
    ],
  ]);
  const region = (outputFormat: string): JsonObject => ({
    function: 'convertCountryRegion',
    outputFormat,
    inputAttributes: ['country', 'region'],
    outputAttribute: 'region',
  });
  table('FNC-33', [
    [{ country: 'DE', region: 'BY' }, region('alpha2'), { country: 'DE', region: 'DE-BY' }],
    [{ country: 'DE', region: 'BY' }, region('fullName'), { country: 'DE', region: 'Bavaria' }],
    [{ country: 'DEU', region: 'DE-BY' }, region('fullName'), { country: 'DEU', region: 'Bavaria' }],
    [{ country: 'Germany', region: 'bavaria' }, region('alpha2'), { country: 'Germany', region: 'DE-BY' }],
    [{ country: 'DE', region: 'XX' }, region('alpha2'), { country: 'DE', region: 'XX' }],
    [{ region: 'BY' }, region('alpha2'), { region: 'BY' }],
  ]);
  const locale = (outputFormat: string): JsonObject => ({ function: 'convertLocaleCode', outputFormat });
  table('FNC-34', [
    ['DE', locale('bcp47'), 'de-DE'],
    ['JA', locale('bcp47'), 'ja-JP'],
    ['EN', locale('bcp47'), 'en-US'],
    ['zh_TW', locale('bcp47'), 'zh-TW'],
    ['pt_BR', locale('bcp47'), 'pt-BR'],
    ['EO', locale('bcp47'), 'en-US'],
    ['IA', locale('bcp47'), 'en-US'],
    ['IO', locale('bcp47'), 'en-US'],
    ['en-GB', locale('bcp47'), 'en-GB'],
    ['en-US', locale('iso639'), 'EN'],
    ['zh-TW', locale('iso639'), 'zh_TW'],
    ['fr-CA', locale('iso639'), 'fr_CA'],
    ['es-MX', locale('iso639'), 'es_MX'],
    ['de-AT', locale('iso639'), 'DE'],
    ['eo', locale('iso639'), 'EN'],
    ['DE', locale('iso639'), 'DE'],
    ['not a locale', locale('iso639'), 'EN'],
  ]);
  const zone = (outputFormat: string): JsonObject => ({ function: 'convertTimezoneCode', outputFormat });
  table('FNC-35', [
    ['America/Phoenix', zone('sap'), 'MSTNO'],
    ['MSTNO', zone('iana'), 'America/Phoenix'],
    ['Mars/Base', zone('sap'), 'CET'],
    ['Mars/Base', zone('iana'), 'Europe/Berlin'],
    ['Europe/Paris', zone('iana'), 'Europe/Paris'],
    ['MSTNO', zone('sap'), 'MSTNO'],
  ]);

  it('FNC-35, EXP-23: it runs on a missing value, also with optional', () => {
    expect(valueOf({}, { sourcePath: '$.tz', optional: true, functions: [zone('iana')] })).toBe('Europe/Berlin');
    expect(valueOf({}, { sourcePath: '$.tz', functions: [zone('sap')] })).toBe('CET');
  });

  table('TZA-1', [
    ['CET', zone('iana'), 'Europe/Berlin'],
    ['Asia/Anadyr', zone('sap'), 'RUS12'],
    ['Pacific/Noumea', zone('sap'), 'UTC+11'],
    ['Africa/Kampala', zone('sap'), 'UTC+3'],
    ['Africa/Dar_es_Salaam', zone('sap'), 'UTC+3'],
    ['UTC+53', zone('iana'), 'Asia/Colombo'],
  ]);
  table('TZA-2', [
    ['europe/paris', zone('sap'), 'CET'],
    ['Europe/Kyiv', zone('sap'), 'EET'],
    ['America/Godthab', zone('sap'), 'GST'],
    ['Asia/Calcutta', zone('sap'), 'INDIA'],
    ['UTC', zone('sap'), 'UTC'],
    ['GMT', zone('sap'), 'UTC'],
  ]);
});

describe('resolveEntityIds', () => {
  const links: Record<string, string[]> = { u1: ['T1'], u2: ['T2a', 'T2b'], g1: ['TG1'], T1: ['wrong'] };
  const requests: ResolveRequest[] = [];
  const resolving = {
    resolve: (request: ResolveRequest): readonly (readonly string[])[] => {
      requests.push(request);
      return request.sourceIds.map((id) =>
        id.startsWith('u') === (request.type === 'user') || id === 'T1' ? (links[id] ?? []) : [],
      );
    },
  };
  const users = { function: 'resolveEntityIds', entityType: 'user' };
  const resolve = (value: JsonValue, ...functions: JsonValue[]): JsonValue | undefined =>
    apply(value, functions, { context: resolving });

  it('FNC-36, FNC-37: texts and objects, in lists and alone; what cannot be resolved is dropped', () => {
    expect(resolve('u1', users)).toBe('T1');
    expect(resolve(['u1', 'nobody', 'u2'], users)).toEqual(['T1', 'T2a', 'T2b']);
    expect(resolve('u2', users)).toBe('T2a');
    expect(resolve('nobody', users)).toBeUndefined();
    expect(resolve([{ value: 'u1', type: 'User' }, { value: 'x' }], users)).toEqual([{ value: 'T1', type: 'User' }]);
    expect(resolve({ ref: 'u1' }, { ...users, applyOnAttribute: 'ref' })).toEqual({ ref: 'T1' });
    expect(resolve(['nobody'], users)).toEqual([]);
  });

  it('FNC-36: the default type is user, and systems are passed on', () => {
    requests.length = 0;
    resolve(['u1'], { function: 'resolveEntityIds', sourceSystemName: 'S', targetSystemName: 'T' });
    expect(requests).toEqual([{ type: 'user', sourceIds: ['u1'], sourceSystemName: 'S', targetSystemName: 'T' }]);
  });

  it('FNC-36: refused in read transformations', () => {
    const mappings = [
      { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
      { sourcePath: '$.m', targetPath: '$.m', functions: [users] },
    ];
    expect(issuesOf('read', { user: { mappings } })).toEqual([expect.objectContaining({ code: 'functionNotAllowed' })]);
  });

  it('FNC-37, WRT-7, ORD-5: unresolved ids are reported, and an empty list still creates the attribute', () => {
    const mapping = {
      sourcePath: '$.m',
      preserveArrayWithSingleElement: true,
      targetPath: '$.members[?(@.value)]',
      functions: [users],
    };
    const outcome = compileUser('write', { mappings: [mapping] }).write(
      { m: ['x', 'x'] },
      'update',
      writeContext(resolving),
    );
    expect(outcome).toMatchObject({ target: { members: [] }, unresolved: [{ type: 'user', sourceId: 'x' }] });
  });

  it('FNC-38: chained resolutions leave alone what their condition excludes and what is resolved already', () => {
    const groups = { function: 'resolveEntityIds', entityType: 'group' };
    const members = [
      { value: 'u1', t: 'U' },
      { value: 'g1', t: 'G' },
    ];
    const expected = [
      { value: 'T1', t: 'U' },
      { value: 'TG1', t: 'G' },
    ];
    expect(resolve(members, { ...users, condition: "@.t == 'U'" }, { ...groups, condition: "@.t == 'G'" })).toEqual(
      expected,
    );
    expect(resolve(members, { ...users, condition: "@.t == 'U'" }, groups)).toEqual(expected);
    expect(resolve(['u1', 'g1'], { ...users, condition: '@ =~ /u.*/' }, groups)).toEqual(['T1', 'TG1']);
    expect(resolve('u1', users, users)).toBe('T1');
    expect(resolve(['u1'], users, users)).toEqual(['T1']);
  });

  it('CHG-4: the program knows that it depends on links', () => {
    const mapping = { sourcePath: '$.m', targetPath: '$.m', functions: [users] };
    expect(compileUser('write', { mappings: [mapping] }).linkDependent).toBe(true);
    expect(compileUser('write', { mappings: [ID] }).linkDependent).toBe(false);
  });
});

describe('marks of a program', () => {
  it('CHG-5: time-dependent conditions and mappings', () => {
    const dated = compileUser('write', { condition: "$.end > '${currentDate}'", mappings: [] });
    expect([dated.timeDependentCondition, dated.timeDependent]).toEqual([true, true]);
    const mapped = compileUser('write', { mappings: [{ sourceVariable: 'currentDate', targetPath: '$.d' }] });
    expect([mapped.timeDependentCondition, mapped.timeDependent]).toEqual([false, true]);
    expect(dated.accepts({ end: '2027-01-01' }, context)).toEqual({ kind: 'accepted' });
    expect(dated.accepts({ end: '2025-01-01' }, context)).toMatchObject({ kind: 'skipped' });
  });

  it('ERR-3: warnings come with the program', () => {
    const result = compileTransformation({ user: { mappings: [] } }, { direction: 'write', properties: {} });
    expect(result).toMatchObject({ ok: true, warnings: [{ code: 'noTargetId' }] });
  });
});
