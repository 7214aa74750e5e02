import { createHash } from 'node:crypto';
import type { Filter } from 'ldapts';
import { ConnectorError } from '../errors.js';
import { CA_PROPERTY } from '../http/http-settings.js';
import { booleanProperty, integerProperty, listProperty, textProperty, type Properties } from '../property-values.js';
import type { Dialect } from './dialect.js';
import { parseDn, DnSyntaxError, type Dn } from './dn/dn.js';
import type { EscapeMode } from './dn/name-component.js';
import { FilterSyntaxError, parseFilter } from './filter/parse.js';
import type { Endpoint } from './wire/open-session.js';

/** Types that a directory knows; roles of other systems are groups here. */
export type LdapType = 'user' | 'group';

/** The name under which every entry shows its DN, whether the server has such an attribute or not (CONN-LDAP-30). */
export const DN_ATTRIBUTE = 'distinguishedName';

/** How entries of one type are found and named. */
export interface TypeSettings {
  readonly base: Dn;
  readonly objectClass: string;
  readonly filter: Filter | undefined;
  /** Identifier attribute, or {@link DN_ATTRIBUTE}. */
  readonly id: string;
  /** Attributes listed by the administrator; empty = all. */
  readonly attributes: readonly string[];
  /** Mandatory attribute of the class, filled from the name when the body lacks it. */
  readonly required: string | undefined;
}

/** Properties of a directory, read once and bounded. */
export interface LdapSettings {
  readonly dialect: Dialect;
  readonly endpoints: readonly Endpoint[];
  readonly user: string;
  readonly connectTimeoutMs: number;
  readonly operationTimeoutMs: number;
  readonly version: 1 | 2;
  readonly types: Readonly<Record<LdapType, TypeSettings>>;
  readonly pageSizeEntities: number;
  readonly scope: 'one' | 'sub';
  readonly failOnReferral: boolean;
  readonly memberAttribute: string;
  readonly memberOfAttribute: string;
  /** Attribute of a group shown in `memberOf`, and of a user shown in `member`, where no identifier is set. */
  readonly groupName: string;
  readonly memberName: string;
  readonly binaryAttributes: readonly string[];
  readonly escapeMode: EscapeMode;
  /** Placeholder member of classes that need one. */
  readonly emptyMemberDn: string | undefined;
  readonly flatten: { readonly pageSize: number } | undefined;
  readonly deltaAttribute: string | undefined;
  /** Base of slapd's access log. */
  readonly accessLog: Dn | undefined;
  readonly scopeCheck: boolean;
  /** Of everything that decides what is read: a mark made under another one says nothing (CONN-CORE-47). */
  readonly fingerprint: string;
}

export const PAGE_SIZE = { min: 1, max: 100_000, fallback: 100 } as const;
export const FLATTEN_PAGE_SIZE = { min: 100, max: 1000, fallback: 1000 } as const;
export const READ_TIMEOUT_MS = { min: 1, max: 3_600_000, fallback: 30_000 } as const;
export const CONNECT_TIMEOUT_MS = { min: 1, max: 600_000, fallback: 10_000 } as const;

