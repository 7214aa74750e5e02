import type { JsonObject } from '../../../core/json.js';
import { unprefixedGroup, writtenGroups, writtenUsers } from './group-prefix.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Default write transformation of a SCIM target (scim.md §14.1). Groups are not written until the administrator says so. */
export function scimWriteTransformation(prefix: string): JsonObject {
  return {
    user: {
      condition: writtenUsers(prefix),
      mappings: [
        { sourcePath: '$', targetPath: '$' },
        { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' },
        // A server refuses two primary addresses, so the first is marked only if none is.
        {
          constant: true,
          targetPath: '$.emails[0].primary',
          condition: '$.emails empty false && $.emails[?(@.primary == true)] empty true',
        },
        { type: 'remove', targetPath: `$['${ENTERPRISE}']` },
        { type: 'remove', targetPath: `$.schemas[?(@ == '${ENTERPRISE}')]` },
        // Assignments are written with the groups; here they would hold ids of the source.
        { type: 'remove', targetPath: '$.groups' },
      ],
    },
    group: {
      ignore: true,
      condition: writtenGroups(prefix),
      mappings: [
        { sourcePath: '$', targetPath: '$' },
        { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' },
        ...unprefixedGroup(prefix),
        // The members of the source are taken out first, because the next mappings append to what is there.
        { type: 'remove', targetPath: '$.members' },
        {
          sourcePath: "$.members[?(@.type != 'Group')].value",
          preserveArrayWithSingleElement: true,
          defaultValue: [],
          targetPath: '$.members[?(@.value)]',
          functions: [{ type: 'resolveEntityIds' }],
        },
        {
          sourcePath: "$.members[?(@.type == 'Group')].value",
          preserveArrayWithSingleElement: true,
          optional: true,
          targetPath: '$.members[?(@.value)]',
          functions: [{ type: 'resolveEntityIds', entityType: 'group' }],
        },
      ],
    },
  };
}

/** That of the type SCIM System. */
export const SCIM_WRITE_TRANSFORMATION: JsonObject = scimWriteTransformation('scim');
