import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../core/json.js';
import { compileUser, context, mappingIssues } from './support.js';

const INPUT: JsonObject = {
  n: 5,
  s: '5',
  t: 'text',
  yes: true,
  no: false,
  nil: null,
  empty: { text: '', list: [], object: {} },
  list: ['a', 'b'],
  nums: [1, 2, 3],
  obj: { a: 1, b: [2] },
  mail: 'li.wu@a-b.example',
  mails: [{ value: 'x@a.example', main: true }, { value: 'y@a.example' }],
  groups: [{ display: 'HR-Payroll' }, { display: 'Sales' }],
  start: '2026-01-01',
  end: '2026-12-31',
  name: "O'Neil",
};

function holds(
  condition: string,
  input: JsonObject = INPUT,
  properties: Record<string, string> = {},
): boolean | string {
  const outcome = compileUser('write', { condition, mappings: [] }, properties).accepts(input, context);
  if (outcome.kind === 'failed') return outcome.message;
  return outcome.kind === 'accepted';
}

const all = (rule: string, expected: boolean, conditions: string[]): void => {
  it.each(conditions)(`${rule}: %s is ${expected}`, (condition) => {
    expect(holds(condition)).toBe(expected);
  });
};

describe('operators', () => {
  all('CND-6', true, [
    "$.n == '5'",
    '$.s == 5',
    '$.n == 5.0',
    '$.yes == true',
    "$.t == 'text'",
    '$.nil == null',
    'null == null',
    "$.list == ['a', 'b']",
    "$.obj == {'b': [2], 'a': 1}",
    "'x' == 'x'",
    "$.name == 'O\\'Neil'",
    `$.name == "O'Neil"`,
  ]);
  all('CND-6', false, [
    "$.yes == 'true'",
    '$.none == null',
    "$.s == '5.0'",
    'null == true',
    'null != null',
    "$.list == ['b', 'a']",
    "$.t == 'Text'",
  ]);
  all('CND-7', true, ['$.n === 5', "$.s === '5'", "$.list === ['a','b']"]);
  all('CND-7', false, ["$.n === '5'", '$.none === null']);
  all('CND-8', true, ['$.n != 6', "$.n !== '5'", '$.none != 1', '$.none !== null', '$.none != null']);
  all('CND-8', false, ["$.n != '5'", '$.n !== 5']);
  all('CND-9', true, [
    '$.n < 6',
    '$.n <= 5',
    '$.n > 4',
    '$.n >= 5',
    "$.start < '2026-02-01'",
    "'a' < 'b'",
    "'\u{ffff}' < '\u{10000}'",
  ]);
  all('CND-9', false, ["$.n < '6'", '$.none < 1', '$.none >= 1', '$.t < 5', '$.n > 5', '$.nil <= null']);
  all('CND-10', true, [
    '$.t =~ /te.t/',
    '$.t =~ /TEXT/i',
    '$.n =~ /\\d/',
    '$.yes =~ /true/',
    '$.list =~ /b/',
    '$.none =~ /x*/',
    '$.t =~ /(?i)TEXT/',
    '/t.*/ =~ $.t',
    "'a/b' =~ /a\\/b/",
  ]);
  all('CND-10', false, ['$.t =~ /te/', '$.list =~ /c/', '$.none =~ /x/', '$.obj =~ /.*/', '$.t =~ /TEXT/']);
  all('CND-11', true, [
    '$.none empty true',
    '$.nil empty true',
    '$.empty.text empty true',
    '$.empty.list EMPTY true',
    '$.empty.object Empty true',
  ]);
  all('CND-11', false, ['$.t empty true', '$.no empty true', '$.n empty true']);
  all('CND-12', true, [
    '$.t empty false',
    '$.list empty false',
    '$.obj empty false',
    '$.no empty false',
    '$.n empty false',
  ]);
  all('CND-12', false, ['$.none empty false', '$.empty.text empty false']);
  all('CND-13', true, ["$.t in ['x', 'text']", "$.n IN ['5']", "$.t NIN ['x']", "$.none nin ['x']", "'a' in $.list"]);
  all('CND-13', false, ["$.t in ['x']", "$.none in ['x']", "$.t nin ['text']", "'c' in $.list"]);
  all('CND-14', true, ["$.list contains 'a'", "$.t Contains 'ex'", '$.nums contains 2']);
  all('CND-14', false, ["$.list contains 'c'", "$.none contains 'a'", "$.t contains 'E'"]);
  all('CND-15', true, ['$.list size 2', '$.t size 4', '$.mails[*].value size 2']);
  all('CND-15', false, ['$.list size 1', '$.none size 0', '$.n size 1']);
  all('CND-16', true, ['$.nums subsetof [1,2,3,4]', '$.nums anyof [9,3]', '$.nums noneof [8,9]', '$.nums all [1,2]']);
  all('CND-16', false, [
    '$.nums subsetof [1,2]',
    '$.nums anyof [9]',
    '$.nums noneof [3]',
    '$.nums all [1,9]',
    '$.none anyof [1]',
  ]);
  all('CND-17', true, ['$.nil', '!$.none', '$.mails[?(@.main)]', '$.no']);
  all('CND-17', false, ['$.none', '!$.nil', '$.mails[?(@.nope)]']);

  it('CND-13, CND-16: long lists are compared like short ones', () => {
    const values = Array.from({ length: 200 }, (_, index) => `v${index}`);
    const input = { values, numbers: values.map((_, index) => index) };
    expect(holds(`$.values anyof ['x','v199']`, input)).toBe(true);
    expect(holds(`'150' in $.numbers`, input)).toBe(true);
    expect(holds(`'0150' in $.numbers`, input)).toBe(true);
    expect(holds(`'5.0' in $.values`, { values: [...values, '5'] })).toBe(false);
    expect(holds(`$.values subsetof $.values`, input)).toBe(true);
  });
});

