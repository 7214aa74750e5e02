import type { JsonObject, JsonValue } from '../../core/json.js';
import type { CallOptions, ValueHolder } from '../contract.js';
import { formatDn } from './dn/dn.js';
import { namingAttribute } from './entry-name.js';
import { allOf, equals } from './filter/build.js';
import type { FindTools } from './find-existing.js';
import type { Operation } from './ldap-error.js';
import type { LdapType } from './ldap-settings.js';
import { identifierOf } from './native-entity.js';
import { searchFew } from './search.js';
import { writtenBody } from './write-values.js';

/** Cannot be searched for, or say nothing of who somebody is. */
const NEVER_UNIQUE = new Set(['userpassword', 'unicodepwd', 'useraccountcontrol', 'objectclass']);

/**
 * Who has a text that an entry shall have and does not have yet. A directory may keep any attribute unique (slapd's overlay, the plugin of
 * 389 Directory Server) and does not say which one was in the way, so each that changes is asked for. The name of the entry is left out: whoever
 * changes it changes the identifier.
 */
export async function findHolders(
  { settings, sessions, reader }: FindTools,
  type: LdapType,
  id: string,
  body: JsonObject,
  { signal }: CallOptions,
): Promise<readonly ValueHolder[]> {
  const operation: Operation = { label: `find who has the values of a ${type}`, kind: 'entity' };
  const { attributes } = writtenBody(settings, type, body, operation);
  const entry = await reader.findEntry(type, id, operation, {}, signal);
  if (entry === undefined) return [];
  const { objectClass, base, id: idAttribute } = settings.types[type];
  const naming = namingAttribute(settings, type).toLowerCase();
  const wanted = [...attributes].flatMap(([key, { name, values }]) =>
    key === naming || NEVER_UNIQUE.has(key)
      ? []
      : values.flatMap((value) =>
          typeof value === 'string' && !entry.texts(name).includes(value) ? [{ name, value }] : [],
        ),
  );
  const holders: ValueHolder[] = [];
  for (const { name, value } of wanted) {
    const query = { base: formatDn(base), scope: settings.scope, attributes: [idAttribute], sizeLimit: 2 } as const;
    const filter = allOf(equals('objectClass', objectClass), equals(name, value));
    const found = await sessions.use(operation, signal, ({ session }) =>
      searchFew(session, { ...query, filter }, signal),
    );
    const [holder] = found.flatMap((one) => identifierOf(one, idAttribute) ?? []);
    // What several have is not unique here.
    if (holder === undefined || found.length > 1 || holder === id) continue;
    const without: ValueHolder['without'] = (given, mark) => withOtherText(given, name, value, `${mark}-${value}`);
    holders.push({ attribute: name, id: holder, isKey: false, without });
  }
  return holders;
}

function withOtherText(body: JsonObject, name: string, value: string, other: string): JsonObject {
  const changed = Object.entries(body).map(([key, given]): [string, JsonValue] => {
    if (key.toLowerCase() !== name.toLowerCase()) return [key, given];
    return [key, Array.isArray(given) ? given.map((one) => (one === value ? other : one)) : other];
  });
  return Object.fromEntries(changed);
}
