import { dnKey, formatDn, isAtOrBelow, parseDn, type Dn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { allOf, atLeast, atMost, equals } from './filter/build.js';
import { connectorError, type Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import { readEntry, searchFew, searchPage, type Query } from './search.js';
import type { OpenedSession } from './sessions.js';

const PAGE_SIZE = 500;

/** What an access log says of one type. */
export interface LoggedChanges {
  /** As they are now. */
  readonly entries: readonly Entry[];
  /** Entries that are not there any more, or not among those that are read. */
  readonly tombstones: readonly { readonly id: string }[];
}

/**
 * Reads slapd's access log (slapo-accesslog) from a time on and then each entry that was written, as it is now. Unlike a filter by
 * `modifyTimestamp` it sees deletions and entries that were moved away.
 */
export async function changesFromAccessLog(
  opened: OpenedSession,
  settings: LdapSettings,
  type: LdapType,
  query: Query,
  since: string,
  signal: AbortSignal | undefined,
): Promise<LoggedChanges> {
  await checkReach(opened, settings, since, signal);
  const names = await writtenNames(opened, settings, type, since, signal);
  const entries: Entry[] = [];
  const tombstones: { id: string }[] = [];
  for (const dn of names) {
    const text = formatDn(dn);
    const entry = await readEntry(opened.session, { ...query, base: text }, signal);
    const id = idFromDn(dn, text, settings.types[type].id);
    if (entry !== undefined) entries.push(entry);
    else if (id !== undefined) tombstones.push({ id });
  }
  return { entries, tombstones };
}

/** A log that begins after the mark was emptied or purged in between: what stood there is not known. Throws `deltaLost`. */
async function checkReach(
  { session }: OpenedSession,
  { accessLog }: LdapSettings,
  since: string,
  signal?: AbortSignal,
) {
  const query: Query = {
    base: formatDn(accessLog ?? []),
    scope: 'one',
    filter: atMost('reqStart', since),
    attributes: ['1.1'],
    sizeLimit: 1,
  };
  const [older] = await searchFew(session, query, signal);
  if (older !== undefined) return;
  const operation: Operation = { label: 'delta read', kind: 'page' };
  throw connectorError('deltaLost', operation, 'the access log does not reach back to the mark');
}

/** DNs below the base that were written, old and new ones of renamed entries among them. */
async function writtenNames(
  { session }: OpenedSession,
  settings: LdapSettings,
  type: LdapType,
  since: string,
  signal: AbortSignal | undefined,
): Promise<Dn[]> {
  const found = new Map<string, Dn>();
  const query: Query = {
    base: formatDn(settings.accessLog ?? []),
    scope: 'sub',
    filter: allOf(equals('objectClass', 'auditWriteObject'), equals('reqResult', '0'), atLeast('reqStart', since)),
    attributes: ['reqDN', 'reqNewRDN', 'reqNewSuperior'],
  };
  let cookie: Buffer | undefined;
  do {
    const page = await searchPage(session, query, { size: PAGE_SIZE, cookie }, signal);
    for (const dn of page.entries.flatMap(namesIn)) {
      if (isAtOrBelow(dn, settings.types[type].base)) found.set(dnKey(formatDn(dn)), dn);
    }
    cookie = page.cookie;
  } while (cookie !== undefined);
  return [...found.values()];
}

function namesIn(entry: Entry): Dn[] {
  const dn = parseDn(entry.text('reqDN') ?? '');
  const newRdn = entry.text('reqNewRDN');
  if (newRdn === undefined) return [dn];
  const superior = entry.text('reqNewSuperior');
  return [dn, [...parseDn(newRdn), ...(superior === undefined ? dn.slice(1) : parseDn(superior))]];
}

/** The identifier of an entry that is gone, where its DN tells it. */
function idFromDn(dn: Dn, text: string, idAttribute: string): string | undefined {
  if (idAttribute.toLowerCase() === DN_ATTRIBUTE.toLowerCase()) return text;
  const [pair] = dn[0] ?? [];
  return pair?.type.toLowerCase() === idAttribute.toLowerCase() && typeof pair.value === 'string'
    ? pair.value
    : undefined;
}
