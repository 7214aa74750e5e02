import { locationProblems } from '../../core/edge/location.js';
import type { PropertyFinding } from '../contract.js';
import { CA_PROPERTY } from '../http/http-settings.js';
import { listProperty, textProperty, type Properties } from '../property-values.js';
import type { Dialect } from './dialect.js';
import { DnSyntaxError, dnKey, parseDn } from './dn/dn.js';
import { FilterSyntaxError, parseFilter } from './filter/parse.js';
import { urlsOf, wantsUsnDelta } from './ldap-settings.js';

/** Known without being offered: the proxy API, whose answers they shape, is not available in this version. */
export const LDAP_TOLERATED_NAMES: readonly string[] = [
  'ldap.respond.with.resource.after.create',
  'ldap.respond.with.resource.after.update',
];

const LARGE_PAGE = 1_000;
const GLOBAL_CATALOG_PORTS = ['3268', '3269'];

/** Errors beyond single values (CONN-LDAP-02). Credentials in `properties` may be any text. */
export function ldapErrors(properties: Properties, dialect: Dialect): PropertyFinding[] {
  return [
    // What it is without being set.
    ...locationProblems({ 'ldap.proxyType': 'OnPremise', ...properties }),
    ...addressErrors(properties),
    ...dnErrors(properties),
    ...filterErrors(properties),
    ...attributeErrors(properties, dialect),
    ...certificateErrors(properties),
  ];
}

/** What works, but probably not as meant. */
export function ldapWarnings(properties: Properties, dialect: Dialect): PropertyFinding[] {
  const warnings: PropertyFinding[] = [];
  const warn = (property: string, message: string): void => void warnings.push({ property, message });
  const [userPath, groupPath] = ['ldap.user.path', 'ldap.group.path'].map((name) => textProperty(properties, name));
  if (userPath !== undefined && groupPath !== undefined && dnKey(userPath) === dnKey(groupPath))
    warn('ldap.group.path', 'is the same as ldap.user.path: what a member is must then be looked up for each one');
  if (textProperty(properties, 'TrustAll') === 'true')
    warn('TrustAll', 'the certificate of the server is not checked; for tests only');
  if (Number(textProperty(properties, 'ldap.page.size') ?? 0) > LARGE_PAGE)
    warn('ldap.page.size', 'servers usually allow no more than 1000 entries per page');
  if (isReadable(properties)) warn('ldap.url', 'without encryption everything is sent readable, the password included');
  if (urlsOf(properties).some(({ url }) => GLOBAL_CATALOG_PORTS.includes(url?.port ?? '')))
    warn('ldap.url', 'the Global Catalog is read-only and holds a part of the attributes only');
  if (dialect.kind === 'ad') warnings.push(...adWarnings(properties));
  return warnings;
}

/** Attributes that a domain controller makes when they are asked for (MS-ADTS §3.1.1.4.5): no change counter moves with them (CONN-AD-28). */
const CONSTRUCTED = new Set([
  'allowedattributes',
  'allowedattributeseffective',
  'allowedchildclasses',
  'allowedchildclasseseffective',
  'canonicalname',
  'createtimestamp',
  'modifytimestamp',
  'msds-approx-immed-subordinates',
  'msds-resultantpso',
  'msds-user-account-control-computed',
  'msds-userpasswordexpirytimecomputed',
  'primarygrouptoken',
  'subschemasubentry',
  'tokengroups',
  'tokengroupsglobalanduniversal',
  'tokengroupsnogcacceptable',
]);

function adWarnings(properties: Properties): PropertyFinding[] {
  const warnings: PropertyFinding[] = [];
  const delta = /^(enabled|true)$/i.test(textProperty(properties, 'ips.delta.read') ?? '');
  if (delta && !wantsUsnDelta(properties)) {
    const message =
      'every read will be full: delta reads need uSNChanged in ldap.user.attributes and ldap.group.attributes';
    warnings.push({ property: 'ips.delta.read', message });
  }
  for (const property of delta ? ['ldap.user.attributes', 'ldap.group.attributes'] : []) {
    const constructed = listProperty(properties, property).filter((name) => CONSTRUCTED.has(name.toLowerCase()));
    if (constructed.length === 0) continue;
    const message = `${constructed.join(', ')}: made when it is read, so that no delta read tells of its changes; they come with the next full read (ips.full.read.force.count)`;
    warnings.push({ property, message });
  }
  const userClass = textProperty(properties, 'ldap.user.object.class') ?? 'user';
  if (userClass.toLowerCase() === 'user' && textProperty(properties, 'ldap.user.filter') === undefined) {
    const message =
      'the class user also holds computers; set ldap.user.filter to (objectCategory=person) to read people only';
    warnings.push({ property: 'ldap.user.filter', message });
  }
  return warnings;
}

