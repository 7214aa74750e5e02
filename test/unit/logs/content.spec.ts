import { describe, expect, it } from '@jest/globals';
import { contentText, contentValue, masked, readStoredContent, storedContent } from '../../../core/logs/content.js';
import type { JsonObject } from '../../../core/json.js';

const stored = (document: JsonObject | null, limit = 150_000) => readStoredContent(storedContent(document, limit));

describe('contents of traced entities', () => {
  it('TRC-7: what is named like a password or secret is masked at any depth, whatever it holds', () => {
    const document = {
      userName: 'ann',
      password: 'p',
      unicodePwd: ['a', 'b'],
      nested: { list: [{ clientSecret: { deep: 'x' }, kept: 1 }] },
      'urn:x:User': { initialPassword: 7 },
    };
    expect(masked(document)).toEqual({
      userName: 'ann',
      password: '••••••••',
      unicodePwd: '••••••••',
      nested: { list: [{ clientSecret: '••••••••', kept: 1 }] },
      'urn:x:User': { initialPassword: '••••••••' },
    });
  });

  it('TRC-7: attributes that come from credentials or randomPassword are masked by the name of the attribute, odd names too', () => {
    const attributes = new Set(['code', 'a/b~c']);
    expect(masked({ code: { value: '4711' }, 'a/b~c': 'x', other: '4711' }, { attributes })).toEqual({
      code: '••••••••',
      'a/b~c': '••••••••',
      other: '4711',
    });
  });

  it('TRC-7: a secret of the common JSON that goes out under another name is masked, also inside of a longer text', () => {
    const madeOf = { password: 'geheim', pwd: ['abc', ''], title: 'Lead' };
    expect(masked({ code: 'x-geheim-y', list: ['abc', 'xabcx'], title: 'Lead', empty: '' }, { madeOf })).toEqual({
      code: '••••••••',
      list: ['••••••••', 'xabcx'],
      title: 'Lead',
      empty: '',
    });
  });

  it('TRC-7: a secret that is told by its neighbour, by another word, or that is a number, is one as well', () => {
    expect(
      masked({
        Operations: [{ op: 'replace', path: 'password', value: 'x' }],
        custom: [
          { name: 'initialPassword', value: 'y' },
          { name: 'room', value: '4' },
        ],
        passphrase: 'z',
        passcode: 'z',
      }),
    ).toEqual({
      Operations: [{ op: 'replace', path: 'password', value: '••••••••' }],
      custom: [
        { name: 'initialPassword', value: '••••••••' },
        { name: 'room', value: '4' },
      ],
      passphrase: '••••••••',
      passcode: '••••••••',
    });
    expect(masked({ code: 4711, text: 'no 4711', other: 47110 }, { madeOf: { initialPassword: 4711 } })).toEqual({
      code: '••••••••',
      text: '••••••••',
      other: 47110,
    });
  });

  it('LIM-4, TRC-5: 150,000 characters of a content are kept, and a mark gives the original length; unlimited ones are whole', () => {
    const atLimit = { a: 'x'.repeat(150_000 - 8) };
    expect(stored(atLimit)).toEqual({ document: atLimit });
    const over = { a: 'x'.repeat(150_000 - 7) };
    const text = contentText(stored(over));
    expect(text).toBe(`${JSON.stringify(over).slice(0, 150_000)}… [cut: 150001 characters in all]`);
    expect(contentValue(stored(over))).toBe(text);
    expect(stored(over, Infinity)).toEqual({ document: over });
  });

  it('LIM-4: no half of a character is left where a content is cut', () => {
    expect(contentText(stored({ a: '😀😀' }, 7))).toBe('{"a":"… [cut: 12 characters in all]');
    expect(contentText(stored({ a: '😀😀' }, 8))).toBe('{"a":"😀… [cut: 12 characters in all]');
  });

  it('DWN-4: a content is one line, without characters that would look like the next field', () => {
    const text = contentText(stored({ a: 'x\ny\u2028z\u0085' }));
    expect(text).toBe('{"a":"x\\ny\\u2028z\\u0085"}');
    expect(JSON.parse(text)).toEqual({ a: 'x\ny\u2028z\u0085' });
    expect(contentText(stored(null))).toBe('null');
  });

  it('refuses what is no stored content', () => {
    expect(() => readStoredContent({ document: 'text' })).toThrow('a stored content is none');
  });
});
