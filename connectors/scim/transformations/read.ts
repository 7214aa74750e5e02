import type { JsonObject } from '../../../core/json.js';
import { prefixedGroup, prefixedGroupsOfUser } from './group-prefix.js';

/** Whole resource without what belongs to the source alone. */
const WHOLE_RESOURCE: JsonObject[] = [
  { sourcePath: '$', targetPath: '$' },
  { type: 'remove', targetPath: '$.id' },
  { type: 'remove', targetPath: '$.meta' },
  { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
];

/** Default read transformation of a SCIM source (scim.md §14.1). Groups are not read until the administrator says so. */
export function scimReadTransformation(prefix: string): JsonObject {
  return {
    user: {
      mappings: [
        ...WHOLE_RESOURCE,
        { sourcePath: '$.userName', optional: true, correlationAttribute: true },
        { sourcePath: '$.emails[?(@.primary == true)].value', optional: true, correlationAttribute: true },
        ...prefixedGroupsOfUser(prefix),
      ],
    },
    group: { ignore: true, mappings: [...WHOLE_RESOURCE, ...prefixedGroup(prefix)] },
  };
}

/** That of the type SCIM System. */
export const SCIM_READ_TRANSFORMATION: JsonObject = scimReadTransformation('scim');
