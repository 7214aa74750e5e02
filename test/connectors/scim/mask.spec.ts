import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { maskedDetail } from '../../../connectors/scim/mask.js';

describe('CONN-SCIM-90: explanations of servers', () => {
  const sent = {
    userName: 'anna.berg',
    name: { familyName: 'Bo' },
    emails: [{ value: 'a+b@x.org' }],
    pin: 4711,
    id: 'id-0001',
    nick: 'anna-lena',
  };

  it.each([
    ['User ANNA.BERG already exists', 'User *** already exists'],
    ['Value "secret" of \'x y\' is wrong', 'Value "***" of "***" is wrong'],
    ['mail a+b@x.org and other@y.org', 'mail *** and ***'],
    ['id-0001 of anna-lena', '*** of ***'],
    ['Bo is not Bottom', '*** is not Bottom'],
    ['pin 4711, not 47110', 'pin ***, not ***0'],
    ["The user's attribute isn't valid", "The user's attribute isn't valid"],
    ['line\nbreak\u001b[31m', 'line break [31m'],
  ])('%s', (detail, expected) => {
    expect(maskedDetail(detail, [sent])).toBe(expected);
  });

  it('is cut to 300 characters', () => {
    expect(maskedDetail('x '.repeat(1_000), [])).toHaveLength(300);
  });

  it('no value that was sent survives, and no value makes it fail', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), (value) => {
        const clean = value.trim();
        fc.pre(clean !== '' && !/\p{Cc}/u.test(clean) && !clean.startsWith('urn:') && !'***'.includes(clean));
        const masked = maskedDetail(`before ${clean} after`, [{ a: value }]);
        expect(masked).not.toContain(` ${clean} `);
      }),
      { numRuns: 2_000 },
    );
  });

  it('values with characters of regular expressions do no harm', () => {
    expect(maskedDetail('bad (((( value', [{ a: '((((' }])).toBe('bad *** value');
  });
});
