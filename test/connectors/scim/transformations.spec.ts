import { describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { compileTransformation, type TypeProgram, type WriteContext } from '../../../core/transform/index.js';
import { SCIM_READ_TRANSFORMATION } from '../../../connectors/scim/transformations/read.js';
import { SCIM_WRITE_TRANSFORMATION } from '../../../connectors/scim/transformations/write.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const context: WriteContext = {
  now: new Date('2026-01-01T00:00:00Z'),
  randomInt: () => 0,
  targetId: undefined,
  // t-<id> is the target's name for everybody but the stranger.
  resolve: ({ sourceIds, type }) => sourceIds.map((id) => (id === 'stranger' ? [] : [`${type}-${id}`])),
};

function program(direction: 'read' | 'write', type: 'user' | 'group', document: JsonObject): TypeProgram {
  const compiled = compileTransformation(document, { direction, properties: {} });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  expect(compiled.warnings).toEqual([]);
  const found = compiled.program.types.get(type);
  if (found === undefined) throw new Error(`${type} is ignored`);
  return found;
}

/** As an administrator switches groups on: `"ignore": false`. */
function withGroups(document: JsonObject): JsonObject {
  const { group } = document;
  return { ...document, group: isJsonObject(group) ? { ...group, ignore: false } : {} };
}

function written(type: 'user' | 'group', common: JsonObject, targetId?: string): JsonObject {
  const outcome = program('write', type, withGroups(SCIM_WRITE_TRANSFORMATION)).write(
    common,
    targetId === undefined ? 'create' : 'update',
    { ...context, targetId },
  );
  if (outcome.kind !== 'mapped') throw new Error(outcome.message);
  return outcome.target;
}

describe('default transformations of SCIM (scim.md §14.1)', () => {
  it('CONN-CORE-81: groups are ignored until the administrator says otherwise', () => {
    for (const [direction, document] of [
      ['read', SCIM_READ_TRANSFORMATION],
      ['write', SCIM_WRITE_TRANSFORMATION],
    ] as const) {
      const compiled = compileTransformation(document, { direction, properties: {} });
      expect(compiled.ok && [...compiled.program.types.keys()]).toEqual(['user']);
    }
  });

  it('read user: the whole resource without id and meta; userName and primary e-mail correlate', () => {
    const input = {
      id: '7',
      meta: { version: '1' },
      userName: 'anna',
      emails: [{ value: 'b@x.org' }, { value: 'a@x.org', primary: true }],
    };
    const outcome = program('read', 'user', SCIM_READ_TRANSFORMATION).read(input, context);
    if (outcome.kind !== 'mapped') throw new Error('not mapped');
    expect(outcome.sourceId).toBe('7');
    expect(outcome.common).toEqual({ userName: 'anna', emails: input.emails });
    expect([...outcome.correlation].sort()).toEqual(['a@x.org', 'anna']);
  });

  it('read user: neither e-mail nor userName is needed', () => {
    expect(program('read', 'user', SCIM_READ_TRANSFORMATION).read({ id: '7' }, context).kind).toBe('mapped');
  });

  it('write user: target id, first e-mail primary, no enterprise extension, no groups of the source', () => {
    const common = {
      schemas: [CORE, ENTERPRISE],
      userName: 'anna',
      emails: [{ value: 'a@x.org' }, { value: 'b@x.org' }],
      groups: [{ value: 'g' }],
      [ENTERPRISE]: { department: 'A' },
    };
    expect(written('user', common, 't1')).toEqual({
      id: 't1',
      schemas: [CORE],
      userName: 'anna',
      emails: [{ value: 'a@x.org', primary: true }, { value: 'b@x.org' }],
    });
  });

  it('write user: an e-mail that is primary already stays the only one; no e-mail stays none', () => {
    const emails = [{ value: 'a@x.org' }, { value: 'b@x.org', primary: true }];
    expect(written('user', { userName: 'x', emails })['emails']).toEqual(emails);
    expect(written('user', { userName: 'x' })).toEqual({ userName: 'x' });
  });

  it('write group: members are those of the target, users and groups; unresolved ones are left out', () => {
    const members = [
      { value: '1' },
      { value: '2', type: 'User' },
      { value: 'stranger' },
      { value: '3', type: 'Group' },
    ];
    expect(written('group', { displayName: 'G', members })).toEqual({
      displayName: 'G',
      members: [{ value: 'user-1' }, { value: 'user-2' }, { value: 'group-3' }],
    });
  });

  it.each([
    [{ displayName: 'G' }],
    [{ displayName: 'G', members: [] }],
    [{ displayName: 'G', members: [{ value: 'stranger' }] }],
  ])('write group: %j has an empty list, so that the last member can go', (common) =>
    expect(written('group', common)).toEqual({ displayName: 'G', members: [] }),
  );

  it('WRT-7: the write program of groups depends on links, that of users does not', () => {
    const document = withGroups(SCIM_WRITE_TRANSFORMATION);
    expect(program('write', 'group', document).linkDependent).toBe(true);
    expect(program('write', 'user', document).linkDependent).toBe(false);
  });
});
