import type { JsonObject } from '../../core/json.js';
import { fileTimeInstant, guidText, sidText } from './binary.js';
import type { Entry } from './entry.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';

const GUIDS = new Set(['objectguid', 'ms-ds-consistencyguid']);
const SIDS = new Set(['objectsid', 'sidhistory']);
const FILE_TIMES = new Set(['lastlogontimestamp', 'lastlogon', 'pwdlastset', 'accountexpires']);
/** Binary wherever they occur, also where the schema cannot be read (specification §3.3). */
const BINARY = new Set([
  ...GUIDS,
  ...SIDS,
  'thumbnailphoto',
  'jpegphoto',
  'usercertificate',
  'usersmimecertificate',
  'cacertificate',
  'logonhours',
]);
/** Never part of a body: hashes of passwords are secrets (CONN-CORE-60). */
const SECRET = new Set(['userpassword', 'unicodepwd', 'authpassword', 'sambantpassword', 'sambalmpassword']);

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Attributes that a read asks for, and how they are delivered. */
export interface Projection {
  readonly requested: readonly string[];
  /** Lower case: asked for by the connector itself and not delivered. */
  readonly internal: ReadonlySet<string>;
  /** Delivered spelling by lower-case name (CONN-LDAP-26). */
  readonly spelling: ReadonlyMap<string, string>;
}

/** CONN-LDAP-26, CONN-LDAP-27: everything and what has to be named, or only what the administrator lists. */
export function projectionOf(settings: LdapSettings, type: LdapType): Projection {
  const { id, attributes } = settings.types[type];
  const isAd = settings.dialect.kind === 'ad';
  const membership = type === 'group' ? settings.memberAttribute : settings.memberOfAttribute;
  const needed = isAd
    ? ['objectGUID', 'uSNChanged', 'whenChanged', 'primaryGroupID']
    : ['entryUUID', 'modifyTimestamp', ...(settings.deltaAttribute === undefined ? [] : [settings.deltaAttribute])];
  const delivered = [id, membership, ...(isAd && type === 'user' ? ['sAMAccountName'] : [])].filter(
    (name) => name.toLowerCase() !== DN_ATTRIBUTE.toLowerCase(),
  );
  const listed = settings.version === 2 ? attributes : [];
  const all = listed.length === 0;
  const named = [...(all ? ['*'] : listed), ...delivered, ...needed, 'objectClass'];
  const wanted = new Set([...listed, ...delivered].map((name) => name.toLowerCase()));
  // With "*" Active Directory sends its counters unasked; asking for them by name must not make them vanish.
  const isInternal = (name: string): boolean => !wanted.has(name.toLowerCase()) && !(all && isAd);
  return {
    requested: unique(named),
    internal: new Set((all ? needed : [...needed, 'objectClass']).filter(isInternal).map((name) => name.toLowerCase())),
    spelling: new Map([...attributes, ...delivered].map((name) => [name.toLowerCase(), name])),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

/**
 * The body of an entry (specification §3.2, §3.3): every attribute an array of strings; bytes as base64; GUID, SID and file times also in
 * readable form under a second name.
 */
export function nativeBody(entry: Entry, projection: Projection, binary: ReadonlySet<string>): JsonObject {
  const body: JsonObject = {};
  for (const { name, values } of entry.all()) {
    const key = name.toLowerCase();
    if (values.length === 0 || projection.internal.has(key) || SECRET.has(key)) continue;
    const delivered = projection.spelling.get(key) ?? name;
    if (BINARY.has(key) || binary.has(key) || key.endsWith(';binary')) {
      body[delivered] = values.map((value) => value.toString('base64'));
    } else {
      const texts = values.map(decoded);
      const isText = texts.every((text) => text !== undefined);
      body[delivered] = isText ? texts : values.map((value) => value.toString('base64'));
      if (!isText) body[`${delivered};encoding`] = ['base64'];
    }
    addReadable(body, delivered, key, values);
  }
  body[DN_ATTRIBUTE] = [entry.dn];
  return body;
}

function decoded(value: Buffer): string | undefined {
  try {
    return UTF8.decode(value);
  } catch {
    return undefined;
  }
}

/** CONN-LDAP-41: conveniences under names that no server has. */
function addReadable(body: JsonObject, delivered: string, key: string, values: readonly Buffer[]): void {
  const add = (suffix: string, convert: (value: Buffer) => string | undefined): void => {
    const texts = values.map(convert).filter((text) => text !== undefined);
    if (texts.length > 0) body[`${delivered};${suffix}`] = texts;
  };
  if (GUIDS.has(key)) add('guid', guidText);
  if (SIDS.has(key)) add('sid', sidText);
  if (FILE_TIMES.has(key)) add('instant', (value) => fileTimeInstant(value.toString('utf8')));
}

/** The identifier of an entry (CONN-CORE-06), or undefined when it lacks the attribute. */
export function identifierOf(entry: Entry, idAttribute: string): string | undefined {
  if (idAttribute.toLowerCase() === DN_ATTRIBUTE.toLowerCase()) return entry.dn;
  const key = idAttribute.toLowerCase();
  const [first] = entry.bytes(idAttribute);
  if (first === undefined) return undefined;
  return BINARY.has(key) ? first.toString('base64') : first.toString('utf8');
}

/** The bytes to look an identifier up by. */
export function identifierValue(id: string, idAttribute: string): string | Buffer {
  return BINARY.has(idAttribute.toLowerCase()) ? Buffer.from(id, 'base64') : id;
}
