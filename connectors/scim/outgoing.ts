import type { JsonObject } from '../../core/json.js';
import type { ScimProfile } from './profile.js';
import type { ScimType } from './scim-settings.js';

const CORE_SCHEMAS: Readonly<Record<ScimType, string>> = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
};

const CORE_SCHEMA_1 = 'urn:scim:schemas:core:1.0';

/** A whole entity as it is sent: without what only the server sets, with `schemas` (CONN-SCIM-60). */
export function outgoing(profile: ScimProfile, type: ScimType, body: JsonObject): JsonObject {
  const result: JsonObject = { ...body };
  for (const name of profile.readOnlyAttributes[type]) delete result[name];
  if (!Array.isArray(result['schemas'])) {
    const core = profile.version === '1.1' ? CORE_SCHEMA_1 : CORE_SCHEMAS[type];
    result['schemas'] = [core, ...Object.keys(result).filter((name) => /^urn:/i.test(name))];
  }
  return result;
}
