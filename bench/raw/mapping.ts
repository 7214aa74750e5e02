import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** The default read transformation of SCIM users by hand. */
export function commonOf(person: JsonObject): JsonObject {
  const { id: _id, meta: _meta, ...common } = person;
  return common;
}

/** The default write transformation of SCIM users by hand. The result shares what is the same with `common`. */
export function targetOf(common: JsonObject): JsonObject {
  const { [ENTERPRISE]: _enterprise, groups: _groups, ...target } = common;
  const { schemas, emails } = target;
  if (Array.isArray(schemas)) target['schemas'] = schemas.filter((schema) => schema !== ENTERPRISE);
  const [first, ...others] = Array.isArray(emails) ? emails : [];
  const isMarked = [first, ...others].some((email) => isJsonObject(email) && email['primary'] === true);
  if (isJsonObject(first) && !isMarked) target['emails'] = [{ ...first, primary: true }, ...others];
  return target;
}