describe('grammar', () => {
  it('CND-1, PHL-6: a backslash escapes quotes and itself, and is a character elsewhere', () => {
    expect(holds("$.u == 'DOM\\user'", { u: 'DOM\\user' })).toBe(true);
    expect(holds("$.u == 'DOM\\\\user'", { u: 'DOM\\user' })).toBe(true);
    expect(holds('$.u == "say \\"hi\\""', { u: 'say "hi"' })).toBe(true);
    expect(holds("$.u == '%p%'", { u: 'DOM\\user' }, { p: 'DOM\\user' })).toBe(true);
    expect(holds("$['it\\'s'] == 1", { "it's": 1 })).toBe(true);
  });

  all('CND-1, CND-2', true, [
    "$.n==5&&$.t=='text'",
    '$.no == true || $.yes == true && $.n == 5',
    '($.yes == true || $.no == true) && $.n == 5',
    '!($.n == 6)',
    '!!($.n == 5)',
    '!$.none && $.n == 5',
    ' ( $.n == 5 ) ',
    '-1 < $.n',
    '1e1 > $.n',
  ]);
  all('CND-2', false, [
    '$.no == true && $.yes == true || $.n == 6',
    '!$.n == 5',
    '($.yes == true || $.no == true) && $.n == 6',
  ]);

  it('CND-2: both connectives stop early', () => {
    // Evaluated, it would end the budget and fail the entity.
    const bomb = '$.t =~ /(a|aa)+\\1?c/';
    const input = { t: 'a'.repeat(60) };
    expect(holds(`$.t == 'x' && ${bomb}`, input)).toBe(false);
    expect(holds(`$.t size 60 || ${bomb}`, input)).toBe(true);
    expect(holds(bomb, input)).toContain('more steps');
  });

  all('CND-3', true, [
    '@.n == 5',
    "$.mails[?(@.value == 'x@a.example')] empty false",
    '$.nums[?(@ > $.none || @ == 3)] == [3]',
    "$.mails[?($.n == 5 && @.main == true)].value == ['x@a.example']",
  ]);
  all('CND-5', true, ['$.t EmPtY false', "$.list CONTAINS 'a'"]);
  all('CND-18', true, [
    '$.mails[?(@.main == false)].value == []',
    '$.nope[?(@.x == 1)].value == []',
    '$.nums[*] == [1,2,3]',
  ]);
  all('CND-20', true, [
    '$.groups[?(@.display =~ /HR-.*/)] empty false',
    "$.groups[?(@.display === 'Blocked')] empty true",
    "$.start <= '${currentDate}' && $.end > '${currentDate}'",
    '!($.mail =~ /.*@guest.example/)',
  ]);

  it.each([
    '',
    '$.n ==',
    '$.n = 5',
    '$.n == 5 &&',
    '($.n == 5',
    '$.n == text',
    "$.t == 'open",
    '$.n == 5 $.t',
    '$.t is 5',
    '$.list in',
    "$.t in 'x'",
    '$.t =~ 5',
    '$.t == /x/',
    '$.t =~ /x',
    '$.t =~ /(/',
    '$.t =~ /x/q',
    '$.t empty maybe',
    '$.t size x',
    '5',
    'isOdd($.n)',
    'isValidEmail()',
    "$.list in['a']",
    '$.n == 5 | $.n == 6',
    `${'('.repeat(200)}$.n${')'.repeat(200)}`,
    "$.n == {'__proto__': 1}",
  ])('CND-19: %s is refused on save', (condition) => {
    expect(mappingIssues({ constant: 1, targetPath: '$.v', condition })).toEqual([
      expect.objectContaining({
        severity: 'error',
        code: 'conditionSyntax',
        pointer: '/user/mappings/1/condition',
        text: condition,
      }),
    ]);
  });

  it('CND-19: with a placeholder it is a warning, and the entity fails at run time', () => {
    const document = { constant: 1, targetPath: '$.v', condition: '$.n == %value%' };
    expect(mappingIssues(document, { value: 'a b' })).toEqual([
      expect.objectContaining({ severity: 'warning', code: 'conditionSyntax' }),
    ]);
    expect(holds('$.n == %value%', INPUT, { value: 'a b' })).toContain('Condition [$.n == %value%] cannot be parsed');
  });

  it('CND-4, PHL-2: bare placeholders are text, quoted ones are strings', () => {
    expect(holds('%flag% == true', {}, { flag: 'true' })).toBe(true);
    expect(holds("'%mark%' !== 'null'", {})).toBe(false);
    expect(holds("'%mark%' !== 'null'", {}, { mark: 'x' })).toBe(true);
    expect(holds('%mark% == null', {})).toBe(true);
    expect(holds('$.mail =~ %rule%', INPUT, { rule: '/.*\\.example/' })).toBe(true);
  });

  it('CND-21: property values in regular expressions are not escaped', () => {
    expect(holds('$.t =~ /%p%/', INPUT, { p: 't.*' })).toBe(true);
    expect(holds('$.t =~ /%p%/', INPUT, { p: '(' })).toContain('cannot be parsed');
    expect(mappingIssues({ constant: 1, targetPath: '$.v', condition: '$.t =~ /%p%/' }, { p: '(' })).toEqual([
      expect.objectContaining({ severity: 'warning', code: 'conditionSyntax' }),
    ]);
  });

  it('CND-22: work is bounded; beyond it the entity fails', () => {
    const text = 'a'.repeat(60);
    expect(holds('$.t =~ /(a+)+b/', { t: text })).toBe(false);
    expect(holds('$.t =~ /(a|aa)+\\1?c/', { t: text })).toBe('A regular expression takes more steps than it may take');
    expect(holds('$.t =~ /(x+x+)+y/', { t: 'x'.repeat(20_000) })).toBe(false);
  });
});

