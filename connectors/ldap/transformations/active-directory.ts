import type { JsonObject } from '../../../core/json.js';
import { membersOf, resolvedMembers } from './ldap-server.js';

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER_ID = '$.%ldap.attribute.user.id%[0]';
const GROUP_ID = '$.%ldap.attribute.group.id%[0]';
/** Holds the way from the path to an entry where the identifier is the DN (CONN-LDAP-61). */
const USER_EXTENSION = 'urn:sap:cloud:scim:schemas:extension:ad:2.0:User';
const GROUP_EXTENSION = 'urn:sap:cloud:scim:schemas:extension:ad:2.0:Group';

/** Default read transformation of an Active Directory source (specification §7). Groups are not read until the administrator says so. */
export const AD_READ_TRANSFORMATION: JsonObject = {
  user: {
    mappings: [
      { sourcePath: USER_ID, targetVariable: 'entityIdSourceSystem' },
      { sourcePath: '$.sAMAccountName[0]', targetPath: '$.userName', correlationAttribute: true },
      { sourcePath: '$.displayName[0]', targetPath: '$.displayName', optional: true },
      { sourcePath: '$.mail[0]', targetPath: '$.emails[0].value', optional: true, correlationAttribute: true },
      { sourcePath: '$.givenName[0]', targetPath: '$.name.givenName', optional: true },
      { sourcePath: '$.sn[0]', targetPath: '$.name.familyName', optional: true },
      {
        sourcePath: '$.memberOf[*]',
        targetPath: '$.groups[?(@.value)]',
        preserveArrayWithSingleElement: true,
        optional: true,
      },
      { sourcePath: '$.mobile[0]', targetPath: "$.phoneNumbers[?(@.type == 'mobile')].value", optional: true },
      { sourcePath: '$.telephoneNumber[0]', targetPath: "$.phoneNumbers[?(@.type == 'work')].value", optional: true },
      nestedPath('user', USER_EXTENSION),
      { constant: [USER_SCHEMA], targetPath: '$.schemas' },
    ],
  },
  group: {
    ignore: true,
    mappings: [
      { sourcePath: GROUP_ID, targetVariable: 'entityIdSourceSystem' },
      { sourcePath: '$.sAMAccountName[0]', targetPath: '$.displayName' },
      ...membersOf('$.member'),
      nestedPath('group', GROUP_EXTENSION),
      { constant: [GROUP_SCHEMA], targetPath: '$.schemas' },
    ],
  },
};

/** Default write transformation of an Active Directory target (specification §7): neither password nor account state (CONN-AD-32). */
export const AD_WRITE_TRANSFORMATION: JsonObject = {
  user: {
    mappings: [
      ...named('user', '$.userName', USER_EXTENSION),
      { sourcePath: '$.userName', targetPath: '$.cn', scope: 'createEntity' },
      { sourcePath: '$.userName', targetPath: '$.sAMAccountName' },
      { sourcePath: '$.displayName', targetPath: '$.displayName', defaultValue: [] },
      { sourcePath: '$.emails[0].value', targetPath: '$.mail', defaultValue: [] },
      { sourcePath: '$.name.givenName', targetPath: '$.givenName', defaultValue: [] },
      { sourcePath: '$.name.familyName', targetPath: '$.sn', defaultValue: [] },
    ],
  },
  group: {
    ignore: true,
    mappings: [
      ...named('group', '$.displayName', GROUP_EXTENSION),
      { sourcePath: '$.displayName', targetPath: '$.cn', scope: 'createEntity' },
      { sourcePath: '$.displayName', targetPath: '$.sAMAccountName' },
      ...resolvedMembers('$.member'),
    ],
  },
};

function isDn(type: string): string {
  return `'%ldap.attribute.${type}.id%' == 'distinguishedName'`;
}

/** What stands between the first part of the DN and the path, with a comma at its end; empty directly below the path. */
function nestedPath(type: string, schema: string): JsonObject {
  return {
    sourcePath: '$.distinguishedName[0]',
    targetPath: `$['${schema}'].nestedPath`,
    optional: true,
    condition: isDn(type),
    functions: [
      { type: 'replaceString', target: ',%ldap.' + type + '.path%', replacement: '' },
      { type: 'replaceAllString', regex: '^(?:\\\\.|[^,\\\\])*,?', replacement: '' },
    ],
  };
}

/** The complete DN where it is the identifier. */
function named(type: string, name: string, schema: string): JsonObject[] {
  const path = `,%ldap.${type}.path%`;
  const nested = `$['${schema}'].nestedPath`;
  const prefix = { type: 'concatString', prefix: 'CN=' };
  return [
    {
      sourcePath: name,
      targetPath: '$.distinguishedName',
      condition: `${isDn(type)} && ${nested} empty true`,
      functions: [{ ...prefix, suffix: path }],
    },
    {
      sourcePath: nested,
      targetVariable: 'nestedPath',
      optional: true,
    },
    {
      sourcePath: name,
      targetPath: '$.distinguishedName',
      condition: `${isDn(type)} && ${nested} empty false`,
      functions: [{ ...prefix, suffix: `,\${nestedPath}${path}` }],
    },
  ];
}
