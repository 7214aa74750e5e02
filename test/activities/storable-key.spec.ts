import { describe, expect, it } from '@jest/globals';
import { isStorableKey, legibleKey } from '../../activities/support/storable-key.js';

describe('VAR-3: keys of entities', () => {
  it.each(['P', ' ', 'ümläut 李', '\u{1F600}', '\uFFFD', 'x'.repeat(2_000)])('%j can be stored', (key) => {
    expect(isStorableKey(key)).toBe(true);
    expect(legibleKey(key)).toBe(key);
  });

  it.each([
    ['a\0b', 'a\uFFFDb'],
    ['a\ud800b', 'a\uFFFDb'],
    ['\udc00\ud800', '\uFFFD\uFFFD'],
    ['x'.repeat(2_001), 'x'.repeat(200)],
    ['\u674e'.repeat(667), '\u674e'.repeat(200)],
    [`${'x'.repeat(199)}\u{1F600}${'x'.repeat(2_000)}`, `${'x'.repeat(199)}\uFFFD`],
  ])('%j cannot, and is shown in another form', (key, shown) => {
    expect(isStorableKey(key)).toBe(false);
    expect(legibleKey(key)).toBe(shown);
    expect(isStorableKey(shown)).toBe(true);
  });
});
