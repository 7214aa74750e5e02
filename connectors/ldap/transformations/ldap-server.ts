import type { JsonObject } from '../../../core/json.js';

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER_ID = '$.%ldap.attribute.user.id%[0]';
const GROUP_ID = '$.%ldap.attribute.group.id%[0]';
const MEMBERS = '$.%ldap.attribute.group.member%';

/** Default read transformation of an LDAP source (specification §7). Groups are not read until the administrator says so. */
export const LDAP_READ_TRANSFORMATION: JsonObject = {
  user: {
    mappings: [
      { sourcePath: USER_ID, targetVariable: 'entityIdSourceSystem' },
      { sourcePath: USER_ID, targetPath: '$.userName', correlationAttribute: true },
      {
        sourcePath: '$.%ldap.attribute.user.mail%[0]',
        targetPath: '$.emails[0].value',
        optional: true,
        correlationAttribute: true,
      },
      { sourcePath: '$.%ldap.attribute.user.givenName%[0]', targetPath: '$.name.givenName', optional: true },
      { sourcePath: '$.%ldap.attribute.user.surname%[0]', targetPath: '$.name.familyName', optional: true },
      {
        sourcePath: '$.%ldap.attribute.user.groups%[*]',
        targetPath: '$.groups[?(@.value)]',
        preserveArrayWithSingleElement: true,
        optional: true,
      },
      {
        sourcePath: '$.%ldap.attribute.user.mobile%[0]',
        targetPath: "$.phoneNumbers[?(@.type == 'mobile')].value",
        optional: true,
      },
      {
        sourcePath: '$.%ldap.attribute.user.telephoneNumber%[0]',
        targetPath: "$.phoneNumbers[?(@.type == 'work')].value",
        optional: true,
      },
      { constant: [USER_SCHEMA], targetPath: '$.schemas' },
    ],
  },
  group: {
    ignore: true,
    mappings: [
      { sourcePath: GROUP_ID, targetVariable: 'entityIdSourceSystem' },
      { sourcePath: GROUP_ID, targetPath: '$.displayName' },
      ...membersOf(MEMBERS),
      { constant: [GROUP_SCHEMA], targetPath: '$.schemas' },
    ],
  },
};

/** Default write transformation of an LDAP target (specification §7). Groups are not written until the administrator says so. */
export const LDAP_WRITE_TRANSFORMATION: JsonObject = {
  user: {
    mappings: [
      { sourcePath: '$.userName', targetPath: '$.%ldap.attribute.user.id%', scope: 'createEntity' },
      { sourcePath: '$.userName', targetPath: '$.%ldap.attribute.user.object.class.required%' },
      // An attribute that has gone from the source goes from the directory.
      { ...list('$.emails[*].value'), targetPath: '$.%ldap.attribute.user.mail%' },
      { sourcePath: '$.name.givenName', targetPath: '$.%ldap.attribute.user.givenName%', defaultValue: [] },
      { sourcePath: '$.name.familyName', targetPath: '$.%ldap.attribute.user.surname%' },
      { ...list('$.phoneNumbers[*].value'), targetPath: '$.%ldap.attribute.user.mobile%' },
    ],
  },
  group: {
    ignore: true,
    mappings: [
      { sourcePath: '$.displayName', targetPath: '$.%ldap.attribute.group.id%', scope: 'createEntity' },
      { sourcePath: '$.displayName', targetPath: '$.%ldap.attribute.group.object.class.required%' },
      ...resolvedMembers(MEMBERS),
    ],
  },
};

/** Members of a native group in both connector versions: plain identifiers, or objects with value and type. */
export function membersOf(path: string): JsonObject[] {
  return [
    {
      sourcePath: `${path}[*]`,
      targetPath: '$.members[?(@.value)]',
      preserveArrayWithSingleElement: true,
      defaultValue: [],
      condition: "'%ldap.api.version%' != '2'",
    },
    {
      sourcePath: `${path}[*]`,
      targetPath: '$.members',
      preserveArrayWithSingleElement: true,
      defaultValue: [],
      condition: "'%ldap.api.version%' == '2'",
    },
  ];
}

/** Members as identifiers of the target, with their type, so that each is looked for where it lies. */
export function resolvedMembers(path: string): JsonObject[] {
  return [
    { constant: [], targetPath: path },
    {
      sourcePath: "$.members[?(@.type != 'Group')].value",
      preserveArrayWithSingleElement: true,
      optional: true,
      targetPath: `${path}[?(@.value)]`,
      functions: [{ type: 'resolveEntityIds' }],
    },
    { constant: 'User', targetPath: `${path}[*].type` },
    {
      sourcePath: "$.members[?(@.type == 'Group')].value",
      preserveArrayWithSingleElement: true,
      optional: true,
      targetPath: `${path}[?(@.value)]`,
      functions: [{ type: 'resolveEntityIds', entityType: 'group' }],
    },
    { constant: 'Group', targetPath: `${path}[?(@.type empty true)].type` },
  ];
}

function list(sourcePath: string): JsonObject {
  return { sourcePath, preserveArrayWithSingleElement: true, defaultValue: [] };
}
