import { isJsonObject } from '../json.js';
import type { JsonObject } from '../json.js';

/** What the application that owns a group allows to be done with it (WRT-8, DEL-18). */
export type ApplicationGroup = (typeof OPERATIONS)[number];

const OPERATIONS = ['readOnly', 'readWrite', 'userOnlyMembership', 'membership'] as const;
const GROUP_EXTENSION = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';

/**
 * `supportedOperations` of an application-specific group, in common or in target JSON. Undefined for a regular group. A value that is not
 * known allows nothing: `readOnly`.
 */
export function applicationGroupOf(document: JsonObject): ApplicationGroup | undefined {
  const extension = document[GROUP_EXTENSION];
  const value = isJsonObject(extension) ? extension['supportedOperations'] : undefined;
  if (value === undefined || value === null) return undefined;
  return OPERATIONS.find((operation) => operation === value) ?? 'readOnly';
}
