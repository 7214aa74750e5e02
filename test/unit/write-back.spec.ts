import { describe, expect, it } from '@jest/globals';
import {
  documentWith,
  valueAt,
  withoutAttribute,
  WRITE_BACK_PROPERTY,
  writeBackProblem,
  writeBackRule,
} from '../../core/write-back.js';

const SAP = 'urn:ietf:params:scim:schemas:extension:sap:2.0:User';

describe('the attribute that is written back', () => {
  it.each([
    ['id', { target: ['id'], source: ['id'] }],
    [' id = nickName ', { target: ['id'], source: ['nickName'] }],
    [`${SAP}:userUuid=name.x`, { target: [SAP, 'userUuid'], source: ['name', 'x'] }],
    ['', undefined],
  ])('ORD-12: "%s" is understood', (text, rule) => {
    expect(writeBackRule({ [WRITE_BACK_PROPERTY]: text })).toEqual(rule);
    expect(writeBackProblem(WRITE_BACK_PROPERTY, text)).toBeUndefined();
  });

  it.each(['a=b=c', '=b', 'a=', 'a b', 'emails[0].value', `${SAP}:`, 'a..b'])('ORD-12: "%s" is refused', (text) => {
    expect(writeBackProblem(WRITE_BACK_PROPERTY, text)).toMatch(/^must be an attribute/);
  });

  it('ORD-12: a value is a text, a number or a boolean; everything else is none', () => {
    const entity = { id: 'x', empty: '', list: ['x'], [SAP]: { userUuid: 7 }, active: false };
    expect(valueAt(entity, ['id'])).toBe('x');
    expect(valueAt(entity, [SAP, 'userUuid'])).toBe(7);
    expect(valueAt(entity, ['active'])).toBe(false);
    for (const names of [['empty'], ['list'], [SAP], ['missing'], ['id', 'deeper']])
      expect(valueAt(entity, names)).toBeNull();
    expect(documentWith([SAP, 'userUuid'], 'u')).toEqual({ [SAP]: { userUuid: 'u' } });
  });

  it('ORD-12: without the attribute an entity is what it was before it was stored', () => {
    const before = { schemas: ['core'], id: 'x' };
    expect(withoutAttribute({ schemas: ['core', SAP], id: 'x', [SAP]: { userUuid: 'u' } }, [SAP, 'userUuid'])).toEqual(
      before,
    );
    const kept = { ...before, [SAP]: { loginTime: 1 } };
    expect(withoutAttribute({ ...kept, [SAP]: { loginTime: 1, userUuid: 'u' } }, [SAP, 'userUuid'])).toEqual(kept);
    expect(withoutAttribute({ ...before, nickName: 'u' }, ['nickName'])).toEqual(before);
  });
});
