import type { Filter } from 'ldapts';
import type { WriteResult } from '../contract.js';
import type { Entry } from './entry.js';
import { equals } from './filter/build.js';
import type { LdapSettings } from './ldap-settings.js';

/**
 * What a server gives an entry once and never changes, whatever the entry is called (ADR 0070). Written as `attribute:value`, base64 where
 * the value is bytes, so that a stored tag tells how to search for it.
 */
const ATTRIBUTES: Readonly<Record<LdapSettings['dialect']['kind'], readonly string[]>> = {
  ad: ['objectGUID'],
  ldap: ['entryUUID', 'nsUniqueId'],
};

/** Attributes to ask for, so that {@link tagOf} can tell. */
export function tagAttributes({ dialect }: LdapSettings): readonly string[] {
  return ATTRIBUTES[dialect.kind];
}

/** The tag of an entry; undefined where the server gives none or does not show it. */
export function tagOf(settings: LdapSettings, entry: Entry): string | undefined {
  for (const name of tagAttributes(settings)) {
    const [value] = entry.bytes(name);
    if (value !== undefined) return `${name}:${value.toString(settings.dialect.kind === 'ad' ? 'base64' : 'utf8')}`;
  }
  return undefined;
}

/** The filter that finds the entry of a tag; undefined for what is no tag of this kind of server. */
export function tagFilter(settings: LdapSettings, tag: string): Filter | undefined {
  const [name, value] = [tag.slice(0, tag.indexOf(':')), tag.slice(tag.indexOf(':') + 1)];
  if (!tagAttributes(settings).includes(name) || value === '') return undefined;
  return equals(name, settings.dialect.kind === 'ad' ? Buffer.from(value, 'base64') : value);
}

/** The tag of an entry as part of the result of a write. */
export function versionOf(settings: LdapSettings, entry: Entry): Pick<WriteResult, 'version'> {
  const version = tagOf(settings, entry);
  return version === undefined ? {} : { version };
}
