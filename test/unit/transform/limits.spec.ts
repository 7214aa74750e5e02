import { describe, expect, it } from '@jest/globals';
import { compileTransformation } from '../../../core/transform/index.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { compileUser, issuesOf, map, writeContext } from './support.js';

describe('limits of one evaluation', () => {
  it('TRF-9, CND-22: a result that doubles itself again and again fails the entity', () => {
    const twice = { constant: '${v}${v}', targetVariable: 'v' };
    const mappings = [
      { constant: 'xxxxxxxx', targetVariable: 'v' },
      ...Array.from({ length: 40 }, () => twice),
      { sourceVariable: 'v', targetPath: '$.v' },
    ];
    expect(map({}, mappings)).toBe('failed: The result is larger than one entity may be');
  });

  it('CND-22: the same in functions', () => {
    const text = 'a'.repeat(20_000);
    const grow = (fn: JsonObject): JsonValue =>
      map({ text }, [{ sourcePath: '$.text', targetPath: '$.v', functions: [fn] }]);
    const replacement = 'b'.repeat(20_000);
    expect(grow({ function: 'replaceString', target: 'a', replacement })).toContain('failed: The result is larger');
    expect(grow({ function: 'replaceAllString', regex: 'a', replacement })).toContain('failed: The result is larger');
  });

  it('CND-22: filters inside filters end with a message', () => {
    const list = Array.from({ length: 4000 }, (_, index) => ({ v: index }));
    const mapping = {
      constant: 1,
      targetPath: '$.v',
      condition: '$.list[?($.list[?(@.v > 9999)] empty false)] empty false',
    };
    expect(map({ list }, [mapping])).toBe('failed: The evaluation takes more steps than one entity may take');
  });

  it('CND-22: linear where the pattern allows it, even for long texts', () => {
    const text = `${'ab'.repeat(50_000)}c`;
    const condition = '$.text =~ /(a|b|ab)*d|(?:a*b*)*!/';
    const started = performance.now();
    expect(map({ text }, [{ constant: 1, targetPath: '$.v', condition }])).toEqual({});
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('PTH-11: a position that nobody means is refused at run time', () => {
    expect(map({}, [{ constant: 1, targetPath: '$.l[999999999]' }])).toContain('beyond 10000');
  });

  it('TRF-9: input that is nested very deeply fails the entity, not the process', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    expect(
      map({ deep }, [{ sourcePath: '$.deep', targetPath: '$.v', preserveArrayWithSingleElement: true }]),
    ).toContain('nested too deeply');
    expect(map({ deep }, [{ sourcePath: '$..x', targetPath: '$.v', optional: true }])).toContain('nested too deeply');
  });

  it('ERR-3: a document that is nested very deeply is refused', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    const result = compileTransformation(
      { user: { mappings: [{ constant: deep, targetPath: '$.v' }] } },
      { direction: 'write', properties: {} },
    );
    expect(result).toMatchObject({ ok: false, issues: [{ code: 'tooDeep' }] });
  });

  it.each(['__proto__', 'constructor', 'prototype'])('TRF-9: the name %s is written nowhere', (name) => {
    const document = (mapping: JsonObject): JsonValue => ({ user: { mappings: [mapping] } });
    const errors = (mapping: JsonObject): number =>
      issuesOf('write', document(mapping)).filter((issue) => issue.severity === 'error').length;
    expect(errors({ constant: 1, targetPath: `$['${name}'].x` })).toBe(1);
    expect(errors({ constant: 1, targetPath: `$.l[?(@.${name})]` })).toBe(1);
    expect(errors({ constant: 1, targetPath: `$.l[?(@.${name} == 'x')].v` })).toBe(1);
    expect(errors({ type: 'rename', targetPath: '$.a', constant: name })).toBe(1);
    expect(
      errors({
        constant: 'x',
        targetPath: '$.v',
        functions: [{ function: 'copyMapEntry', sourceKey: 'a', targetKey: name }],
      }),
    ).toBe(1);
    expect(
      errors({
        constant: 'x',
        targetPath: '$.v',
        functions: [{ function: 'toString', applyOnAttribute: 'a', assignToAttribute: name }],
      }),
    ).toBe(1);
    const constant = JSON.parse(`{"a":{"${name}":{"polluted":true}}}`) as JsonValue;
    expect(errors({ constant, targetPath: '$.v' })).toBe(1);
    const viaVariable = compileUser('write', {
      mappings: [
        { constant: name, targetVariable: 'n' },
        {
          constant: { a: 1 },
          targetPath: '$.v',
          functions: [{ function: 'renameMapEntry', sourceKey: 'a', targetKey: '${n}' }],
        },
      ],
    });
    expect(viaVariable.write({}, 'create', writeContext())).toMatchObject({ kind: 'failed' });
  });

  it('TRF-9: a member called __proto__ in the input is not copied', () => {
    const input = JSON.parse(
      '{"__proto__":{"polluted":true},"l":[{"__proto__":{"polluted":true},"a":1}]}',
    ) as JsonObject;
    const outcome = compileUser('write', { mappings: [{ sourcePath: '$', targetPath: '$' }] }).write(
      input,
      'create',
      writeContext(),
    );
    expect(outcome).toMatchObject({ kind: 'mapped', target: { l: [{ a: 1 }] } });
    expect(JSON.stringify(outcome)).not.toContain('polluted');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
