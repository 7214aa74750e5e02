import type { JsonObject } from '../../../core/json.js';
import {
  prefixedGroup,
  prefixedGroupsOfUser,
  unprefixedName,
  writtenGroups,
  writtenUsers,
} from '../transformations/group-prefix.js';

/** Read transformation of UAA systems: the attributes that UAA has beside those of SCIM are optional (CONN-SCIM-104). `prefix`: of properties. */
export function uaaReadTransformation(prefix: string): JsonObject {
  return {
    user: {
      mappings: [
        { sourcePath: '$', targetPath: '$' },
        { type: 'remove', targetPath: '$.id' },
        { type: 'remove', targetPath: '$.meta' },
        ...['verified', 'zoneId', 'origin'].map((name) => ({
          sourcePath: `$.${name}`,
          targetPath: `$.${name}`,
          optional: true,
        })),
        { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
        { sourcePath: '$.userName', optional: true, correlationAttribute: true },
        { sourcePath: '$.emails[0].value', optional: true, correlationAttribute: true },
        ...prefixedGroupsOfUser(prefix),
      ],
    },
    group: {
      ignore: true,
      mappings: [
        { sourcePath: '$', targetPath: '$' },
        { type: 'remove', targetPath: '$.id' },
        { type: 'remove', targetPath: '$.meta' },
        { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
        ...prefixedGroup(prefix),
      ],
    },
  };
}

/** Write transformation of UAA systems. `prefix`: of properties; `origin`: the constant that gives it. Groups are not written until the administrator says so. */
export function uaaWriteTransformation(prefix: string, origin: string): JsonObject {
  const optional = (path: string): JsonObject => ({ sourcePath: path, targetPath: path, optional: true });
  return {
    user: {
      condition: writtenUsers(prefix),
      mappings: [
        { constant: ['urn:scim:schemas:core:1.0'], targetPath: '$.schemas' },
        { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' },
        { sourcePath: '$.userName', targetPath: '$.userName' },
        { constant: origin, targetPath: '$.origin' },
        optional('$.externalId'),
        optional('$.name.givenName'),
        optional('$.name.familyName'),
        optional('$.active'),
        optional('$.emails'),
        optional('$.phoneNumbers'),
      ],
    },
    group: {
      ignore: true,
      condition: writtenGroups(prefix),
      mappings: [
        { constant: ['urn:scim:schemas:core:1.0'], targetPath: '$.schemas' },
        { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' },
        { sourcePath: '$.displayName', targetPath: '$.displayName' },
        unprefixedName(prefix),
        { sourcePath: '$.description', targetPath: '$.description', optional: true },
        {
          sourcePath: "$.members[?(@.type == 'Group')].value",
          preserveArrayWithSingleElement: true,
          optional: true,
          targetPath: '$.members[?(@.value)]',
          functions: [{ type: 'resolveEntityIds', entityType: 'group' }],
        },
        // Whoever is there by now is a group; users come after them.
        { constant: 'GROUP', targetPath: '$.members[*].type', condition: '$.members empty false' },
        {
          sourcePath: "$.members[?(@.type != 'Group')].value",
          preserveArrayWithSingleElement: true,
          defaultValue: [],
          targetPath: '$.members[?(@.value)]',
          functions: [{ type: 'resolveEntityIds' }],
        },
      ],
    },
  };
}
