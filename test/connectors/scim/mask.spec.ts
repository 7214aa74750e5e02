import { describe, expect, it } from '@jest/globals';
import { maskedDetail } from '../../../connectors/scim/mask.js';

describe('CONN-SCIM-90: explanations of servers', () => {
  const sent = { userName: 'anna.berg', name: { familyName: 'Bo' }, emails: [{ value: 'a+b@x.org' }], pin: 4711 };

  it.each([
    ['User ANNA.BERG already exists', 'User *** already exists'],
    ['Value "secret" of \'x y\' is wrong', 'Value "***" of "***" is wrong'],
    ['mail a+b@x.org and other@y.org', 'mail *** and ***'],
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

  it('values with characters of regular expressions do no harm', () => {
    expect(maskedDetail('bad (((( value', [{ a: '((((' }])).toBe('bad *** value');
  });
});
