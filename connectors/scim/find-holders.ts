import type { JsonObject } from '../../core/json.js';
import type { CallOptions, ValueHolder } from '../contract.js';
import { isConnectorError } from '../errors.js';
import { resolveByKeys } from './resolve.js';
import { attribute } from './scim-envelope.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';
import { matchesKeys, uniqueKey, withOtherText } from './unique-key.js';

/** Attributes that servers are known to keep unique, whatever is configured (RFC 7643 §4 asks for it with `userName` only). */
const OFTEN_UNIQUE: Readonly<Record<ScimType, readonly string[]>> = {
  user: ['userName', 'externalId', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber'],
  group: ['displayName', 'externalId'],
};
const MULTI_VALUED = ['emails', 'phoneNumbers'] as const;

/**
 * Who has a value that an entity shall have. A configured attribute settles it; the others that are often unique are asked for only when
 * none of those is in the way. What the server cannot be asked for, it says nothing about. `within`: attributes whose values are areas in which
 * the others are unique (CONN-SCIM-101).
 */
export async function findHolders(
  reader: ScimReader,
  subject: { readonly type: ScimType; readonly id: string; readonly body: JsonObject },
  unique: { readonly keys: readonly string[]; readonly within: readonly string[] },
  { signal }: CallOptions,
): Promise<readonly ValueHolder[]> {
  const configured = unique.keys.filter((key) => !unique.within.includes(key));
  const { type, id, body } = subject;
  const current = await reader.readOne(type, id, signal === undefined ? {} : { signal });
  if (current === null) return [];
  const holders: ValueHolder[] = [];
  for (const key of [...configured, ...othersOf(type, body, configured)]) {
    const isKey = configured.includes(key);
    if (!isKey && holders.some((holder) => holder.isKey)) break;
    const parsed = uniqueKey(key, body);
    if (parsed === undefined || parsed.values.length === 0 || matchesKeys(current.body, [parsed])) continue;
    const found = await resolveByKeys(reader, type, body, [key, ...unique.within], signal).catch((error: unknown) => {
      if (isConnectorError(error)) return undefined;
      throw error;
    });
    if (found?.outcome !== 'one' || found.entity.id === id) continue;
    const without: ValueHolder['without'] = (wanted, mark) => withOtherText(wanted, key, (text) => `${mark}-${text}`);
    holders.push({ attribute: key, id: found.entity.id, isKey, without });
  }
  return holders;
}

function othersOf(type: ScimType, body: JsonObject, configured: readonly string[]): string[] {
  const lists = type === 'user' ? MULTI_VALUED : [];
  const places = lists.flatMap((name) => {
    const values = attribute(body, name);
    return Array.isArray(values) ? values.map((_, place) => `${name}[${place}].value`) : [];
  });
  return [...OFTEN_UNIQUE[type], ...places].filter((key) => !configured.includes(key));
}