/** Settings in force; a value out of range counts as the default (PRP-7). Throws `fatal` for a path or filter that cannot be parsed. */
export function ldapSettings(properties: Properties, dialect: Dialect): LdapSettings {
  const isAd = dialect.kind === 'ad';
  const text = (name: string, fallback: string): string => textProperty(properties, name) ?? fallback;
  const userId = textProperty(properties, 'ldap.attribute.user.id');
  const groupId = textProperty(properties, 'ldap.attribute.group.id');
  const groupName = text('ldap.group.uniquename.attribute', 'cn');
  const memberName = text('ldap.member.uniquename.attribute', dialect.userId);
  const required = (kind: LdapType): string | undefined =>
    isAd ? undefined : text(`ldap.attribute.${kind}.object.class.required`, 'cn');
  return {
    dialect,
    endpoints: endpointsOf(properties),
    user: text('ldap.user', ''),
    connectTimeoutMs: integerProperty(properties, 'com.sun.jndi.ldap.connect.timeout', CONNECT_TIMEOUT_MS),
    operationTimeoutMs: integerProperty(properties, 'com.sun.jndi.ldap.read.timeout', READ_TIMEOUT_MS),
    version: textProperty(properties, 'ldap.api.version') === '2' ? 2 : 1,
    types: {
      user: {
        base: dnProperty(properties, 'ldap.user.path') ?? [],
        objectClass: text('ldap.user.object.class', dialect.userClass),
        filter: filterProperty(properties, 'ldap.user.filter'),
        id: userId ?? dialect.userId,
        attributes: listProperty(properties, 'ldap.user.attributes'),
        required: required('user'),
      },
      group: {
        base: dnProperty(properties, 'ldap.group.path') ?? [],
        objectClass: text('ldap.group.object.class', dialect.groupClass),
        filter: filterProperty(properties, 'ldap.group.filter'),
        id: groupId ?? 'cn',
        attributes: listProperty(properties, 'ldap.group.attributes'),
        required: required('group'),
      },
    },
    pageSizeEntities: integerProperty(properties, 'ldap.page.size', PAGE_SIZE),
    scope: text('ldap.search.scope', 'sub') === 'one' ? 'one' : 'sub',
    failOnReferral: text('ldap.referrals', 'ignore') === 'fail',
    memberAttribute: isAd ? 'member' : text('ldap.attribute.group.member', 'member'),
    memberOfAttribute: isAd ? 'memberOf' : text('ldap.attribute.user.groups', 'memberOf'),
    groupName: groupId ?? groupName,
    memberName: userId ?? memberName,
    binaryAttributes: listProperty(properties, 'ldap.binary.attributes'),
    escapeMode: text('ldap.dn.escape.mode', 'documented') === 'rfc4514' ? 'rfc4514' : 'documented',
    emptyMemberDn: textProperty(properties, 'ldap.group.empty.member.dn'),
    flatten:
      isAd && booleanProperty(properties, 'ad.group.flatten', false)
        ? { pageSize: integerProperty(properties, 'ad.group.flatten.page.size', FLATTEN_PAGE_SIZE) }
        : undefined,
    deltaAttribute: isAd ? undefined : textProperty(properties, 'ldap.delta.attribute'),
    accessLog: isAd ? undefined : dnProperty(properties, 'ldap.delta.accesslog.path'),
    scopeCheck: booleanProperty(properties, 'ad.delta.scope.check', false),
    fingerprint: fingerprintOf(properties),
  };
}

/** Names of properties that decide which entries are read, and what of them. */
const DECIDING = /^ldap\.(user|group)\.|^ldap\.(attribute|search|api|member|binary)\.|^ad\.group\./;

function fingerprintOf(properties: Properties): string {
  const deciding = Object.entries(properties).filter(([name]) => DECIDING.test(name));
  const hash = createHash('sha256').update(JSON.stringify(deciding.sort(([a], [b]) => (a < b ? -1 : 1))));
  return hash.digest('base64url').slice(0, 22);
}

/** True when the attribute holds user names instead of DNs (RFC 2307). */
export function membersAreNames({ memberAttribute }: LdapSettings): boolean {
  return memberAttribute.toLowerCase() === 'memberuid';
}

/** CONN-AD-10: both lists must name the counter. */
export function wantsUsnDelta(properties: Properties): boolean {
  return ['ldap.user.attributes', 'ldap.group.attributes'].every((name) =>
    listProperty(properties, name).some((attribute) => attribute.toLowerCase() === 'usnchanged'),
  );
}

/** Servers of `ldap.url` in the order to try; parts that are no address are left out, the validator names them. */
function endpointsOf(properties: Properties): Endpoint[] {
  const mode = textProperty(properties, 'ldap.tls.mode');
  const ca = textProperty(properties, CA_PROPERTY);
  const trustAll = booleanProperty(properties, 'TrustAll', false);
  return urlsOf(properties).flatMap(({ url }) => {
    if (url === undefined) return [];
    const encrypted = url.protocol === 'ldaps:';
    const endpoint = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (encrypted ? 636 : 389) : Number(url.port),
      tls: encrypted ? ('ldaps' as const) : mode === 'starttls' ? ('starttls' as const) : ('none' as const),
      trustAll,
    };
    return [ca === undefined ? endpoint : { ...endpoint, ca }];
  });
}

/** The parts of `ldap.url`; `url` is undefined for one that is no LDAP address. */
export function urlsOf(properties: Properties): { readonly text: string; readonly url: URL | undefined }[] {
  return listProperty(properties, 'ldap.url').map((text) => {
    const valid = /^ldaps?:\/\//i.test(text) && URL.canParse(text);
    return { text, url: valid ? new URL(text) : undefined };
  });
}

function dnProperty(properties: Properties, name: string): Dn | undefined {
  return parsedProperty(properties, name, parseDn);
}

function filterProperty(properties: Properties, name: string): Filter | undefined {
  return parsedProperty(properties, name, parseFilter);
}

/** Saving refuses what cannot be parsed; what slipped in must not make a read of everybody, or of nobody. Throws `fatal`. */
function parsedProperty<T>(properties: Properties, name: string, parse: (text: string) => T): T | undefined {
  const text = textProperty(properties, name);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof DnSyntaxError) && !(error instanceof FilterSyntaxError)) throw error;
    const safeMessage = `${name} cannot be understood: ${error.message}`;
    throw new ConnectorError({ kind: 'fatal', scope: 'system', outcome: 'not-applied', safeMessage });
  }
}
