import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import { compileTransformation, explainWrite } from '../../../core/transform/index.js';
import type { WriteOperation } from '../../../core/transform/index.js';
import { compileUser, context, ID, issuesOf, writeContext } from './support.js';

function groups(input: JsonObject, mappings: readonly JsonValue[], operation: WriteOperation = 'create'): unknown {
  const outcome = compileUser('write', { mappings: [ID, ...mappings] }).write(
    input,
    operation,
    writeContext({ targetId: 't1' }),
  );
  return outcome.kind === 'mapped' ? outcome.memberships : outcome.message;
}

const assign = (value: JsonValue, more: JsonObject = {}): JsonObject => ({
  constant: value,
  targetVariable: 'assignGroup',
  ...more,
});
const unassign = (value: JsonValue, more: JsonObject = {}): JsonObject => ({
  constant: value,
  targetVariable: 'unassignGroup',
  ...more,
});

describe('group assignment', () => {
  it('VAR-10, VAR-11, WRT-9: the values of the variables are groups that the user joins and leaves', () => {
    const fromInput = { sourcePath: '$.wanted', targetVariable: 'assignGroup', optional: true };
    expect(groups({ wanted: [{ id: 'g1' }, { id: 7 }, { id: 'g1' }] }, [fromInput, unassign([{ id: 'g2' }])])).toEqual({
      assign: ['g1', '7'],
      unassign: ['g2'],
    });
    expect(groups({}, [fromInput])).toBeUndefined();
    expect(groups({ wanted: [] }, [fromInput])).toBeUndefined();
  });

  it('VAR-10: a path that finds one group gives one', () => {
    const path = { sourcePath: '$.all[?(@.on == true)]', targetVariable: 'assignGroup' };
    expect(groups({ all: [{ id: 'g1', on: true }, { id: 'g2' }] }, [path])).toEqual({ assign: ['g1'], unassign: [] });
  });

  it('VAR-10: a group that is to be joined and left is joined', () => {
    expect(groups({}, [unassign([{ id: 'g1' }, { id: 'g2' }]), assign([{ id: 'g1' }])])).toEqual({
      assign: ['g1'],
      unassign: ['g2'],
    });
  });

  it.each([['g1'], [['g1']], [[{ name: 'g1' }]], [[{ id: '' }]], [[{}]], [{ g: 1 }]])(
    'VAR-12: %j names no group by its id, and the entity fails',
    (value) => {
      expect(groups({ value }, [{ sourcePath: '$.value', targetVariable: 'assignGroup' }])).toContain(
        'The variable assignGroup must be a list of objects such as {"id": "<id of a group in the target>"}',
      );
    },
  );

  it('VAR-13: of several mappings that apply only the last one counts', () => {
    const mappings = [
      assign([{ id: 'all' }]),
      assign([{ id: 'sales' }], { condition: "$.unit == 'sales'" }),
      assign([{ id: 'new' }], { scope: 'createEntity' }),
    ];
    expect(groups({ unit: 'sales' }, mappings)).toEqual({ assign: ['new'], unassign: [] });
    expect(groups({ unit: 'sales' }, mappings, 'update')).toEqual({ assign: ['sales'], unassign: [] });
    expect(groups({ unit: 'hr' }, mappings, 'update')).toEqual({ assign: ['all'], unassign: [] });
  });

  it('CHG-4, VAR-10: other groups are another hash, groups of a create are not', () => {
    const comparable = (mappings: readonly JsonValue[]): unknown => {
      const outcome = compileUser('write', { mappings: [ID, ...mappings] }).write(
        {},
        'update',
        writeContext({ targetId: 't1' }),
      );
      return outcome.kind === 'mapped' ? outcome.comparable : outcome.message;
    };
    expect(comparable([assign([{ id: 'a' }])])).toEqual({
      target: { id: 't1' },
      assignGroup: ['a'],
      unassignGroup: [],
    });
    expect(comparable([assign([{ id: 'a' }], { scope: 'createEntity' })])).toEqual({ id: 't1' });
    expect(comparable([])).toEqual({ id: 't1' });
  });

  it('VAR-16, DEL-6: where an account is let go only what leads to unassignGroup is evaluated', () => {
    const program = compileUser('write', {
      mappings: [
        ID,
        { sourcePath: '$.gone', targetPath: '$.userName', scope: 'deleteEntity' },
        { sourcePath: '$.unit', targetVariable: 'unit', scope: 'deleteEntity' },
        unassign([{ id: '${unit}' }], { scope: 'deleteEntity' }),
        assign([{ id: 'leavers' }], { scope: 'deleteEntity' }),
      ],
    });
    expect(program.unassignments({ unit: 'g1' }, writeContext())).toEqual({ kind: 'mapped', groups: ['g1'] });
    expect(program.unassignments({}, writeContext())).toEqual({
      kind: 'failed',
      message: 'Attribute at path $.unit is mandatory but missing in scope deleteEntity',
    });
    expect(program.write({ unit: 'g1', gone: 'x' }, 'delete', writeContext())).toMatchObject({
      target: { userName: 'x' },
      memberships: { assign: ['leavers'], unassign: ['g1'] },
    });
    expect(compileUser('write', { mappings: [ID] }).unassignments({}, writeContext())).toEqual({
      kind: 'mapped',
      groups: [],
    });
  });

  it('VAR-2: in read transformations, and for other types than users, the names are names like any other', () => {
    const document = { group: { mappings: [ID, assign([{ id: 'g' }])] } };
    expect(issuesOf('write', document)).toEqual([
      expect.objectContaining({
        severity: 'warning',
        code: 'groupVariableWithoutEffect',
        pointer: '/group/mappings/1',
      }),
    ]);
    const read = compileUser('read', {
      mappings: [
        { constant: 'x', targetVariable: 'entityIdSourceSystem' },
        { constant: 'free text', targetVariable: 'assignGroup' },
      ],
    });
    expect(read.assignsGroups).toBe(false);
    expect(read.read({}, context)).toMatchObject({ kind: 'mapped' });
  });

  it('PHL-5: the id of a group does not come from a credential property', () => {
    const document = { user: { mappings: [ID, assign([{ id: '%Password%' }])] } };
    const result = compileTransformation(document, {
      direction: 'write',
      properties: { Password: 'x' },
      secretNames: ['Password'],
    });
    expect(result).toMatchObject({ ok: false, issues: [{ code: 'credentialAsId', pointer: '/user/mappings/1' }] });
  });

  it('VAR-10: the explanation shows the groups', () => {
    const program = compileUser('write', { mappings: [ID, assign([{ id: 'g1' }])] });
    expect(explainWrite(program, {}, 'create', writeContext()).memberships).toEqual({ assign: ['g1'], unassign: [] });
  });
});
