import { DnSyntaxError, formatDn, isAtOrBelow, parseDn } from '../dn/dn.js';
import type { Entry } from '../entry.js';
import { allOf, atLeast, equals } from '../filter/build.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from '../ldap-settings.js';
import { identifierOf } from '../native-entity.js';
import { searchPage, SHOW_DELETED, SHOW_RECYCLED, type Query } from '../search.js';
import type { OpenedSession } from '../sessions.js';
import { RESULT } from '../wire/result-codes.js';
import { ResultError } from '../wire/wire-error.js';

/** Well-known identifier of the container of deleted objects. */
const DELETED_OBJECTS = '18E2EA80684F11D2B9AA00C04F79F805';
/** Objects in one answer; the server allows no more of deleted ones. */
const PAGE_SIZE = 500;

/**
 * Identifiers of the objects below the path of a type that were deleted since a counter (CONN-AD-17). Undefined when the technical user may
 * not read them (CONN-AD-11).
 */
export async function deletedObjects(
  opened: OpenedSession,
  settings: LdapSettings,
  type: LdapType,
  since: bigint,
  signal: AbortSignal | undefined,
): Promise<string[] | undefined> {
  const { id, objectClass, base } = settings.types[type];
  const { rootDse } = opened;
  const query: Query = {
    base: `<WKGUID=${DELETED_OBJECTS},${rootDse.defaultNamingContext ?? ''}>`,
    scope: 'sub',
    filter: allOf(
      equals('isDeleted', 'TRUE'),
      atLeast('uSNChanged', since.toString()),
      equals('objectClass', objectClass),
    ),
    attributes: ['objectGUID', 'lastKnownParent', 'isRecycled', 'cn', ...(isDnAttribute(id) ? [] : [id])],
    controls: [SHOW_DELETED, ...(rootDse.controls.has(SHOW_RECYCLED) ? [SHOW_RECYCLED] : [])],
  };
  try {
    const entries = await all(opened, query, signal);
    const below = entries.filter((entry) => isBelow(entry.text('lastKnownParent') ?? '', base));
    return below.map((entry) => idBeforeDeletion(entry, id)).filter((found) => found !== undefined);
  } catch (error) {
    const hidden = [RESULT.noSuchObject, RESULT.insufficientAccessRights, RESULT.unavailableCriticalExtension];
    if (error instanceof ResultError && hidden.some((code) => code === error.code)) return undefined;
    throw error;
  }
}

/** Identifiers of objects that changed since a counter and lie outside the path of their type: those that were moved away (CONN-AD-26). */
export async function movedObjects(
  opened: OpenedSession,
  settings: LdapSettings,
  type: LdapType,
  since: bigint,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const { id, objectClass, base } = settings.types[type];
  const query: Query = {
    base: opened.rootDse.defaultNamingContext ?? '',
    scope: 'sub',
    filter: allOf(equals('objectClass', objectClass), atLeast('uSNChanged', since.toString())),
    attributes: ['objectGUID', ...(isDnAttribute(id) ? [] : [id])],
  };
  const elsewhere = (await all(opened, query, signal)).filter((entry) => !isBelow(entry.dn, base));
  return elsewhere.map((entry) => identifierOf(entry, id)).filter((found) => found !== undefined);
}

async function all({ session }: OpenedSession, query: Query, signal: AbortSignal | undefined): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cookie: Buffer | undefined;
  do {
    const page = await searchPage(session, query, { size: PAGE_SIZE, cookie }, signal);
    entries.push(...page.entries);
    cookie = page.cookie;
  } while (cookie !== undefined);
  return entries;
}

/** A deletion gives the object another name: the old one, a line feed, `DEL:` and the object's GUID. */
function idBeforeDeletion(entry: Entry, idAttribute: string): string | undefined {
  const name = entry.text('cn')?.replace(/\nDEL:.*$/s, '');
  if (isDnAttribute(idAttribute)) {
    const parent = entry.text('lastKnownParent');
    if (name === undefined || parent === undefined) return undefined;
    return formatDn([[{ type: 'CN', value: name }], ...parseDn(parent)]);
  }
  return idAttribute.toLowerCase() === 'cn' ? name : identifierOf(entry, idAttribute);
}

function isDnAttribute(name: string): boolean {
  return name.toLowerCase() === DN_ATTRIBUTE.toLowerCase();
}

function isBelow(dn: string, base: ReturnType<typeof parseDn>): boolean {
  try {
    return isAtOrBelow(parseDn(dn), base);
  } catch (error) {
    if (error instanceof DnSyntaxError) return false;
    throw error;
  }
}
