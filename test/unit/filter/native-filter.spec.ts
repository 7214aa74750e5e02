import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { instantMs } from '../../../core/filter/instant.js';
import { matchesFilter } from '../../../core/filter/matches-filter.js';
import { throughReadMapping, UntranslatableFilterError } from '../../../core/filter/native-filter.js';
import { parseScimFilter } from '../../../core/filter/parse-filter.js';
import { isJsonObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/json.js';
import { LDAP_READ_TRANSFORMATION } from '../../../connectors/ldap/transformations/ldap-server.js';
import { AD_READ_TRANSFORMATION } from '../../../connectors/ldap/transformations/active-directory.js';

const PROPERTIES = {
  'ldap.attribute.user.id': 'uid',
  'ldap.attribute.user.mail': 'mail',
  'ldap.attribute.user.givenName': 'givenName',
  'ldap.attribute.user.surname': 'sn',
  'ldap.attribute.user.groups': 'memberOf',
  'ldap.attribute.user.mobile': 'mobile',
  'ldap.attribute.user.telephoneNumber': 'telephoneNumber',
};

function userOf(document: JsonObject): JsonObject {
  const { user } = document;
  return isJsonObject(user) ? user : {};
}

function translated(filter: string, type = userOf(LDAP_READ_TRANSFORMATION)) {
  return throughReadMapping(parseScimFilter(filter).filter, type, PROPERTIES);
}

const compare = (attribute: string, operator: string, value: unknown, wanted: string) => ({
  kind: 'compare',
  attribute,
  operator,
  value,
  wanted,
  isFirst: true,
});
const present = (attribute: string, wanted: string) => ({ kind: 'present', attribute, wanted, isFirst: true });

describe('SCIM filters through a read mapping', () => {
  it.each([
    ['userName eq "x"', compare('uid', 'eq', 'x', 'userName')],
    ['USERNAME EQ "x"', compare('uid', 'eq', 'x', 'USERNAME')],
    ['id eq "x"', compare('uid', 'eq', 'x', 'id')],
    ['name.familyName sw "x"', compare('sn', 'sw', 'x', 'name.familyName')],
    ['emails.value co "x"', compare('mail', 'co', 'x', 'emails.value')],
    ['emails co "x"', compare('mail', 'co', 'x', 'emails')],
    ['emails[value eq "x"]', compare('mail', 'eq', 'x', 'emails.value')],
    ['userName pr', present('uid', 'userName')],
    ['userName eq null', { kind: 'not', part: present('uid', 'userName') }],
    ['not (userName ne "x")', { kind: 'not', part: compare('uid', 'ne', 'x', 'userName') }],
    ['emails.value ne "x"', { kind: 'not', part: compare('mail', 'eq', 'x', 'emails.value') }],
    ['meta.lastModified gt "2026-01-31T12:00:00.5+01:00"', { kind: 'modified', operator: 'gt', ms: 1769857200500 }],
    ['nickName eq "x"', { kind: 'always', holds: false }],
    ['nickName ne "x"', { kind: 'not', part: { kind: 'always', holds: false } }],
    ['schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"', { kind: 'always', holds: true }],
    [
      'emails[type eq "work"].value pr',
      {
        kind: 'and',
        parts: [
          present('mail', 'emails'),
          { kind: 'and', parts: [{ kind: 'always', holds: false }, present('mail', 'emails.value')] },
        ],
      },
    ],
    ['emails pr', present('mail', 'emails')],
    ['emails eq null', { kind: 'not', part: present('mail', 'emails') }],
    [
      'phoneNumbers[type eq "mobile"]',
      {
        kind: 'or',
        parts: [
          { kind: 'and', parts: [present('mobile', 'phoneNumbers'), { kind: 'always', holds: true }] },
          { kind: 'always', holds: false },
        ],
      },
    ],
  ])('CONN-LDAP-46: %s', (filter, expected) => expect(translated(filter)).toEqual(expected));

  it('CONN-LDAP-46: in Active Directory the user name is that of the account', () => {
    const type = userOf(AD_READ_TRANSFORMATION);
    expect(translated('userName eq "x" and displayName pr', type)).toEqual({
      kind: 'and',
      parts: [compare('sAMAccountName', 'eq', 'x', 'userName'), present('displayName', 'displayName')],
    });
  });

  const mapped = (mapping: JsonObject): JsonObject => ({ mappings: [{ targetPath: '$.title', ...mapping }] });
  it.each([
    [
      'functions',
      mapped({ sourcePath: '$.t[0]', functions: [{ type: 'toUpperCaseString' }] }),
      'title: it is mapped with "functions"',
    ],
    ['a condition', mapped({ sourcePath: '$.t[0]', condition: '$.a == 1' }), 'title: it is mapped with "condition"'],
    ['a default', mapped({ sourcePath: '$.t[0]', defaultValue: 'x' }), 'title: it is mapped with "defaultValue"'],
    ['several sources', mapped({ sourcePaths: ['$.t[0]', '$.u[0]'] }), 'title: it is mapped with "sourcePaths"'],
    ['a part of a list', mapped({ sourcePath: '$.t[1]' }), 'title: it is mapped from "$.t[1]"'],
    [
      'two mappings',
      { mappings: ['a', 'b'].map((name) => ({ sourcePath: `$.${name}[0]`, targetPath: '$.title' })) },
      'title: it is mapped by several mappings',
    ],
    ['a variable', mapped({ constant: '${x}' }), 'title: it is mapped from a variable'],
  ])('CONN-LDAP-46: what depends on %s is refused, and named', (_, type, message) => {
    expect(() => translated('userName pr or title eq "x"', type)).toThrow(UntranslatableFilterError);
    expect(() => translated('userName pr or title eq "x"', type)).toThrow(message);
    expect(() => translated('nickName eq "x"', type)).not.toThrow();
  });

  it.each([
    ['meta.lastModified gt "yesterday"', 'it is compared with an instant'],
    ['meta.lastModified co "2026"', 'it is compared with an instant'],
    ['userName gt null', 'only eq and ne compare with null'],
    ['name pr', 'it has attributes of its own'],
    ['groups[value sw "a" and value ew "z"]', 'groups[…]: one comparison'],
    ['groups[value ne "a"]', 'groups[…]: one comparison'],
  ])('CONN-LDAP-46: %s is refused', (filter, message) => expect(() => translated(filter)).toThrow(message));

  it.each([
    ['$', 'title'],
    ['$.name', 'name.familyName'],
    ['$.emails', 'emails.value'],
    ['$.emails', 'emails[value eq "x"]'],
    ['$.emails[1].value', 'emails.value'],
    ['$.emails[*].value', 'emails.value'],
  ])(
    'CONN-LDAP-46: what is mapped to %s as a whole or in parts is refused for %s, and not taken for absent',
    (targetPath, asked) => {
      const type = { mappings: [{ sourcePath: '$.a', targetPath }] };
      expect(() => translated(asked.includes('[') ? asked : `${asked} eq "x"`, type)).toThrow(
        UntranslatableFilterError,
      );
    },
  );

  it('CONN-LDAP-46: a whole attribute and the element of a list are the same attribute', () => {
    const type = {
      mappings: [
        { sourcePath: '$.a', targetPath: "$['urn:x:2.0:User'].department" },
        { sourcePath: '$.b[*]', targetPath: '$.tags[?(@.value)]' },
        { sourcePath: '$.c[0]', targetPath: "$.emails[?(@.type == 'work' && @.primary == true)].value" },
      ],
    };
    expect(translated('urn:x:2.0:User:department eq "x"', type)).toMatchObject({ attribute: 'a' });
    expect(translated('tags eq "x"', type)).toMatchObject({ attribute: 'b' });
    const element = { type, ok: 'emails[type eq "WORK" and primary eq true].value eq "x"' };
    expect(matchesFilter(translated(element.ok, type), { body: { c: ['X'] } })).toBe(true);
    expect(matchesFilter(translated('emails[type eq "home"].value eq "x"', type), { body: { c: ['X'] } })).toBe(false);
  });
});

describe('entities under a filter', () => {
  const entity = { body: { uid: ['Anna'], age: ['9'], on: ['TRUE'] }, lastModified: '2026-01-31T12:00:00.000Z' };
  const holds = (filter: string): boolean => {
    const names = ['uid', 'age', 'on'].map((name) => ({ sourcePath: `$.${name}`, targetPath: `$.${name}` }));
    return matchesFilter(translated(filter, { mappings: names }), entity);
  };

  it.each([
    ['uid eq "ANNA"', true],
    ['uid ne "anna"', false],
    ['uid co "nn" and uid sw "a" and uid ew "A"', true],
    ['uid gt "ann" and uid lt "annb"', true],
    ['age lt 10', true],
    ['age ge 9.0 and age le 9', true],
    ['age gt "10"', true],
    ['on eq true', true],
    ['other pr', false],
    ['not (other pr)', true],
    ['meta.lastModified gt "2026-01-31T12:00:00Z"', false],
    ['meta.lastModified ge "2026-01-31T13:00:00+01:00"', true],
    ['meta.lastModified eq "2026-01-31T12:00:00"', true],
    ['meta.lastModified lt "2026-01-31T12:00:00.001Z"', true],
  ])('CONN-LDAP-46: %s: %s', (filter, expected) => expect(holds(filter)).toBe(expected));

  it('CONN-LDAP-46: attributes that differ by case are compared so', () => {
    const filter = translated('userName eq "anna"');
    expect(matchesFilter(filter, entity)).toBe(true);
    expect(matchesFilter(filter, entity, (name) => name === 'uid')).toBe(false);
  });

  it('instants are read as the platform reads them', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        (date) => {
          expect(instantMs(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
    for (const text of ['2026-02-30T00:00:00Z', '2026-01-01', '2026-13-01T00:00:00Z', 'x', '2026-01-01T24:00:00Z'])
      expect(instantMs(text)).toBeUndefined();
    expect(instantMs('2026-01-31T12:00:00-05:30')).toBe(Date.parse('2026-01-31T12:00:00-05:30'));
  });
});
