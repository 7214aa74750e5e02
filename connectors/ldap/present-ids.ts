import type { ConfirmationLimit } from '../capability-rules.js';
import type { Capabilities } from '../contract.js';
import { formatDn } from './dn/dn.js';
import { allOf, anyOf, equals } from './filter/build.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import { domainScope, type LdapReader } from './ldap-reader.js';
import { identifierOf, identifierValue } from './native-entity.js';
import { searchAll } from './search.js';
import type { Sessions } from './sessions.js';

/** A single question is a search with the same filter, so that one for several is as good. Directories take far longer filters. */
const TOGETHER: ConfirmationLimit = { entities: 100, characters: 6_000 };

/** Types whose entities are asked for together (DEL-23). */
export const CONFIRMED_TOGETHER: NonNullable<Capabilities['confirmsTogether']> = { user: TOGETHER, group: TOGETHER };

/**
 * Which of these identifiers are there below the path of their type and under its filter, by one search with `|`. Null when the server tells
 * of somebody who was not asked for, or of one twice, and where the identifier is the DN: no filter finds that.
 */
export async function presentIds(
  reader: LdapReader,
  sessions: Sessions,
  settings: LdapSettings,
  type: LdapType,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string> | null> {
  const { id: attribute, objectClass, filter, base } = settings.types[type];
  if (attribute.toLowerCase() === DN_ATTRIBUTE.toLowerCase()) return null;
  const entries = await sessions.use({ label: `read ${type}s`, kind: 'page' }, signal, async (opened) => {
    await reader.loadSchema(opened, signal);
    const wanted = anyOf(ids.map((id) => equals(attribute, identifierValue(id, attribute))));
    const query = {
      base: formatDn(base),
      scope: settings.scope,
      filter: allOf(equals('objectClass', objectClass), filter, wanted),
      attributes: [attribute],
      controls: domainScope(opened),
    };
    return searchAll(opened.session, query, signal);
  });
  const asked = new Map(ids.map((id) => [id.toLowerCase(), id]));
  const present = entries.map((entry) => asked.get((identifierOf(entry, attribute) ?? '').toLowerCase()));
  const isPlain = asked.size === ids.length && new Set(present).size === present.length && !present.includes(undefined);
  return isPlain ? new Set(present.filter((id) => id !== undefined)) : null;
}
