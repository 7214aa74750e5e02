import type { CallOptions } from '../contract.js';
import { formatDn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { allOf, equals } from './filter/build.js';
import { tagAttributes, tagFilter, tagOf } from './identity-tag.js';
import type { Operation } from './ldap-error.js';
import { domainScope, type LdapReader } from './ldap-reader.js';
import type { LdapSettings, LdapType } from './ldap-settings.js';
import type { Projection } from './native-entity.js';
import { searchFew } from './search.js';
import type { Sessions } from './sessions.js';

/** What locating an entry needs. */
export interface LocateTools {
  readonly settings: LdapSettings;
  readonly sessions: Sessions;
  readonly reader: LdapReader;
}

/** Which entry an identifier and a tag mean. */
export type Located =
  | { readonly kind: 'found'; readonly entry: Entry }
  /** It has another name than the identifier says: it was renamed, perhaps by a request of ours whose answer got lost. */
  | { readonly kind: 'renamed'; readonly entry: Entry }
  /** The one that was written is gone; somebody else has its name. */
  | { readonly kind: 'stranger' }
  | { readonly kind: 'absent' };

/** Entry, identifier and the tag with which it was last seen, if that is known (ADR 0070). */
export interface Sought {
  readonly type: LdapType;
  readonly id: string;
  readonly tag: string | undefined;
  /** Attributes that the caller wants to see. */
  readonly attributes: readonly string[];
}

/**
 * The entry of an identifier. Where the identifier is a name, the tag tells who is meant: an entry that has been renamed is found, and one
 * that has merely the same name is not taken for it.
 */
export async function locateEntry(
  { settings, sessions, reader }: LocateTools,
  { type, id, tag, attributes }: Sought,
  operation: Operation,
  { signal }: CallOptions,
): Promise<Located> {
  const requested = [...new Set([...attributes, ...tagAttributes(settings)])];
  const projection: Projection = { requested, internal: new Set<string>(), spelling: new Map<string, string>() };
  // A link that has lost its name goes by the tag alone.
  const named = id === tag ? undefined : await reader.findEntry(type, id, operation, { projection }, signal);
  const filter = tag === undefined ? undefined : tagFilter(settings, tag);
  const ofNamed = named === undefined ? undefined : tagOf(settings, named);
  if (named !== undefined && (filter === undefined || ofNamed === undefined || ofNamed === tag))
    return { kind: 'found', entry: named };
  if (filter === undefined) return { kind: 'absent' };
  const { base, objectClass } = settings.types[type];
  const [tagged] = await sessions.use(operation, signal, (opened) => {
    const query = {
      base: formatDn(base),
      scope: settings.scope,
      filter: allOf(equals('objectClass', objectClass), filter),
      attributes: requested,
      controls: domainScope(opened),
      sizeLimit: 2,
    } as const;
    return searchFew(opened.session, query, signal);
  });
  if (tagged !== undefined) return { kind: 'renamed', entry: tagged };
  return { kind: named === undefined ? 'absent' : 'stranger' };
}
