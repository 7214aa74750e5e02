import { describe, expect, it } from '@jest/globals';
import { compileTransformation } from '../../../core/transform/index.js';

describe('what is not built is refused', () => {
  it.each(['assignGroup', 'unassignGroup'])(
    'a write transformation with %s (which gives groups to a user) does not compile',
    (name) => {
      const mapping = { constant: [{ id: 'g1' }], targetVariable: name };
      const compiled = compileTransformation({ user: { mappings: [mapping] } }, { direction: 'write', properties: {} });
      expect(compiled).toMatchObject({
        ok: false,
        issues: expect.arrayContaining([
          expect.objectContaining({ severity: 'error', code: 'notBuilt', pointer: '/user/mappings/0/targetVariable' }),
        ]),
      });
    },
  );
});
