import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../core/json.js';
import {
  isKeyPath,
  keysFilter,
  matchesKeys,
  splitKeys,
  uniqueKey,
  withOtherText,
  type UniqueKey,
} from '../../../connectors/scim/unique-key.js';

const GROUP = 'urn:sap:cloud:scim:schemas:extension:custom:2.0:Group';
const body: JsonObject = {
  userName: 'Änna "B"',
  active: true,
  emails: [{ value: 'a@x.org' }, { value: 'b@x.org' }],
  [GROUP]: { name: 'G', owner: { id: 7 } },
};

const key = (text: string, of: JsonObject = body): UniqueKey => {
  const parsed = uniqueKey(text, of);
  if (parsed === undefined) throw new Error(`${text} is no path`);
  return parsed;
};

describe('unique keys', () => {
  it.each([
    ['userName', 'userName', ['Änna "B"']],
    ['emails[0].value', 'emails.value', ['a@x.org']],
    ['emails[1].value', 'emails.value', ['b@x.org']],
    ['emails.value', 'emails.value', ['a@x.org']],
    ['emails[*].value', 'emails.value', ['a@x.org', 'b@x.org']],
    ['emails[].value', 'emails.value', ['a@x.org', 'b@x.org']],
    [`['${GROUP}']['name']`, `${GROUP}:name`, ['G']],
    [`$['${GROUP}']["name"]`, `${GROUP}:name`, ['G']],
    [`${GROUP}:name`, `${GROUP}:name`, ['G']],
    [`${GROUP}:owner.id`, `${GROUP}:owner.id`, [7]],
    ['externalId', 'externalId', []],
    ['emails[7].value', 'emails.value', []],
  ])('CONN-CORE-51, CONN-SCIM-54, CONN-SCIM-55: %s filters by %s', (text, filterAttribute, values) => {
    expect(key(text)).toMatchObject({ filterAttribute, values });
  });

  it('CNF-4: a comma separates attributes that must all match, not inside brackets', () => {
    expect(splitKeys("userName, emails[0].value ,['a,b']['c'],")).toEqual([
      'userName',
      'emails[0].value',
      "['a,b']['c']",
    ]);
    expect(keysFilter([key('userName'), key('emails[0].value')])).toBe(
      'userName eq "Änna \\"B\\"" and emails.value eq "a@x.org"',
    );
    expect(keysFilter([key('userName'), key('emails[*].value')])).toBe(
      'userName eq "Änna \\"B\\"" and (emails.value eq "a@x.org" or emails.value eq "b@x.org")',
    );
  });

  it('CNF-4: every attribute of the list must match, without case and in composed form', () => {
    const keys = [key('userName'), key('emails[*].value')];
    expect(matchesKeys({ userName: 'A\u0308NNA "b"', emails: [{ value: 'x' }, { value: 'B@x.org' }] }, keys)).toBe(
      true,
    );
    expect(matchesKeys({ userName: 'Anna "B"', emails: [{ value: 'b@x.org' }] }, keys)).toBe(false);
    expect(matchesKeys({ userName: 'Änna "B"' }, keys)).toBe(false);
  });

  it.each(['', '[0]', 'a[', 'a b', 'emails[0][1].value', "['x'"])('%j is no attribute path', (text) => {
    expect(isKeyPath(text)).toBe(false);
  });

  it.each([
    ['userName', { userName: 'a', id: 'a' }, { userName: 'x-a', id: 'a' }],
    ['emails[1].value', { emails: [{ value: 'a' }, { value: 'b' }] }, { emails: [{ value: 'a' }, { value: 'x-b' }] }],
    ['emails[*].value', { Emails: [{ value: 'a' }, { value: 'b' }] }, { Emails: [{ value: 'x-a' }, { value: 'x-b' }] }],
    ['urn:x:User:number', { 'urn:x:User': { number: '7', other: 1 } }, { 'urn:x:User': { number: 'x-7', other: 1 } }],
    ['level', { level: 7 }, { level: 7 }],
  ])('CNF-10: another text at %s', (key, body: JsonObject, expected) => {
    expect(withOtherText(body, key, (text) => `x-${text}`)).toEqual(expected);
  });
});
