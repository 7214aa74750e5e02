import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DnSyntaxError, dnKey, escapeDnValue, formatDn, isAtOrBelow, parseDn } from '../../../connectors/ldap/dn/dn.js';
import { nameProblem } from '../../../connectors/ldap/dn/name-component.js';

/** Everything that a DN has trouble with, and everything else. */
const value = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'\0\\*()#, +"<>;=\n\tüß李😀a'), minLength: 1, maxLength: 12 }),
);
const type = fc.constantFrom('cn', 'CN', 'ou', 'uid', '2.5.4.3', 'x-y');
const ava = fc.record({ type, value });
const dn = fc.array(fc.array(ava, { minLength: 1, maxLength: 2 }), { maxLength: 4 });

describe('CONN-LDAP-71, CONN-LDAP-72: distinguished names', () => {
  it('what is written is read back: NUL, backslash, asterisk, brackets, leading # and blank, multi-byte', () => {
    fc.assert(fc.property(dn, (parts) => expect(parseDn(formatDn(parts))).toEqual(parts)));
  });

  it('the key of a DN does not depend on how it is spelled', () => {
    const spell = (text: string): string => text.replaceAll(',', ' , ').replaceAll('=', ' = ');
    fc.assert(
      fc.property(dn, (parts) => {
        const canonical = formatDn(parts);
        expect(dnKey(canonical)).toBe(dnKey(formatDn(parts.map((rdn) => [...rdn].reverse()))));
        if (!/[^\\][,=].*\\/s.test(canonical) && !canonical.includes('\\'))
          expect(dnKey(spell(canonical))).toBe(dnKey(canonical));
      }),
    );
  });

  it.each([
    ['uid=a,ou=b', [[{ type: 'uid', value: 'a' }], [{ type: 'ou', value: 'b' }]]],
    ['cn=Smith\\, John,ou=b', [[{ type: 'cn', value: 'Smith, John' }], [{ type: 'ou', value: 'b' }]]],
    ['CN="Smith, John" ; OU=b', [[{ type: 'CN', value: 'Smith, John' }], [{ type: 'OU', value: 'b' }]]],
    [
      'cn=a+sn=b,dc=c',
      [
        [
          { type: 'cn', value: 'a' },
          { type: 'sn', value: 'b' },
        ],
        [{ type: 'dc', value: 'c' }],
      ],
    ],
    ['cn=\\ x\\ ', [[{ type: 'cn', value: ' x ' }]]],
    ['cn=L\\C3\\BCder', [[{ type: 'cn', value: 'Lüder' }]]],
    ['cn=#04024869', [[{ type: 'cn', value: 'Hi' }]]],
    ['cn=\\#x\\=y\\\\', [[{ type: 'cn', value: '#x=y\\' }]]],
    ['OID.2.5.4.3=x', [[{ type: 'OID.2.5.4.3', value: 'x' }]]],
    ['', []],
  ])('%s is understood', (text, parts) => {
    expect(parseDn(text)).toEqual(parts);
  });

  it.each(['x', 'cn', '=a', 'cn=a,', 'cn=a\\', 'cn="a', 'cn=#0', 'c n=a', 'cn=a,b'])('%s is refused', (text) => {
    expect(() => parseDn(text)).toThrow(DnSyntaxError);
  });

  it('CONN-LDAP-70: the documented mode refuses what it cannot write, rfc4514 takes everything but NUL', () => {
    expect(
      ['Smith, John', 'A+B', 'x;y', ' lead', 'trail ', 'ümläut'].map((name) => nameProblem(name, 'documented')),
    ).toEqual(Array<undefined>(6).fill(undefined));
    for (const name of ['a=b', '#lead', 'a\\b', '<x>', ''])
      expect(nameProblem(name, 'documented')).toEqual(expect.any(String));
    expect(['a=b', '#lead', 'a\\b', '<x>'].map((name) => nameProblem(name, 'rfc4514'))).toEqual(
      Array<undefined>(4).fill(undefined),
    );
    for (const mode of ['documented', 'rfc4514'] as const) expect(nameProblem('a\0b', mode)).toContain('NUL');
  });

  it('special characters are written as hexadecimal pairs, which no parser takes for something else', () => {
    expect(escapeDnValue('Smith, John')).toBe('Smith\\2C John');
    expect(escapeDnValue('#a\\')).toBe('\\23a\\5C');
    expect(escapeDnValue(' a ')).toBe('\\20a\\20');
    expect(escapeDnValue(Buffer.from([0xff, 0x00]))).toBe('\\FF\\00');
  });

  it('an entry lies below its base however both are spelled, and not below a longer name that ends alike', () => {
    const base = parseDn('OU=People, DC=Example,DC=org');
    expect(isAtOrBelow(parseDn('uid=a,ou=x,ou=people,dc=example,dc=org'), base)).toBe(true);
    expect(isAtOrBelow(base, base)).toBe(true);
    expect(isAtOrBelow(parseDn('uid=a,ou=morepeople,dc=example,dc=org'), base)).toBe(false);
    expect(isAtOrBelow(parseDn('dc=org'), base)).toBe(false);
  });
});