function addressErrors(properties: Properties): PropertyFinding[] {
  const property = 'ldap.url';
  const urls = urlsOf(properties);
  for (const { url } of urls) {
    if (url === undefined || url.hostname === '')
      return [{ property, message: `${property} must be ldap://host:port or ldaps://host:port` }];
    if (url.username !== '' || url.password !== '')
      return [
        { property, message: `${property} must not hold a user name or password; use ldap.user and ldap.password` },
      ];
    if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
      return [{ property, message: `${property} must not hold a path; use ldap.user.path and ldap.group.path` }];
  }
  const mode = textProperty(properties, 'ldap.tls.mode');
  const encrypted = urls.map(({ url }) => url?.protocol.toLowerCase() === 'ldaps:');
  if (mode === 'ldaps' && encrypted.includes(false))
    return [{ property: 'ldap.tls.mode', message: 'ldaps needs addresses that begin with ldaps://' }];
  if ((mode === 'starttls' || mode === 'none') && encrypted.includes(true))
    return [{ property: 'ldap.tls.mode', message: `${mode} contradicts an address that begins with ldaps://` }];
  // ONP-3, CONN-LDAP-12.
  if (isReadable(properties) && textProperty(properties, 'ldap.proxyType') === 'Internet')
    return [{ property, message: 'ldap.proxyType Internet needs ldaps:// or ldap.tls.mode=starttls' }];
  return [];
}

function isReadable(properties: Properties): boolean {
  if (textProperty(properties, 'ldap.tls.mode') === 'starttls') return false;
  return urlsOf(properties).some(({ url }) => url?.protocol.toLowerCase() === 'ldap:' && !isLoopback(url.hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

function dnErrors(properties: Properties): PropertyFinding[] {
  const names = ['ldap.user.path', 'ldap.group.path', 'ldap.group.empty.member.dn', 'ldap.delta.accesslog.path'];
  return names.flatMap((property) => {
    const text = textProperty(properties, property);
    if (text === undefined) return [];
    try {
      parseDn(text);
      return [];
    } catch (error) {
      if (!(error instanceof DnSyntaxError)) throw error;
      return [{ property, message: `${property} is not a DN: ${error.message}` }];
    }
  });
}

function filterErrors(properties: Properties): PropertyFinding[] {
  return ['ldap.user.filter', 'ldap.group.filter'].flatMap((property) => {
    const text = textProperty(properties, property);
    if (text === undefined) return [];
    try {
      parseFilter(text);
      return [];
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error;
      return [{ property, message: `${property} is not an LDAP filter: ${error.message}` }];
    }
  });
}

/** CONN-LDAP-02: mappings refer to these names. */
function attributeErrors(properties: Properties, dialect: Dialect): PropertyFinding[] {
  const empty = Object.entries(properties).filter(
    ([name, value]) => name.startsWith('ldap.attribute.') && value.trim() === '',
  );
  const errors = empty.map(([property]) => ({
    property,
    message: `${property} must not be empty: transformations refer to it; remove it to get the default`,
  }));
  for (const property of [
    'ldap.attribute.user.id',
    'ldap.attribute.group.id',
    'ldap.group.uniquename.attribute',
    'ldap.member.uniquename.attribute',
    'ldap.delta.attribute',
  ]) {
    const value = textProperty(properties, property);
    if (value !== undefined && !/^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)$/.test(value))
      errors.push({ property, message: `${property} must be the name of an attribute` });
  }
  const both = ['ldap.delta.attribute', 'ldap.delta.accesslog.path'].every(
    (name) => listProperty(properties, name).length > 0,
  );
  if (both && dialect.kind === 'ldap') {
    const message = 'ldap.delta.attribute is set as well; only one of them can be followed';
    errors.push({ property: 'ldap.delta.accesslog.path', message });
  }
  return errors;
}

function certificateErrors(properties: Properties): PropertyFinding[] {
  const ca = textProperty(properties, CA_PROPERTY);
  if (ca === undefined || /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(ca)) return [];
  return [{ property: CA_PROPERTY, message: `${CA_PROPERTY} must hold PEM text (-----BEGIN CERTIFICATE-----)` }];
}
