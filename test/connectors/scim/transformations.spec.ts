import { describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { compileTransformation, type TypeProgram, type WriteContext } from '../../../core/transform/index.js';
import { SCIM_READ_TRANSFORMATION } from '../../../connectors/scim/transformations/read.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { uaaFactory, xsuaaFactory } from '../../../connectors/scim/uaa/uaa.factory.js';
import { uaaReadTransformation, uaaWriteTransformation } from '../../../connectors/scim/uaa/transformations.js';
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

function program(
  direction: 'read' | 'write',
  type: 'user' | 'group',
  document: JsonObject,
  properties: Readonly<Record<string, string>> = {},
): TypeProgram {
  const origins = { 'uaa.origin': 'idp', 'xsuaa.origin': 'idp' };
  const compiled = compileTransformation(document, { direction, properties: { ...origins, ...properties } });
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

const FACTORIES = [scimSystemFactory, uaaFactory, xsuaaFactory];
const SAP_GROUP = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';
const CUSTOM_GROUP = 'urn:sap:cloud:scim:schemas:extension:custom:2.0:Group';

describe.each([
  ['scim', SCIM_READ_TRANSFORMATION, SCIM_WRITE_TRANSFORMATION],
  ['uaa', uaaReadTransformation('uaa'), uaaWriteTransformation('uaa', '%uaa.origin%')],
  ['xsuaa', uaaReadTransformation('xsuaa'), uaaWriteTransformation('xsuaa', '%xsuaa.origin%[]')],
])('prefixes of groups (%s)', (prefix, readDocument, writeDocument) => {
  const name = `${prefix}.group.prefix`;

  function readGroup(group: JsonObject, properties: Record<string, string>): JsonObject {
    const outcome = program('read', 'group', withGroups(readDocument), properties).read({ id: '1', ...group }, context);
    if (outcome.kind !== 'mapped') throw new Error('not mapped');
    return outcome.common;
  }

  it('CONN-SCIM-110, PRP-97: a source puts the prefix before the names of groups, and keeps the name without it', () => {
    const group = { displayName: 'Payroll', members: [], [CUSTOM_GROUP]: { name: 'pay' } };
    expect(readGroup(group, { [name]: 'HR_' })).toEqual({
      displayName: 'HR_Payroll',
      members: [],
      [CUSTOM_GROUP]: { name: 'HR_pay' },
      [SAP_GROUP]: { externalName: 'Payroll' },
    });
  });

  it('CONN-SCIM-110, PRP-50: the application of the source is that of its groups; what a group says itself is passed through', () => {
    const own = { type: 'authorization', supportedOperations: 'membership', externalName: 'mine' };
    const group = { schemas: ['urn:g'], displayName: 'Payroll', [SAP_GROUP]: own };
    expect(readGroup(group, { 'ips.application.id': 'app' })).toEqual({
      schemas: [SAP_GROUP, 'urn:g'],
      displayName: 'Payroll',
      [SAP_GROUP]: { ...own, applicationId: 'app' },
    });
  });

  it('PRP-95, PRP-98: the property is offered to sources and targets, under the prefix of the type', () => {
    const factory = FACTORIES.find(({ descriptor }) => descriptor.prefix === prefix);
    expect(factory?.descriptor.properties.find((one) => one.name === name)?.roles).toEqual(['source', 'target']);
    expect(factory?.descriptor.defaultTransformations).toEqual({ read: readDocument, write: writeDocument });
  });

  it('PRP-97: without property nothing is put anywhere', () => {
    const group = { schemas: ['urn:g'], displayName: 'Payroll', members: [] };
    expect(readGroup(group, {})).toEqual(group);
    const groups = [{ value: '1', display: 'Payroll' }];
    const user = program('read', 'user', readDocument).read({ id: '7', userName: 'a', groups }, context);
    expect(user.kind === 'mapped' && user.common['groups']).toEqual(groups);
  });

  it('PRP-97: the names of groups in users carry the prefix too; a group without name stays', () => {
    const groups = [{ value: '1', display: 'A' }, { value: '2' }, { value: '3', display: 'B' }];
    const user = program('read', 'user', readDocument, { [name]: 'HR_' }).read({ id: '7', groups }, context);
    expect(user.kind === 'mapped' && user.common['groups']).toEqual([
      { value: '1', display: 'HR_A' },
      { value: '2' },
      { value: '3', display: 'HR_B' },
    ]);
  });

  function isWritten(type: 'user' | 'group', common: JsonObject, properties: Record<string, string>): boolean {
    return program('write', type, withGroups(writeDocument), properties).accepts(common, context).kind === 'accepted';
  }

  it('CONN-SCIM-111: a target takes groups that carry the prefix', () => {
    expect(isWritten('group', { displayName: 'HR_A' }, { [name]: 'HR_' })).toBe(true);
    expect(isWritten('group', { displayName: 'A' }, { [name]: 'HR_' })).toBe(false);
    expect(isWritten('group', { displayName: 'A' }, {})).toBe(true);
  });

  it.each([
    ['regular', {}, {}, true],
    [
      'of the application',
      { applicationId: 'a', supportedOperations: 'readWrite' },
      { 'ips.application.id': 'a' },
      true,
    ],
    ['of another one', { applicationId: 'b', supportedOperations: 'readWrite' }, { 'ips.application.id': 'a' }, false],
    ['of an application, and none is configured', { applicationId: 'b', supportedOperations: 'membership' }, {}, false],
  ])('CONN-SCIM-111, PRP-50: a target takes a group that is %s', (_, extension, properties, taken) => {
    expect(isWritten('group', { displayName: 'A', [SAP_GROUP]: extension }, properties)).toBe(taken);
  });

  it('CONN-CORE-84, CONN-SCIM-111: a target writes the names without the prefix, which is text and no pattern', () => {
    const write = (displayName: string, value: string): unknown => {
      const common = { displayName, members: [], [CUSTOM_GROUP]: { name: displayName } };
      const outcome = program('write', 'group', withGroups(writeDocument), { [name]: value }).write(common, 'create', {
        ...context,
      });
      return outcome.kind === 'mapped' && outcome.target['displayName'];
    };
    expect(write('HR_HR_A', 'HR_')).toBe('HR_A');
    expect(write('(a.b)*A', '(a.b)*')).toBe('A');
  });

  it('CONN-SCIM-112: a target with a prefix takes users who are in a group that carries it', () => {
    const user = (...names: string[]): JsonObject => ({ userName: 'a', groups: names.map((display) => ({ display })) });
    const properties = { [name]: 'HR_' };
    expect(isWritten('user', user('X', 'HR_A'), properties)).toBe(true);
    expect(isWritten('user', user('X', 'A_HR_'), properties)).toBe(false);
    expect(isWritten('user', { userName: 'a' }, properties)).toBe(false);
    expect(isWritten('user', { userName: 'a' }, {})).toBe(true);
  });
});

describe('placeholders that are considered', () => {
  const warnings = (mapping: JsonObject, condition?: string): readonly string[] => {
    const document = { user: { ...(condition && { condition }), mappings: [mapping] } };
    const compiled = compileTransformation(document, { direction: 'write', properties: {} });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
    return compiled.warnings.map(({ code }) => code).filter((code) => code.startsWith('placeholder'));
  };

  it('CONN-CORE-83: a property that is not set is warned about, unless its text is compared with null', () => {
    const mapping = { constant: '%x.y%', targetPath: '$.a' };
    expect(warnings(mapping)).toEqual(['placeholderUnset']);
    expect(warnings({ ...mapping, condition: "'%x.y%' != 'null'" })).toEqual([]);
    expect(warnings({ ...mapping, condition: "'null' == '%x.y%'" })).toEqual([]);
    expect(warnings({ ...mapping, condition: "'%other%' != 'null'" })).toEqual(['placeholderUnset']);
    expect(warnings({ ...mapping, condition: "$.b == '%x.y%'" })).toEqual(['placeholderUnset', 'placeholderUnset']);
    expect(warnings({ constant: 1, targetPath: '$.a' }, "'%x.y%' == 'null' || $.b == 1")).toEqual([]);
  });
});
