import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../../core/json.js';
import { changedIds, compileTransformation } from '../../../core/transform/index.js';
import type { TransformationProgram } from '../../../core/transform/index.js';

function compiled(direction: 'read' | 'write', mappings: readonly JsonValue[]): TransformationProgram {
  const result = compileTransformation({ user: { mappings: [...mappings] } }, { direction, properties: {} });
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.program;
}

const id = (sourcePath: string) => ({ sourcePath, targetVariable: 'entityIdSourceSystem' });
const name = { sourcePath: '$.n', targetPath: '$.userName' };

describe('ids that come from elsewhere', () => {
  it('VAR-5: another origin is a warning, also by way of another variable; other mappings are not', () => {
    const before = compiled('read', [id('$.id'), name]);
    expect(changedIds(before, compiled('read', [name, { ...name, targetPath: '$.x' }, id('$.id')]))).toEqual([]);
    expect(changedIds(before, compiled('read', [name, id('$.uid')]))).toMatchObject([
      { severity: 'warning', code: 'idChanged', pointer: '/user/mappings/1' },
    ]);
    const byVariable = (path: string) => [
      { sourcePath: path, targetVariable: 'key' },
      { sourceVariable: 'key', targetVariable: 'entityIdSourceSystem' },
    ];
    expect(changedIds(compiled('read', byVariable('$.a')), compiled('read', byVariable('$.b')))).toHaveLength(1);
  });

  it('VAR-5: the id of the target counts as well, and a mapping that is gone', () => {
    const own = { sourcePath: '$.key', targetVariable: 'entityIdTargetSystem' };
    expect(changedIds(compiled('write', [own]), compiled('write', [name]))).toMatchObject([
      { code: 'idChanged', pointer: '/user', text: 'entityIdTargetSystem' },
    ]);
    expect(changedIds(compiled('write', [own]), compiled('write', [own, name]))).toEqual([]);
  });
});
