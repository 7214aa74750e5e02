import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../../core/json.js';
import { map, mappingIssues, valueOf } from './support.js';

const PHONES = {
  tels: [
    { t: 'm', v: '1' },
    { t: 'w', v: '2' },
    { t: 'w', v: '3' },
  ],
  ext: { 'x:y': { grade: 7 } },
  deep: { a: { n: 1, b: { n: 2 } }, l: [{ n: 3 }, { n: 4 }] },
  nums: [3, 1, 2],
  nothing: null,
  name: { givenName: 'Ada' },
};

const read = (sourcePath: string, input: JsonValue = PHONES): JsonValue | undefined =>
  valueOf(input, { sourcePath, preserveArrayWithSingleElement: true, optional: true });

describe('reading paths', () => {
  it.each<[string, JsonValue | undefined]>([
    ['$.tels[0].v', '1'],
    ['$.tels[*].v', ['1', '2', '3']],
    ["$.tels[?(@.t == 'w')].v", ['2', '3']],
    ["$.tels[?(@.t == 'z')]", undefined],
    ["$['ext']['x:y']['grade']", 7],
    ["$.tels[*].['v']", [{ v: '1' }, { v: '2' }, { v: '3' }]],
    ['$.tels.length()', 3],
    ['$.fax.v', undefined],
  ])('PTH-8: %s gives %j', (path, expected) => {
    expect(read(path)).toEqual(expected);
  });

  it.each<[string, JsonValue | undefined]>([
    ['$.tels[-1].v', '3'],
    ['$.tels[3]', undefined],
    ['$.tels[-4]', undefined],
    ['$.tels[0,2].v', ['1', '3']],
    ['$.tels[1:].v', ['2', '3']],
    ['$.tels[:2].v', ['1', '2']],
    ['$.tels[:-1].v', ['1', '2']],
    ['$.name.*', ['Ada']],
    ["$.tels[0]['t','v','x']", { t: 'm', v: '1' }],
    ["$.tels[0].['t','v']", { t: 'm', v: '1' }],
    ["$['deep','ext'].l", [[{ n: 3 }, { n: 4 }]]],
    ['$..n', [1, 2, 3, 4]],
    ['$.deep..n', [1, 2, 3, 4]],
    ['$..[?(@.n == 3)].n', [3]],
    ['$.name.givenName.length()', 3],
    ['$.name.length()', 1],
    ['$["name"]["givenName"]', 'Ada'],
  ])('PTH-1: %s gives %j', (path, expected) => {
    expect(read(path)).toEqual(expected);
  });

  it('PTH-1: a filter on an object tests the object itself', () => {
    expect(read("$.name[?(@.givenName == 'Ada')].givenName")).toEqual(['Ada']);
  });

  it('PTH-2: elements that lack the member contribute nothing', () => {
    expect(read('$.l[*].a', { l: [{ a: 1 }, {}, { a: null }, { a: 3 }] })).toEqual([1, null, 3]);
  });

  it('PTH-3: a missing intermediate member makes an indefinite path an empty list, a definite path missing', () => {
    const input = { x: 1 };
    expect(valueOf(input, { sourcePath: '$.a.b[*].c', targetPath: '$.v', defaultValue: 'none' })).toBe('none');
    expect(valueOf(input, { constant: 'yes', condition: '$.a.b[*].c == []' })).toBe('yes');
    expect(valueOf(input, { constant: 'yes', condition: '!$.a.b.c' })).toBe('yes');
  });

  it.each(['$.name[0]', '$.tels.v', '$.nums[0].x', '$.name.givenName.x', '$.nothing.x'])(
    'PTH-4: %s is missing',
    (path) => {
      expect(read(path)).toBeUndefined();
    },
  );

  it.each(['name.givenName', ' $ . name . givenName ', "$ [ 'name' ] [ 'givenName' ]", "['name']['givenName']"])(
    'PTH-5: %s is understood',
    (path) => {
      expect(read(path)).toBe('Ada');
    },
  );

  it('PTH-6: names are case-sensitive and may contain -, _ and $', () => {
    expect(read('$.Name')).toBeUndefined();
    expect(read('$.a-b_$c', { 'a-b_$c': 1 })).toBe(1);
    expect(read('$.größe', { größe: 1 })).toBe(1);
  });

  it.each<[string, JsonValue | undefined]>([
    ['$.nums.min()', 1],
    ['$.nums.max()', 3],
    ['$.nums.avg()', 2],
    ['$.nums.sum()', 6],
    ['$.tels[*].v.first()', '1'],
    ['$.nums.last()', 2],
    ['$.nums.index(1)', 1],
    ['$.nums.index(-1)', 2],
    ['$.tels[0].keys()', ['t', 'v']],
    ['$.nope.sum()', undefined],
    ['$.nope.length()', undefined],
    ['$.name.min()', undefined],
  ])('PTH-7: %s gives %j', (path, expected) => {
    expect(read(path)).toEqual(expected);
  });

  it('PTH-1: inherited names are missing', () => {
    expect(read('$.toString')).toBeUndefined();
    expect(read('$.name.constructor')).toBeUndefined();
    expect(read('$.name.__proto__')).toBeUndefined();
    expect(read('$.name.__proto__.x', JSON.parse('{"name":{"__proto__":{"x":1}}}') as JsonValue)).toBe(1);
  });

  it.each([
    ['', 'empty'],
    ['$.a b', 'should end here'],
    ['$.urn:x', 'brackets'],
    ['$.a[', 'expected'],
    ['$.a[?(@.b == )]', 'expected'],
    ["$.a['b", 'not closed'],
    ['$.a.size()', 'no path function'],
    ['$.a.length().b', 'must be the end'],
    ['$..', 'expected'],
  ])('PTH-1: %j is refused with the place of the mistake', (path, part) => {
    const [issue] = mappingIssues({ sourcePath: path, targetPath: '$.x' });
    expect(issue).toMatchObject({ severity: 'error', code: 'pathSyntax', pointer: '/user/mappings/1/sourcePath' });
    expect(issue?.message).toContain(part);
  });
});

