import type { JsonObject } from '../../core/json.js';
import { fileTimeInstant, guidText, sidText } from './binary.js';
import type { AttributeName, Entry, EntryAttribute } from './entry.js';
import type { Schema } from './schema.js';
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

/** A directory has some thousand; a server that invents names must not fill the memory. */
const MAX_NAMES = 10_000;

/** Attributes that a read asks for, and how they are delivered. */
export interface Projection {
  readonly requested: readonly string[];
  /** Lower case: asked for by the connector itself and not delivered. */
  readonly internal: ReadonlySet<string>;
  /** Delivered spelling by lower-case name (CONN-LDAP-26). */
  readonly spelling: ReadonlyMap<string, string>;
}

/** One attribute in a body. */
interface AttributeDelivery {
  readonly name: string;
  readonly isBinary: boolean;
  /** What is added under a second name, readable. */
  readonly readable: { readonly name: string; readonly convert: (value: Buffer) => string | undefined } | undefined;
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

/** How the entries of one type are delivered. */
export interface BodyMaker {
  /**
   * The body of an entry (specification §3.2, §3.3): every attribute an array of strings; bytes as base64; GUID, SID and file times also in readable
   * form under a second name.
   */
  readonly bodyOf: (entry: Entry) => JsonObject;
  /** The attribute is part of the body. */
  readonly isDelivered: (name: AttributeName) => boolean;
}

/** How an attribute is delivered is found out once, for all entries that have it. */
export function bodyMaker(projection: Projection, binary: ReadonlySet<string>): BodyMaker {
  const deliveries = new Map<string, AttributeDelivery | null>();
  const deliveryOfName = ({ key, spelled }: AttributeName): AttributeDelivery | null => {
    const known = deliveries.get(spelled);
    if (known !== undefined) return known;
    const delivery = deliveryOf(key, spelled, projection, binary);
    if (deliveries.size >= MAX_NAMES) deliveries.clear();
    deliveries.set(spelled, delivery);
    return delivery;
  };
  return {
    bodyOf: (entry) => {
      const body: JsonObject = {};
      for (const [key, attribute] of entry.all()) {
        const delivery = deliveryOfName({ key, spelled: attribute.name });
        if (delivery !== null) addTo(body, attribute, delivery);
      }
      body[DN_ATTRIBUTE] = [entry.dn];
      return body;
    },
    isDelivered: (name) => deliveryOfName(name) !== null,
  };
}

function addTo(body: JsonObject, attribute: EntryAttribute, { name, isBinary, readable }: AttributeDelivery): void {
  const texts = isBinary ? undefined : attribute.texts();
  if (texts?.length === 0 || (isBinary && attribute.values.length === 0)) return;
  body[name] = texts ?? attribute.values.map((value) => value.toString('base64'));
  if (texts === undefined && !isBinary) body[`${name};encoding`] = ['base64'];
  if (readable === undefined) return;
  const converted = attribute.values.map(readable.convert).filter((text) => text !== undefined);
  if (converted.length > 0) body[readable.name] = converted;
}

/** Delivered as base64: its values are bytes. */
export function isBinaryAttribute(name: string, { binary }: Pick<Schema, 'binary'>): boolean {
  const key = name.toLowerCase();
  return BINARY.has(key) || binary.has(key) || key.endsWith(';binary');
}

/** `userpassword;lang-en` is a password, too (RFC 4512 §2.5). */
function withoutOptions(key: string): string {
  const end = key.indexOf(';');
  return end < 0 ? key : key.slice(0, end);
}

/** Null for what is not delivered. */
function deliveryOf(
  key: string,
  spelled: string,
  { internal, spelling }: Projection,
  binary: ReadonlySet<string>,
): AttributeDelivery | null {
  if (internal.has(key) || SECRET.has(withoutOptions(key))) return null;
  const name = spelling.get(key) ?? spelled;
  return { name, isBinary: isBinaryAttribute(key, { binary }), readable: readableOf(key, name) };
}

/** CONN-LDAP-41: conveniences under names that no server has. */
function readableOf(key: string, name: string): AttributeDelivery['readable'] {
  if (GUIDS.has(key)) return { name: `${name};guid`, convert: guidText };
  if (SIDS.has(key)) return { name: `${name};sid`, convert: sidText };
  if (FILE_TIMES.has(key))
    return { name: `${name};instant`, convert: (value) => fileTimeInstant(value.toString('utf8')) };
  return undefined;
}

/** The identifier of an entry (CONN-CORE-06), or undefined when it lacks the attribute. */
export function identifierOf(entry: Entry, idAttribute: string): string | undefined {
  if (idAttribute.toLowerCase() === DN_ATTRIBUTE.toLowerCase()) return entry.dn;
  const key = idAttribute.toLowerCase();
  return BINARY.has(key) ? entry.first(idAttribute)?.toString('base64') : entry.text(idAttribute);
}

/** The bytes to look an identifier up by. */
export function identifierValue(id: string, idAttribute: string): string | Buffer {
  return BINARY.has(idAttribute.toLowerCase()) ? Buffer.from(id, 'base64') : id;
}
