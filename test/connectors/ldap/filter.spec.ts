import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BerReader, BerWriter, FilterParser, type Filter } from 'ldapts';
import { allOf, anyOf, atLeast, equals, inChain, present } from '../../../connectors/ldap/filter/build.js';
import { FilterSyntaxError, parseFilter } from '../../../connectors/ldap/filter/parse.js';

/** RFC 4515 §3: how an administrator writes a value. */
function escaped(value: string): string {
  return [...Buffer.from(value)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

function wire(filter: Filter): string {
  const writer = new BerWriter();
  filter.write(writer);
  return writer.buffer.toString('hex');
}

describe('CONN-LDAP-47: filters', () => {
  it('a value goes into the request as it is, whatever it holds: it cannot end the filter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
        const writer = new BerWriter();
        equals('cn', value).write(writer);
        const read = FilterParser.parse(new BerReader(writer.buffer));
        expect(read).toMatchObject({ attribute: 'cn', value });
      }),
    );
  });

  it('an escaped value of a property is the same request as the value itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (value) => {
        expect(wire(parseFilter(`(cn=${escaped(value)})`))).toBe(wire(equals('cn', value)));
      }),
    );
  });

  it.each([
    ['(l=Porto)', equals('l', 'Porto')],
    ['l=Porto', equals('l', 'Porto')],
    ['(objectClass=*)', present('objectClass')],
    ['(&(a=1)(b=2))', allOf(equals('a', '1'), equals('b', '2'))],
    [' ( | (a=1) (b=2) ) ', anyOf([equals('a', '1'), equals('b', '2')])],
    ['(uSNChanged>=12)', atLeast('uSNChanged', '12')],
    ['(cn=\\2a\\28x\\29\\5c)', equals('cn', '*(x)\\')],
    ['(cn=L\\c3\\bcder)', equals('cn', 'Lüder')],
    ['(cn=Lüder)', equals('cn', 'Lüder')],
    ['(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=b)', inChain('memberOf', 'cn=a,dc=b')],
    ['(1.2.3=x)', equals('1.2.3', 'x')],
    ['(cn;lang-de=x)', equals('cn;lang-de', 'x')],
    ['(objectGUID=\\ff\\00)', equals('objectGUID', Buffer.from([0xff, 0]))],
  ])('%s', (text, filter) => {
    expect(wire(parseFilter(text))).toBe(wire(filter));
  });

  it('substrings keep their parts in order, escaped asterisks are characters', () => {
    expect(parseFilter('(cn=a*b\\2ac*d)')).toMatchObject({ initial: 'a', any: ['b*c'], final: 'd' });
    expect(parseFilter('(cn=*x*)')).toMatchObject({ initial: '', any: ['x'], final: '' });
  });

  it.each([
    '',
    '(',
    '(a',
    '(a=1',
    '(a=1))',
    '(&)',
    '(&a=1)',
    '(a=\\2)',
    '(=x)',
    '(a b=1)',
    '(:=x)',
    '(cn=\\ff*)',
    `${'(!'.repeat(80)}(a=1)${')'.repeat(80)}`,
  ])('CONN-LDAP-02: %s is refused with the place', (text) => {
    expect(() => parseFilter(text)).toThrow(FilterSyntaxError);
    expect(() => parseFilter(text)).toThrow(/position|levels/);
  });
});
