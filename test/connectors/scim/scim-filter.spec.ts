import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { allOf, checkFilter, equalsFilter, modifiedAfterFilter } from '../../../connectors/scim/scim-filter.js';

describe('filters', () => {
  it('CONN-SCIM-26: parts are joined with and; only those with or/not get parentheses', () => {
    expect(allOf(['a eq 1', 'b pr'])).toBe('a eq 1 and b pr');
    expect(allOf(['a eq 1 or b pr', 'c pr'])).toBe('(a eq 1 or b pr) and c pr');
    expect(allOf(['not (a pr)', 'c pr'])).toBe('(not (a pr)) and c pr');
    expect(allOf(['a eq "x or not y"', 'c pr'])).toBe('a eq "x or not y" and c pr');
    expect(allOf(['a eq 1 or b pr', undefined])).toBe('a eq 1 or b pr');
    expect(allOf([undefined, ' '])).toBeUndefined();
  });

  it('CONN-SCIM-35: the instant has whole seconds, in UTC', () => {
    expect(modifiedAfterFilter(new Date('2026-01-02T03:04:05.999Z'))).toBe(
      'meta.lastModified gt "2026-01-02T03:04:05Z"',
    );
  });

  it('CONN-SCIM-29, CONN-TCK-24: any value is one JSON text in a filter that parses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const filter = equalsFilter('userName', value);
        expect(checkFilter(filter)).toBeUndefined();
        expect(JSON.parse(filter.slice('userName eq '.length))).toBe(value);
        expect(checkFilter(allOf([filter, 'a eq 1 or b pr']) ?? '')).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    'active eq true',
    'userName sw "a" and (emails.value co "@x" or not (title pr))',
    'emails[type eq "work" and value co "@x"]',
    'emails[type eq "work"].value eq "a"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "A"',
    'meta.lastModified gt "2026-01-01T00:00:00Z"',
    'NOT (a EQ 1) OR b PR AND c Ne null',
    'a eq -1.5',
  ])('CONN-SCIM-28: %s is a filter', (filter) => expect(checkFilter(filter)).toBeUndefined());

  it.each([
    ['', 'expected an attribute at the end'],
    ['active', 'expected one of'],
    ['active is true', 'expected one of eq'],
    ['active eq', 'expected a value'],
    ['active eq yes', 'expected a value'],
    ["active eq 'yes'", 'expected a value'],
    ['active eq "yes', 'not closed'],
    ['a eq "\\q"', 'not valid JSON'],
    ['(a pr', 'expected ")" at the end'],
    ['a pr)', 'expected "and", "or" or the end at position 5'],
    ['a pr b pr', 'position 6'],
    ['not a pr', 'expected "("'],
    ['and eq 1', 'expected an attribute'],
    ['emails[type eq "x"', 'expected "]"'],
    ['('.repeat(30) + 'a pr' + ')'.repeat(30), 'nested'],
  ])('CONN-SCIM-28: %s is refused: %s', (filter, message) => {
    const problem = checkFilter(filter);
    expect(problem?.severity).toBe('error');
    expect(problem?.message).toContain(message);
  });

  it('CONN-SCIM-28: the documented shorthand is only warned about', () => {
    expect(checkFilter('displayName eq "A" or "B"')).toMatchObject({ severity: 'warning' });
    expect(checkFilter('"B"')).toMatchObject({ severity: 'error' });
  });

  it('CONN-SCIM-28: never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '"', '\\', '(', ')', '[', ']', ' ', 'eq', 'or', 'not', '.', '1') }),
        (text) => {
          const problem = checkFilter(text);
          expect(['error', 'warning', undefined]).toContain(problem?.severity);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