describe('conditional functions', () => {
  it.each<[string, boolean]>([
    ['li.wu@a-b.example', true],
    ['li.wu@localhost', false],
    ["o'neil+x!#$%&*/=?^_`{|}~-@sub.example.org", true],
    ['a‘b@x.example', true],
    ['.a@x.example', false],
    ['a..b@x.example', false],
    ['a@-x.example', false],
    ['a@x-.example', true],
    ['a@x.example-', false],
    ['a@b@x.example', false],
    ['a b@x.example', false],
    ['@x.example', false],
    ['', false],
  ])('CND-23: isValidEmail of %j is %s', (mail, expected) => {
    expect(holds('isValidEmail($.mails[0])', { mails: [mail] })).toBe(expected);
  });

  it('CND-23: with a list every value must be valid; missing and empty are not', () => {
    expect(holds('isValidEmail($.mails[*].value)')).toBe(true);
    expect(holds('isValidEmail($.l)', { l: ['a@x.example', 'b'] })).toBe(false);
    expect(holds('isValidEmail($.l)', { l: [] })).toBe(false);
    expect(holds('isValidEmail($.none)')).toBe(false);
  });

  const schema = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';

  it('CND-24: isApplicationSpecificGroup', () => {
    const group = { [schema]: { applicationId: 'app1' } };
    expect(holds('isApplicationSpecificGroup()', group, { 'ips.application.id': 'app1' })).toBe(true);
    expect(holds('isApplicationSpecificGroup()', group, { 'ips.application.id': 'app2' })).toBe(false);
    expect(holds('isApplicationSpecificGroup()', group)).toBe(false);
  });

  it('CND-25: isRegularGroup', () => {
    expect(holds('isRegularGroup()', {})).toBe(true);
    expect(holds('isRegularGroup()', { [schema]: { applicationId: 'a' } })).toBe(true);
    expect(holds('isRegularGroup()', { [schema]: { applicationId: 'a', supportedOperations: 'readWrite' } })).toBe(
      false,
    );
  });

  it('CND-26, CND-27: prefixes from properties', () => {
    const properties = { 'hr.group.prefix': 'HR_' };
    const optional = 'isAttributeWithOptionalPrefix($.d, hr.group.prefix)';
    const mandatory = 'isAttributeWithMandatoryPrefix($.d, hr.group.prefix)';
    const results = (input: JsonObject, set = true): unknown[] =>
      [optional, mandatory].map((condition) => holds(condition, input, set ? properties : {}));
    expect(results({ d: 'HR_Payroll' })).toEqual([true, true]);
    expect(results({ d: 'Payroll' })).toEqual([false, false]);
    expect(results({})).toEqual([true, false]);
    expect(results({ d: 'Payroll' }, false)).toEqual([true, false]);
  });

  it('CND-28: combined with operators, and on lists every element counts', () => {
    const properties = { p: 'a' };
    expect(holds('isAttributeWithMandatoryPrefix($.l, p) && $.n == 5', { l: ['a1', 'a2'], n: 5 }, properties)).toBe(
      true,
    );
    expect(holds('!isAttributeWithMandatoryPrefix($.l, p)', { l: ['a1', 'b2'] }, properties)).toBe(true);
    expect(holds('$.l[?(isValidEmail(@))] size 1', { l: ['x@a.example', 'b'] })).toBe(true);
  });
});
