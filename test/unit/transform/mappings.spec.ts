import { describe, expect, it } from '@jest/globals';
import { compileTransformation } from '../../../core/transform/index.js';
import type { JsonValue } from '../../../core/json.js';
import { compileUser, context, ID, issuesOf, map, mappingIssues, valueOf, writeContext } from './support.js';

const READ = {
  condition: "$.state == 'A'",
  mappings: [
    { sourcePath: '$.uid', targetVariable: 'entityIdSourceSystem' },
    { sourcePath: '$.login', targetPath: '$.userName', correlationAttribute: true },
    { sourcePath: '$.tel', targetPath: '$.phoneNumbers[0].value', optional: true },
  ],
};

const WRITE = {
  mappings: [
    { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' },
    { sourcePath: '$.userName', targetPath: '$.account.name' },
    { constant: 'imported', targetPath: '$.account.origin', scope: 'createEntity' },
  ],
};

describe('model', () => {
  it('TRF-12: the minimal pair', () => {
    const outcome = compileUser('read', READ).read({ uid: '77', login: 'mlopez', state: 'A' }, context);
    expect(outcome).toEqual({
      kind: 'mapped',
      sourceId: '77',
      common: { userName: 'mlopez' },
      correlation: ['mlopez'],
    });
    const created = compileUser('write', WRITE).write({ userName: 'mlopez' }, 'create', writeContext());
    expect(created).toMatchObject({ target: { account: { name: 'mlopez', origin: 'imported' } } });
  });

  it('TRF-4, ORD-4: ignored types are no part of the program, unknown ones are a warning', () => {
    const document = { user: READ, group: { ...READ, ignore: 'true' }, usr: {}, role: READ };
    const result = compileTransformation(document, { direction: 'read', properties: {} });
    expect(result.ok && [...result.program.types.keys()]).toEqual(['user', 'role']);
    expect(issuesOf('read', document)).toEqual([
      expect.objectContaining({ severity: 'warning', pointer: '/usr', message: expect.stringContaining('"user"') }),
    ]);
  });

  it('TRF-2, TRF-3: what the read transformation renames is known to write transformations under its new name only', () => {
    const read = compileUser('read', READ).read({ uid: '77', login: 'mlopez', state: 'A' }, context);
    if (read.kind !== 'mapped') throw new Error('not mapped');
    expect(valueOf(read.common, { sourcePath: '$.userName' })).toBe('mlopez');
    expect(valueOf(read.common, { sourcePath: '$.login' })).toContain('missing');
  });

  it('TRF-11: names are case-sensitive', () => {
    const codes = (mapping: JsonValue): string[] => mappingIssues(mapping).map((issue) => issue.code);
    expect(codes({ Constant: 1, targetPath: '$.v' })).toEqual(['unknownKey']);
    expect(codes({ constant: 1, targetPath: '$.v', functions: [{ function: 'ToString' }] })).toEqual([
      'unknownFunction',
    ]);
    const mappings = [
      { constant: 'x', targetVariable: 'Name' },
      { sourceVariable: 'name', targetPath: '$.v', optional: true },
    ];
    expect(map({}, mappings)).toEqual({});
  });

  it('TRF-10, ERR-2: a failure is an outcome of this entity in this direction only', () => {
    const failing = compileUser('read', {
      mappings: [READ.mappings[0] ?? {}, { sourcePath: '$.must', targetPath: '$.x' }],
    });
    expect(failing.read({ uid: 1 }, context)).toMatchObject({ kind: 'failed', sourceId: '1' });
    expect(failing.read({ uid: 2, must: 'y' }, context)).toMatchObject({ kind: 'mapped', sourceId: '2' });
  });

  it('VAR-1: variables do not live longer than one evaluation and never appear in the output', () => {
    const program = compileUser('write', {
      mappings: [
        { sourcePath: '$.a', targetVariable: 'v', optional: true },
        { sourceVariable: 'v', targetPath: '$.v', optional: true },
      ],
    });
    expect(program.write({ a: 1 }, 'create', writeContext())).toMatchObject({ target: { v: 1 } });
    const second = program.write({}, 'create', writeContext());
    expect(second.kind === 'mapped' && second.target).toEqual({});
  });

  it('TRF-6, TRF-8: later mappings overwrite, and sources are always the input', () => {
    expect(
      map({ a: 1 }, [
        { sourcePath: '$.a', targetPath: '$.b' },
        { sourcePath: '$.b', targetPath: '$.c', defaultValue: 'input' },
      ]),
    ).toEqual({
      b: 1,
      c: 'input',
    });
  });

  it('TRF-7, SKP-9: an unmet entity condition skips the entity, which still has its id', () => {
    const program = compileUser('read', { ...READ, condition: "$.state == '%want%'" }, { want: 'secret' });
    expect(program.read({ uid: 77, login: 'x', state: 'B' }, context)).toEqual({
      kind: 'skipped',
      sourceId: '77',
      reason: "Entity condition [$.state == '%want%'] is not fulfilled",
    });
  });

  it('TRF-10: booleans and integers may be texts', () => {
    expect(valueOf({ a: ['x'] }, { sourcePath: '$.a', preserveArrayWithSingleElement: 'true' })).toEqual(['x']);
    expect(map({}, [{ sourcePath: '$.a', targetPath: '$.v', optional: 'true' }])).toEqual({});
    expect(map({}, [{ constant: 1, targetPath: '$.v', ignore: 'true' }])).toEqual({});
    expect(mappingIssues({ constant: 1, targetPath: '$.v', optional: 'maybe' })).toEqual([
      expect.objectContaining({ severity: 'error', pointer: '/user/mappings/1/optional', text: 'maybe' }),
    ]);
  });

  it('TRF-9: evaluation does not change the input, and the result shares nothing with it', () => {
    const input = { a: { l: [{ x: 1 }] } };
    const before = structuredClone(input);
    const program = compileUser('write', {
      mappings: [
        { sourcePath: '$', targetPath: '$' },
        { constant: 2, targetPath: '$.a.l[0].x' },
      ],
    });
    const outcome = program.write(input, 'create', writeContext());
    expect(outcome).toMatchObject({ target: { a: { l: [{ x: 2 }] } } });
    expect(input).toEqual(before);
  });
});

describe('expressions', () => {
  it('EXP-4, EXP-18, EXP-19, EXP-20, EXP-21: kinds and values of expressions are checked', () => {
    const endpoint = (scimEntityEndpoint: JsonValue): string[] =>
      issuesOf('write', { user: { ...WRITE, scimEntityEndpoint } }).map((issue) => issue.code);
    expect(endpoint('Users')).toEqual([]);
    expect(endpoint(5)).toEqual(['wrongType']);
    const code = (more: { [key: string]: JsonValue }): string[] =>
      mappingIssues({ constant: 1, targetPath: '$.v', ...more }).map((issue) => issue.code);
    expect(code({ scope: 'createEntty' })).toEqual(['unknownScope']);
    expect(code({ type: 'delete' })).toEqual(['unknownMappingType']);
    expect(code({ functions: {} })).toEqual(['wrongType']);
    expect(mappingIssues({ sourcePaths: ['$.a'], targetPath: '$.v' }).map((issue) => issue.code)).toEqual(['wrongKey']);
    expect(mappingIssues({ type: 'valueMapping', targetPath: '$.v' }).map((issue) => issue.pointer)).toEqual([
      '/user/mappings/1/sourcePaths',
    ]);
  });

  it('EXP-6, EXP-7: a value is read at the source path and written at the target path', () => {
    expect(map({ a: { b: [1, 2] } }, [{ sourcePath: '$.a.b', targetPath: '$.c.d' }])).toEqual({ c: { d: [1, 2] } });
  });

  it('EXP-8: constants of every kind, with placeholders and variables inside', () => {
    const mappings = [
      { sourcePath: '$.n', targetVariable: 'n' },
      { constant: { a: ['%p%', '${n}', 1, true], b: { c: '${n}-%p%' } }, targetPath: '$.v' },
    ];
    expect(map({ n: 5 }, mappings, { properties: { p: 'P' } })).toEqual({
      v: { a: ['P', '5', 1, true], b: { c: '5-P' } },
    });
  });

  it('EXP-9: correlation attributes count in read transformations of users only', () => {
    const program = compileUser('read', {
      mappings: [
        { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
        { sourcePath: '$.mails', correlationAttribute: true },
      ],
    });
    expect(program.read({ id: '1', mails: ['a@x', 'b@x', 'a@x'] }, context)).toMatchObject({
      common: {},
      correlation: ['a@x', 'b@x'],
    });
  });

  it('EXP-10, EXP-11, EXP-12: variables are written, read, and read by path', () => {
    const mappings = [
      { sourcePath: '$.l', targetVariable: 'list', targetPath: '$.copy', preserveArrayWithSingleElement: true },
      { sourceVariable: 'list', targetPath: '$.whole' },
      { sourceVariable: 'list', variablePath: '$[*].x', targetPath: '$.single' },
      { sourceVariable: 'list', variablePath: '$[*].x', targetPath: '$.kept', preserveArrayWithSingleElement: true },
      { sourceVariable: 'unset', targetPath: '$.none', optional: true },
    ];
    expect(map({ l: [{ x: 1 }] }, mappings)).toEqual({ copy: [{ x: 1 }], whole: [{ x: 1 }], single: 1, kept: [1] });
  });

  it.each<[JsonValue]>([[undefined as unknown as JsonValue], [null]])('EXP-13, EXP-22, ERR-1: %j is missing', (a) => {
    const input = a === null ? { a } : {};
    expect(map(input, [{ sourcePath: '$.a', targetPath: '$.v' }])).toBe(
      'failed: Attribute at path $.a is mandatory but missing',
    );
    expect(map(input, [{ sourcePath: '$.a', targetPath: '$.v', optional: true }])).toEqual({});
    expect(map(input, [{ sourcePath: '$.a', targetPath: '$.v', defaultValue: 'd' }])).toEqual({ v: 'd' });
  });

  it.each<[JsonValue]>([[''], [false], [0], [[]]])('EXP-22: %j is a value', (a) => {
    expect(valueOf({ a }, { sourcePath: '$.a', defaultValue: 'd' })).toEqual(a);
  });

  it('EXP-22: an empty list of an indefinite path is missing', () => {
    expect(valueOf({ l: [] }, { sourcePath: '$.l[*].x', defaultValue: 'd' })).toBe('d');
  });

  it('EXP-14, EXP-23: null as default writes an explicit null, and defaults are not passed through functions', () => {
    const functions = [{ function: 'toUpperCaseString' }];
    expect(map({}, [{ sourcePath: '$.a', defaultValue: null, targetPath: '$.v' }])).toEqual({ v: null });
    expect(valueOf({}, { sourcePath: '$.a', defaultValue: 'd', functions })).toBe('d');
  });

  it('EXP-15, EXP-24: one element is unwrapped unless preserved; constants and nested lists never are', () => {
    expect(valueOf({ a: ['x'] }, { sourcePath: '$.a' })).toBe('x');
    expect(valueOf({ a: [{ b: 'x' }] }, { sourcePath: '$.a[*].b' })).toBe('x');
    expect(valueOf({ a: ['x', 'y'] }, { sourcePath: '$.a' })).toEqual(['x', 'y']);
    expect(valueOf({ a: [['x']] }, { sourcePath: '$.a' })).toEqual(['x']);
    expect(map({}, [{ constant: ['urn:x:User'], targetPath: '$.schemas' }])).toEqual({ schemas: ['urn:x:User'] });
    expect(valueOf({}, { sourcePath: '$.a', defaultValue: ['d'] })).toEqual(['d']);
  });

  it('EXP-16: a mapping whose condition is not met is no error', () => {
    expect(map({}, [{ sourcePath: '$.must', targetPath: '$.v', condition: '$.x == 1' }])).toEqual({});
  });

  it('EXP-17: an ignored mapping is absent, its mistakes are warnings', () => {
    const issues = mappingIssues({ ignore: true, sourcePath: '$.a[', targetPath: '$.b' });
    expect(issues).toEqual([expect.objectContaining({ severity: 'warning', code: 'pathSyntax' })]);
  });

  it('EXP-25: without origin and default a mapping does nothing', () => {
    expect(map({}, [{ targetPath: '$.v' }])).toEqual({});
    expect(map({}, [{ targetPath: '$.v', defaultValue: 1 }])).toEqual({ v: 1 });
  });

  it('EXP-26: remove deletes every match of the output', () => {
    const output = { constant: { id: '5', emails: [{ value: 'a@ex.org', type: 'x' }] }, targetPath: '$' };
    expect(map({}, [output, { type: 'remove', targetPath: '$.emails[*].type' }])).toEqual({
      id: '5',
      emails: [{ value: 'a@ex.org' }],
    });
    expect(map({}, [output, { type: 'remove', targetPath: '$.nope.x' }])).toMatchObject({ id: '5' });
    expect(map({}, [output, { type: 'remove', targetPath: "$.emails[?(@.type == 'x')]" }])).toEqual({
      id: '5',
      emails: [],
    });
    expect(
      map({}, [
        { constant: ['a', 'b'], targetPath: '$.l' },
        { type: 'remove', targetPath: '$.l[0]' },
      ]),
    ).toEqual({ l: ['b'] });
  });

  it('EXP-27: rename renames in every match, keeps the position and overwrites', () => {
    const members = {
      constant: [
        { key: '1', z: 0 },
        { key: '2', value: 'old' },
      ],
      targetPath: '$.members',
    };
    const renamed = map({}, [members, { type: 'rename', targetPath: '$.members[*].key', constant: 'value' }]);
    expect(JSON.stringify(renamed)).toBe('{"members":[{"value":"1","z":0},{"value":"2"}]}');
    expect(map({}, [{ type: 'rename', targetPath: '$.nope', constant: 'x' }])).toContain(
      '$.nope is mandatory but missing',
    );
    expect(map({}, [{ type: 'rename', targetPath: '$.nope', constant: 'x', optional: true }])).toEqual({});
    expect(map({}, [{ type: 'rename', targetPath: '$.nope[*].a', constant: 'x' }])).toEqual({});
  });

  it('EXP-28: the id of the target writes nothing during create', () => {
    expect(map({}, [ID])).toEqual({});
    expect(map({}, [ID], { operation: 'update', context: { targetId: 't1' } })).toEqual({ id: 't1' });
    expect(map({}, [ID], { operation: 'update' })).toContain('entityIdTargetSystem is mandatory but missing');
  });

  it('EXP-30: an unknown key is a warning with pointer and the nearest key', () => {
    expect(mappingIssues({ constant: 1, targetPath: '$.v', optinal: true })).toEqual([
      expect.objectContaining({
        severity: 'warning',
        code: 'unknownKey',
        pointer: '/user/mappings/1/optinal',
        text: 'optinal',
        message: expect.stringContaining('"optional"'),
      }),
    ]);
  });

  it('EXP-31: hashing false is accepted, true is refused', () => {
    expect(mappingIssues({ constant: 1, targetPath: '$.v', hashing: false })).toEqual([]);
    expect(mappingIssues({ constant: 1, targetPath: '$.v', hashing: true })).toEqual([
      expect.objectContaining({ severity: 'error', code: 'hashing' }),
    ]);
  });

  it('EXP-5: several origins and a missing target are refused', () => {
    expect(mappingIssues({ constant: 1, sourcePath: '$.a', targetPath: '$.v' })[0]).toMatchObject({
      code: 'severalOrigins',
    });
    expect(mappingIssues({ constant: 1 })[0]).toMatchObject({ code: 'noTarget' });
    expect(mappingIssues({ constant: 1, correlationAttribute: true })).toEqual([]);
  });

  it('EXP-1, EXP-2, EXP-3, TRF-5, ERR-3: mistakes of a document are reported together', () => {
    const issues = issuesOf('read', {
      user: {
        conditon: 'x',
        mappings: [
          { sourcePath: '$.a[', targetPath: '$.b' },
          { constant: 1, targetPath: '$..x' },
        ],
      },
      group: {},
    });
    expect(issues.map((issue) => [issue.code, issue.pointer])).toEqual([
      ['unknownExpression', '/user/conditon'],
      ['pathSyntax', '/user/mappings/0/sourcePath'],
      ['pathSyntax', '/user/mappings/1/targetPath'],
      ['noSourceId', '/user/mappings'],
      ['missingKey', '/group/mappings'],
      ['noSourceId', '/group/mappings'],
    ]);
  });

  it('EXP-3, SKP-5: skipOperations', () => {
    const program = compileUser('write', { ...WRITE, skipOperations: ['create', 'delete'] });
    expect([...program.skipOperations]).toEqual(['create', 'delete']);
    expect(issuesOf('write', { user: { ...WRITE, skipOperations: ['crate'] } })).toEqual([
      expect.objectContaining({
        severity: 'error',
        pointer: '/user/skipOperations/0',
        message: expect.stringContaining('"create"'),
      }),
    ]);
  });
});

describe('placeholders and variables', () => {
  const properties = {
    key: 'K',
    empty: '',
    nested: '%key%',
    'a.b-c_<d>': 'odd',
    quote: "O'Neil\\",
    list: 'idp1; idp2;;',
  };

  it.each<[string, string]>([
    ['%key%', 'K'],
    ['<%key%>', '<K>'],
    ['%unset%', 'null'],
    ['%nested%', '%key%'],
    ['100 % of 50 %', '100 % of 50 %'],
    ['%a.b-c_<d>%', 'odd'],
    ['%empty%x', 'x'],
  ])('PHL-1, PHL-2, PHL-3, PHL-4: %s becomes %s', (constant, expected) => {
    expect(valueOf({}, { constant }, { properties })).toBe(expected);
  });

  it('PHL-2, ERR-3, CONN-CORE-83: unset and empty properties are warnings', () => {
    expect(
      mappingIssues({ constant: '%unset% %empty%', targetPath: '$.v' }, properties).map((issue) => issue.code),
    ).toEqual(['placeholderUnset', 'placeholderEmpty']);
  });

  it('PHL-6: quotes and backslashes are escaped in a quoted literal', () => {
    const when = (condition: string): JsonValue =>
      map({ name: "O'Neil\\" }, [{ constant: 1, targetPath: '$.v', condition }], { properties });
    expect(when("$.name == '%quote%'")).toEqual({ v: 1 });
    expect(when('$.name == "%quote%"')).toEqual({ v: 1 });
  });

  it('PHL-5, CND-19: no message contains the value of a property', () => {
    const secret = { secret: "x' ) y" };
    const document = {
      user: { mappings: [ID, { sourcePath: '$.a%secret%', targetPath: '$.b', condition: '$.a == %secret%' }] },
    };
    const text = JSON.stringify(issuesOf('write', document, secret));
    expect(text).toContain('%secret%');
    expect(text).not.toContain(') y');
  });

  it.each<[string, JsonValue]>([
    ['%list%[]', ['idp1', 'idp2']],
    ['%key%[]', ['K']],
    ['%unset%[]', ['null']],
    ['x%key%[]', 'xK[]'],
  ])('PHL-7: %s becomes %j', (constant, expected) => {
    expect(valueOf({}, { constant }, { properties })).toEqual(expected);
  });

  it('VAR-2: variables in conditions, parameters and constants; unset ones are empty, others than texts are JSON', () => {
    const mappings = [
      { sourcePath: '$.o', targetVariable: 'o' },
      { constant: '[${o}|${none}]', targetPath: '$.c' },
      { constant: 'x', targetPath: '$.p', functions: [{ function: 'concatString', suffix: '-${o}' }] },
      { constant: 'yes', targetPath: '$.q', condition: "'${none}' == ''" },
    ];
    expect(map({ o: { a: 1 } }, mappings)).toEqual({ c: '[{"a":1}|]', p: 'x-{"a":1}', q: 'yes' });
  });

  it('VAR-3: the source id is mandatory and stored as text', () => {
    const program = compileUser('read', READ);
    expect(program.read({ state: 'A', login: 'x' }, context)).toEqual({
      kind: 'failed',
      sourceId: undefined,
      message: 'Attribute at path $.uid is mandatory but missing',
    });
    expect(program.read({ state: 'A', uid: 5 }, context)).toMatchObject({ kind: 'failed', sourceId: '5' });
    expect(program.sourceIdOf({ uid: 5 }, context)).toBe('5');
    for (const uid of ['a\0b', 'a\ud800']) {
      const message = 'The variable entityIdSourceSystem must not hold NUL or half of a surrogate pair';
      expect(program.sourceIdOf({ uid }, context)).toBeUndefined();
      const whole = compileUser('read', {
        mappings: [{ sourcePath: '$.uid', targetVariable: 'entityIdSourceSystem' }],
      });
      expect(whole.read({ uid }, context)).toMatchObject({ kind: 'failed', message });
    }
    expect(issuesOf('read', { user: { mappings: [] } })).toEqual([
      expect.objectContaining({ severity: 'error', code: 'noSourceId' }),
    ]);
  });

  it('VAR-4: a transformation may set the target id; without any mapping for it there is a warning', () => {
    const program = compileUser('write', { mappings: [{ sourcePath: '$.n', targetVariable: 'entityIdTargetSystem' }] });
    expect(program.write({ n: 7 }, 'create', writeContext())).toMatchObject({ targetId: '7' });
    expect(compileUser('write', WRITE).write({ userName: 'x' }, 'create', writeContext())).toMatchObject({
      targetId: undefined,
    });
    expect(issuesOf('write', { user: { mappings: [] } })).toEqual([
      expect.objectContaining({ severity: 'warning', code: 'noTargetId' }),
    ]);
  });

  it('VAR-8, TRF-9: currentDate is the start of the job in the format of the property', () => {
    const mapping = { sourceVariable: 'currentDate' };
    expect(valueOf({}, mapping)).toBe('2026-07-05 09:04:03.120');
    expect(valueOf({}, mapping, { properties: { 'ips.date.variable.format': 'yyyy-MM-dd' } })).toBe('2026-07-05');
  });

  it('VAR-9, SCP-1: an own variable with scope createEntity steers a later mapping', () => {
    const mappings = [
      { constant: 'old', targetVariable: 'phase' },
      { constant: 'new', targetVariable: 'phase', scope: 'createEntity' },
      { constant: 'hello', targetPath: '$.welcome', condition: "'${phase}' == 'new'" },
    ];
    expect(map({}, mappings)).toEqual({ welcome: 'hello' });
    expect(map({}, mappings, { operation: 'update' })).toEqual({});
  });

  it('CND-4: a bare variable is put in as text, and the entity fails if the condition cannot be parsed then', () => {
    const mappings = (condition: string): JsonValue[] => [
      { sourcePath: '$.x', targetVariable: 'x' },
      { constant: 1, targetPath: '$.v', condition },
    ];
    expect(map({ x: 5 }, mappings('$.x == ${x}'))).toEqual({ v: 1 });
    expect(map({ x: 'a b' }, mappings('$.x == ${x}'))).toBe(
      'failed: Condition [$.x == ${x}] cannot be parsed after its placeholders and variables are replaced',
    );
    expect(map({ x: "a' b" }, mappings("$.x == '${x}'"))).toEqual({ v: 1 });
  });
});

describe('scopes', () => {
  const mappings = [
    { constant: 1, targetPath: '$.always' },
    { constant: 2, targetPath: '$.create', scope: 'createEntity' },
    { constant: 3, targetPath: '$.patch', scope: 'patchEntity' },
    { constant: 4, targetPath: '$.delete', scope: 'deleteEntity' },
  ];

  it('SCP-1: mappings by operation', () => {
    expect(map({}, mappings)).toEqual({ always: 1, create: 2 });
    expect(map({}, mappings, { operation: 'update' })).toEqual({ always: 1 });
    expect(map({}, mappings, { operation: 'delete' })).toEqual({ delete: 4 });
    expect(compileUser('write', { mappings }).hasDeleteScope).toBe(true);
    expect(compileUser('write', WRITE).hasDeleteScope).toBe(false);
  });

  it('SCP-2: scopes of read transformations are disregarded with a warning', () => {
    const user = { mappings: [{ sourcePath: '$.id', targetVariable: 'entityIdSourceSystem', scope: 'deleteEntity' }] };
    expect(compileUser('read', user).read({ id: '1' }, context)).toMatchObject({ kind: 'mapped', sourceId: '1' });
    expect(issuesOf('read', { user })).toEqual([
      expect.objectContaining({ severity: 'warning', code: 'scopeWithoutEffect' }),
    ]);
  });

  it('SCP-4: a missing path in scope deleteEntity says so', () => {
    const mapping = { sourcePath: '$.a', targetPath: '$.v', scope: 'deleteEntity' };
    expect(map({}, [mapping], { operation: 'delete' })).toBe(
      'failed: Attribute at path $.a is mandatory but missing in scope deleteEntity',
    );
  });

  it('SCP-6: deactivation instead of deletion', () => {
    const closing = [
      { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id', scope: 'deleteEntity' },
      { constant: 'closed', targetPath: '$.status', scope: 'deleteEntity' },
    ];
    expect(map({}, closing, { operation: 'delete', context: { targetId: 't1' } })).toEqual({
      id: 't1',
      status: 'closed',
    });
  });

  it('CHG-4: the comparable part excludes createEntity and currentDate, and is the target itself otherwise', () => {
    const dated = [
      { sourceVariable: 'currentDate', targetVariable: 'today' },
      { constant: 'on ${today}', targetPath: '$.stamp' },
      { sourcePath: '$.n', targetPath: '$.n' },
      { constant: 'c', targetPath: '$.c', scope: 'createEntity' },
    ];
    const outcome = compileUser('write', { mappings: dated }).write({ n: 1 }, 'create', writeContext());
    expect(outcome).toMatchObject({
      target: { stamp: 'on 2026-07-05 09:04:03.120', n: 1, c: 'c' },
      comparable: { n: 1 },
    });
    expect(outcome.kind === 'mapped' && Object.keys(outcome.comparable)).toEqual(['n']);
    const plain = compileUser('write', WRITE).write({ userName: 'x' }, 'update', writeContext({ targetId: '1' }));
    expect(plain.kind === 'mapped' && plain.comparable === plain.target).toBe(true);
  });
});

describe('value mappings', () => {
  const mapping = {
    type: 'valueMapping',
    sourcePaths: ['$.site', '$.shift'],
    defaultValue: 'STD',
    valueMappings: [
      { key: ['Lyon', 'N'], mappedValue: 'FR-NIGHT' },
      { key: ['Lyon', 'D'], mappedValue: 'FR-DAY' },
      { key: ['Lyon', 'D'], mappedValue: 'second' },
    ],
  };

  it.each<[JsonValue, JsonValue]>([
    [{ site: 'Lyon', shift: 'N' }, 'FR-NIGHT'],
    [{ site: 'Lyon', shift: 'D' }, 'FR-DAY'],
    [{ site: 'lyon', shift: 'D' }, 'STD'],
    [{ site: 'Oslo', shift: 'N' }, 'STD'],
    [{ site: 'Lyon' }, 'STD'],
  ])('VMP-1, VMP-3, VMP-4, VMP-6: %j gives %s', (input, expected) => {
    expect(valueOf(input, mapping)).toBe(expected);
  });

  it('VMP-2: keys must have as many entries as there are paths', () => {
    expect(mappingIssues({ ...mapping, targetPath: '$.v', valueMappings: [{ key: ['x'], mappedValue: 1 }] })).toEqual([
      expect.objectContaining({ severity: 'error', pointer: '/user/mappings/1/valueMappings/0' }),
    ]);
  });

  it('VMP-3: numbers and booleans are compared as texts', () => {
    const byNumber = {
      type: 'valueMapping',
      sourcePaths: ['$.a'],
      valueMappings: [
        { key: [1], mappedValue: 'one' },
        { key: ['true'], mappedValue: 'yes' },
      ],
    };
    expect(valueOf({ a: '1' }, byNumber)).toBe('one');
    expect(valueOf({ a: true }, byNumber)).toBe('yes');
  });

  it('VMP-4: without match and default the entity fails, unless optional', () => {
    const strict = { type: 'valueMapping', sourcePaths: ['$.a'], valueMappings: [] };
    expect(valueOf({ a: 1 }, strict)).toBe('failed: Attribute at path $.a is mandatory but missing');
    expect(valueOf({ a: 1 }, { ...strict, optional: true })).toBeUndefined();
  });

  it('VMP-5: mapped values of any kind pass through functions and go to both targets', () => {
    const rich = {
      type: 'valueMapping',
      sourcePaths: ['$.a'],
      valueMappings: [
        { key: ['1'], mappedValue: { x: ['y'] } },
        { key: ['2'], mappedValue: 'low' },
        { key: ['3'], mappedValue: null },
      ],
      targetVariable: 'v',
      functions: [{ function: 'toUpperCaseString', condition: "@ == 'low'" }],
    };
    expect(valueOf({ a: 1 }, rich)).toEqual({ x: ['y'] });
    expect(valueOf({ a: 2 }, rich)).toBe('LOW');
    expect(valueOf({ a: 3 }, rich)).toBeNull();
  });
});
