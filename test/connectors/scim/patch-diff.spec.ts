import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../core/json.js';
import { patchAll, patchDiff } from '../../../connectors/scim/patch-diff.js';
import { applyPatch, withoutEmpty } from '../support/apply-patch.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('patchDiff (CONN-SCIM-61)', () => {
  const before: JsonObject = {
    id: '1',
    schemas: ['a'],
    meta: { version: '1' },
    userName: 'anna',
    title: 'Dr',
    name: { givenName: 'Anna', familyName: 'Berg', middleName: 'M' },
    emails: [{ value: 'a@x.org', type: 'work', primary: true }],
    [ENTERPRISE]: { department: 'A', costCenter: '7', manager: { value: '5', displayName: 'Boss' } },
  };

  it('CONN-SCIM-63: equal entities need no operation; null, [] and absent are equal, order does not count', () => {
    expect(patchDiff(before, structuredClone(before))).toEqual([]);
    expect(patchDiff({ a: [], b: null, c: {} }, {})).toEqual([]);
    expect(patchDiff({ e: [{ v: 1 }, { v: 2 }] }, { e: [{ v: 2 }, { v: 1 }] })).toEqual([]);
    expect(patchDiff({ id: '1', meta: { version: '1' }, schemas: ['a'] }, { id: '2', schemas: ['b'] })).toEqual([]);
  });

  it('CONN-SCIM-61: changed values are replaced, vanished removed, one operation for each (sub-)attribute', () => {
    const after = {
      ...before,
      title: null,
      active: false,
      name: { givenName: 'Anne', familyName: 'Berg' },
      [ENTERPRISE]: { department: 'B', costCenter: '7', manager: { value: '6' } },
    };
    expect(patchDiff(before, after)).toEqual([
      { op: 'remove', path: 'title' },
      { op: 'replace', path: 'name.givenName', value: 'Anne' },
      { op: 'remove', path: 'name.middleName' },
      { op: 'replace', path: `${ENTERPRISE}:department`, value: 'B' },
      { op: 'replace', path: `${ENTERPRISE}:manager.value`, value: '6' },
      { op: 'remove', path: `${ENTERPRISE}:manager.displayName` },
      { op: 'replace', path: 'active', value: false },
    ]);
  });

  it('CONN-SCIM-61: new elements of a list are added alone, any other change replaces the list', () => {
    const more = [...(before['emails'] as JsonObject[]), { value: 'b@x.org', type: 'home' }];
    expect(patchDiff(before, { ...before, emails: more })).toEqual([
      { op: 'add', path: 'emails', value: [{ value: 'b@x.org', type: 'home' }] },
    ]);
    const changed = [{ value: 'c@x.org', type: 'work', primary: true }];
    expect(patchDiff(before, { ...before, emails: changed })).toEqual([
      { op: 'replace', path: 'emails', value: changed },
    ]);
    expect(patchDiff(before, { ...before, emails: [] })).toEqual([{ op: 'remove', path: 'emails' }]);
  });

  it('a name that no path can hold is set without path', () => {
    expect(patchDiff({}, { 'odd name': 1, [ENTERPRISE]: { 'x y': 2 } })).toEqual([
      { op: 'replace', value: { 'odd name': 1 } },
      { op: 'replace', value: { [ENTERPRISE]: { 'x y': 2 } } },
    ]);
  });

  it('hostile attribute names change no prototype', () => {
    const hostile: unknown = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}',
    );
    const operations = patchDiff({}, hostile as JsonObject);
    expect(operations.some(({ path }) => path === 'toString')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(patchDiff({ toString: 'x' }, {})).toEqual([{ op: 'remove', path: 'toString' }]);
  });

  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const name = fc.constantFrom('value', 'type', 'display', 'primary', 'givenName');
  const complex = fc.dictionary(name, scalar, { maxKeys: 4 });
  const list = fc.array(
    fc.oneof(
      scalar.filter((value) => value !== null),
      complex,
    ),
    { maxLength: 4 },
  );
  const attribute = fc.oneof(scalar, complex, list);
  const extension = fc.dictionary(fc.constantFrom('department', 'costCenter', 'manager'), attribute, { maxKeys: 3 });
  const resource = fc.tuple(
    fc.dictionary(fc.constantFrom('userName', 'title', 'name', 'emails', 'active'), attribute),
    fc.option(extension, { nil: undefined }),
  );
  const entity = resource.map(([core, own]): JsonObject => (own === undefined ? core : { ...core, [ENTERPRISE]: own }));

  it('CONN-SCIM-61: applying the difference to one entity gives the other', () => {
    fc.assert(
      fc.property(entity, entity, (a, b) => {
        expect(withoutEmpty(applyPatch(a, patchDiff(a, b)))).toEqual(withoutEmpty(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('CONN-CORE-54: applying the difference twice gives the same as once, except that additions are repeated', () => {
    fc.assert(
      fc.property(entity, entity, (a, b) => {
        const operations = patchDiff(a, b).filter(({ op }) => op !== 'add');
        const once = applyPatch(a, operations);
        expect(withoutEmpty(applyPatch(once, operations))).toEqual(withoutEmpty(once));
      }),
    );
  });

  it('WRT-2: without a known state every attribute is replaced or removed', () => {
    expect(patchAll(before, ['emails'])).toEqual([
      { op: 'replace', path: 'userName', value: 'anna' },
      { op: 'replace', path: 'title', value: 'Dr' },
      { op: 'replace', path: 'name', value: before['name'] },
      { op: 'replace', path: `${ENTERPRISE}:department`, value: 'A' },
      { op: 'replace', path: `${ENTERPRISE}:costCenter`, value: '7' },
      { op: 'replace', path: `${ENTERPRISE}:manager`, value: { value: '5', displayName: 'Boss' } },
    ]);
    expect(patchAll({ title: null, roles: [] })).toEqual([
      { op: 'remove', path: 'title' },
      { op: 'remove', path: 'roles' },
    ]);
  });
});
