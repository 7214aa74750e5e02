import { ModifyDNRequest } from 'ldapts';
import type { CallOptions } from '../contract.js';
import { formatDn, formatRdn, parseDn, type Dn } from './dn/dn.js';
import type { Entry } from './entry.js';
import type { NewName } from './entry-name.js';
import { tagOf } from './identity-tag.js';
import { present } from './filter/build.js';
import { connectorError, type Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import { readEntry } from './search.js';
import type { OpenedSession } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError } from './wire/wire-error.js';

/**
 * Renames or moves an entry (CONN-LDAP-77). Throws `conflict` when another entry has the name; `invalid` when there is no such place, because
 * `notFound` would say that the entry itself is gone.
 */
export async function renameEntry(
  opened: OpenedSession,
  dn: string,
  name: NewName,
  operation: Operation,
  options: CallOptions,
): Promise<void> {
  const attributes = name.rdn.map(({ type }) => type).join(' and ');
  options.beforeWrite?.();
  const request = new ModifyDNRequest({
    messageId: 0,
    dn,
    newRdn: formatRdn(name.rdn),
    deleteOldRdn: true,
    ...(name.superior === undefined ? {} : { newSuperior: formatDn(name.superior) }),
  });
  try {
    await opened.session.request(request, { signal: options.signal, write: true });
  } catch (error) {
    if (!(error instanceof ResultError)) throw error;
    if (error.code === RESULT.entryAlreadyExists) {
      const text = `it cannot be renamed: another entry already has the name that ${attributes} gives it; change one of the two`;
      throw connectorError('conflict', operation, text);
    }
    // Servers say of a missing place what they like, 32 and 80 among it.
    if (name.superior === undefined || (await isThere(opened, formatDn(name.superior), options))) throw error;
    throw connectorError(
      'invalid',
      operation,
      `it cannot be moved: the place that ${DN_ATTRIBUTE} names does not exist`,
    );
  }
}

/** An entry is there under this DN, whatever its class. */
export async function isThere({ session }: OpenedSession, dn: string, { signal }: CallOptions): Promise<boolean> {
  const query = { base: dn, filter: present('objectClass'), attributes: ['1.1'] };
  return (await readEntry(session, query, signal)) !== undefined;
}

/**
 * The DN that an entry had while its identifier was `id`: what a request of ours has renamed before its answer got lost. Undefined where its
 * name does not follow from the identifier.
 */
export function formerDn(settings: LdapSettings, type: LdapType, id: string, entry: Entry): string | undefined {
  const attribute = settings.types[type].id.toLowerCase();
  // A link that has lost its name goes by the tag.
  if (tagOf(settings, entry) === id) return undefined;
  if (attribute === DN_ATTRIBUTE.toLowerCase()) return id;
  const [rdn = [], ...superior]: Dn = parseDn(entry.dn);
  if (!rdn.some((pair) => pair.type.toLowerCase() === attribute)) return undefined;
  const former = rdn.map((pair) => (pair.type.toLowerCase() === attribute ? { type: pair.type, value: id } : pair));
  return formatDn([former, ...superior]);
}