const set = (constant: JsonValue, targetPath: string): JsonValue => ({ constant, targetPath });

describe('writing paths', () => {
  it('PTH-9: $ copies the members of an object and replaces those of the same name', () => {
    const input = { a: { x: 1 }, b: [2] };
    expect(map(input, [set('old', '$.a'), set('kept', '$.c'), { sourcePath: '$', targetPath: '$' }])).toEqual({
      a: { x: 1 },
      c: 'kept',
      b: [2],
    });
    expect(map(input, [set('text', '$')])).toContain('Only an object');
  });

  it('PTH-10: intermediate objects are created and the last member is replaced', () => {
    expect(map({}, [set(1, '$.a.b.c'), set(2, "$.a['urn:x:y'].d"), set(3, '$.a.b.c')])).toEqual({
      a: { b: { c: 3 }, 'urn:x:y': { d: 2 } },
    });
  });

  it('PTH-11: several mappings on the same index fill the same element', () => {
    expect(map({}, [set('a@x', '$.emails[0].value'), set('work', '$.emails[0].type')])).toEqual({
      emails: [{ value: 'a@x', type: 'work' }],
    });
  });

  it('PTH-11: a value at an index overwrites the element', () => {
    expect(map({}, [set('a', '$.l[0]'), set('b', '$.l[1]'), set('c', '$.l[0]')])).toEqual({ l: ['c', 'b'] });
  });

  it('PTH-11: a list at an index is inserted, the elements behind move back', () => {
    expect(map({}, [set(['a', 'b'], '$.l'), set(['x', 'y'], '$.l[1]')])).toEqual({ l: ['a', 'x', 'y', 'b'] });
  });

  it('PTH-12: [*] sets the member of every element that is there', () => {
    expect(map({}, [set([{ v: 1 }, { v: 2 }], '$.l'), set('t', '$.l[*].type')])).toEqual({
      l: [
        { v: 1, type: 't' },
        { v: 2, type: 't' },
      ],
    });
    expect(map({}, [set('t', '$.a.l[*].type')])).toEqual({});
    expect(map({}, [set([], '$.l'), set('t', '$.l[*].type')])).toEqual({ l: [] });
  });

  it('PTH-12: a list of equal length is distributed, of another length it is an error', () => {
    const list = set([{ v: 1 }, { v: 2 }], '$.l');
    expect(map({}, [list, set(['a', 'b'], '$.l[*].k')])).toEqual({
      l: [
        { v: 1, k: 'a' },
        { v: 2, k: 'b' },
      ],
    });
    expect(map({}, [list, set(['a'], '$.l[*].k')])).toContain('$.l[*].k selects 2 elements, but the value has 1');
  });

  it('PTH-13: the distributing form appends one element for each value', () => {
    expect(map({}, [set(['u1', 'u2'], '$.members[?(@.value)]')])).toEqual({
      members: [{ value: 'u1' }, { value: 'u2' }],
    });
    expect(map({}, [set('u1', '$.members[?(@.value)]')])).toEqual({ members: [{ value: 'u1' }] });
    const empty = { sourcePath: '$.none', defaultValue: [], targetPath: '$.members[?(@.value)]' };
    expect(map({}, [empty])).toEqual({ members: [] });
    expect(map({}, [set('u1', '$.members[?(@.value)]'), empty])).toEqual({ members: [{ value: 'u1' }] });
    expect(map({}, [set([{ value: 'u1', x: 1 }, { y: 2 }], '$.members[?(@.value)]')])).toEqual({
      members: [{ value: 'u1', x: 1 }, { value: { y: 2 } }],
    });
  });

  it('PTH-14: mappings to the same distributing path accumulate without doubles, also in long lists', () => {
    const first = Array.from({ length: 30 }, (_, index) => `u${index}`);
    const second = ['u29', 'g1', 'g1'];
    expect(map({}, [set(first, '$.members[?(@.value)]'), set(second, '$.members[?(@.value)]')])).toEqual({
      members: [...first, 'g1'].map((value) => ({ value })),
    });
    expect(map({}, [set(['a'], '$.m[?(@.value)]'), set(['a', 'b', 'b'], '$.m[?(@.value)]')])).toEqual({
      m: [{ value: 'a' }, { value: 'b' }],
    });
  });

  it('PTH-15: a filter with a member sets it where the filter matches', () => {
    const emails = set([{ type: 'work' }, { type: 'home' }], '$.emails');
    expect(map({}, [emails, set('x', "$.emails[?(@.type == 'work')].value")])).toEqual({
      emails: [{ type: 'work', value: 'x' }, { type: 'home' }],
    });
  });

  it('PTH-15: without match a conjunction of equalities appends an element, other filters write nothing', () => {
    expect(map({}, [set('x', "$.emails[?(@.type == 'work' && @.primary == true)].value")])).toEqual({
      emails: [{ type: 'work', primary: true, value: 'x' }],
    });
    expect(map({}, [set('x', "$.emails[?(@.type != 'work')].value")])).toEqual({});
    expect(map({}, [set('x', "$.emails[?(@.type == 'a' || @.type == 'b')].value")])).toEqual({});
  });

  it('PTH-16: a list at a plain path replaces the attribute', () => {
    expect(map({}, [set(['a'], '$.groups'), set(['b', 'c'], '$.groups')])).toEqual({ groups: ['b', 'c'] });
  });

  it.each([
    '$..a',
    '$.a[0:1]',
    '$.a[0,1]',
    "$['a','b']",
    '$.a.length()',
    '$.a[-1]',
    '$.__proto__.x',
    "$.a['constructor']",
  ])('PTH-17: %s is refused as target', (targetPath) => {
    expect(mappingIssues({ constant: 1, targetPath })).toEqual([
      expect.objectContaining({ severity: 'error', pointer: '/user/mappings/1/targetPath', text: targetPath }),
    ]);
  });

  it('PTH-18: a conflict of types fails the entity with the path', () => {
    expect(map({}, [set('text', '$.name'), set('x', '$.name.givenName')])).toMatch(/failed: .*\$\.name\.givenName/);
    expect(map({}, [set(['x'], '$.name'), set('x', '$.name.givenName')])).toMatch(/failed: .*\$\.name\.givenName/);
    expect(map({}, [set({ a: 1 }, '$.name'), set('x', '$.name[0]')])).toMatch(/failed: .*\$\.name\[0\]/);
  });

  it('PTH-19: padding that no mapping has filled is removed at the end, positions hold until then', () => {
    expect(map({}, [set('5', '$.phoneNumbers[1].value')])).toEqual({ phoneNumbers: [{ value: '5' }] });
    expect(map({}, [set('b', '$.l[2]'), set('a', '$.l[0]')])).toEqual({ l: ['a', 'b'] });
    expect(map({}, [set('5', '$.p[1].value'), set('4', '$.p[0].value'), set('t', '$.p[*].type')])).toEqual({
      p: [
        { value: '4', type: 't' },
        { value: '5', type: 't' },
      ],
    });
    expect(map({}, [set('5', '$.p[1].value'), set('t', '$.p[*].type')])).toEqual({ p: [{ value: '5', type: 't' }] });
  });

  it('PTH-19: emptied objects, emptied arrays and explicit nulls stay', () => {
    const mappings = [
      set({ a: 1 }, '$.o'),
      { type: 'remove', targetPath: '$.o.a' },
      set(['x'], '$.l'),
      { type: 'remove', targetPath: '$.l[*]' },
      { sourcePath: '$.none', defaultValue: null, targetPath: '$.n' },
    ];
    expect(map({}, mappings)).toEqual({ o: {}, l: [], n: null });
  });

  it('PTH-20: constants on [*] reach the elements that are there at that moment', () => {
    const preserve = { preserveArrayWithSingleElement: true };
    const mappings = [
      { sourcePath: '$.m', targetPath: '$.members[?(@.value)]', ...preserve },
      set('User', '$.members[*].type'),
      { sourcePath: '$.k', targetPath: '$.members[?(@.value)]', ...preserve },
    ];
    expect(map({ m: ['a', 'b'], k: ['g1'] }, mappings)).toEqual({
      members: [{ value: 'a', type: 'User' }, { value: 'b', type: 'User' }, { value: 'g1' }],
    });
  });

  it('PTH-21: lists are inserted at an index, single values overwrite', () => {
    const preserve = { preserveArrayWithSingleElement: true };
    const mappings = [
      { sourcePath: '$.m', targetPath: '$.tels', ...preserve },
      { sourcePath: '$.w', targetPath: '$.tels[0]', ...preserve },
      { sourcePath: '$.fax', targetPath: '$.fax[0]', defaultValue: [] },
      set('x', '$.cn[0]'),
      set('x', '$.cn[0]'),
    ];
    expect(map({ m: [{ n: '3' }], w: [{ n: '1' }, { n: '2' }] }, mappings)).toEqual({
      tels: [{ n: '1' }, { n: '2' }, { n: '3' }],
      fax: [],
      cn: ['x'],
    });
    const unwrapped = [
      { sourcePath: '$.m', targetPath: '$.tels', ...preserve },
      { sourcePath: '$.w', targetPath: '$.tels[0]' },
    ];
    expect(map({ m: [{ n: '3' }], w: [{ n: '1' }] }, unwrapped)).toEqual({ tels: [{ n: '1' }] });
  });
});
