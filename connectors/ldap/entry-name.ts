import { DnSyntaxError, formatDn, isAtOrBelow, normalizeDn, parseDn, type Dn, type Rdn } from './dn/dn.js';
import { nameProblem } from './dn/name-component.js';
import type { Entry } from './entry.js';
import { connectorError, type Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import type { WrittenBody } from './write-values.js';

/** Attributes that only the server sets: no entry can be named by them. */
const SERVER_SET = new Set(['entryuuid', 'objectguid', 'objectsid', 'nsuniqueid', 'ipauniqueid']);

/** The attribute by which entries of a type are named (CONN-LDAP-60). Active Directory always names by `cn`. */
export function namingAttribute(settings: LdapSettings, type: LdapType): string {
  const { id, required } = settings.types[type];
  if (settings.dialect.kind === 'ad') return 'cn';
  const unusable = id.toLowerCase() === DN_ATTRIBUTE.toLowerCase() || SERVER_SET.has(id.toLowerCase());
  return unusable ? (required ?? 'cn') : id;
}

/** The identifier is the DN itself, so that a move gives another identifier. */
export function isNamedByDn(settings: LdapSettings, type: LdapType): boolean {
  return settings.types[type].id.toLowerCase() === DN_ATTRIBUTE.toLowerCase();
}

/** The DN of a new entry (CONN-LDAP-60, CONN-LDAP-73). Throws `invalid` when the body does not tell it. */
export function newName(settings: LdapSettings, type: LdapType, body: WrittenBody, operation: Operation): Dn {
  if (body.dn !== undefined) return mappedDn(settings, type, body.dn, operation);
  const attribute = namingAttribute(settings, type);
  const value = body.attributes.get(attribute.toLowerCase())?.values[0];
  if (typeof value !== 'string') {
    const text = `the body has no ${attribute}, by which the entry is named; map it, or ${DN_ATTRIBUTE}`;
    throw connectorError('invalid', operation, text);
  }
  checkName(settings, value, attribute, operation);
  return [[{ type: attribute, value }], ...settings.types[type].base];
}

/** The name that an existing entry shall have, or undefined when it has it already (CONN-LDAP-77). */
export function changedName(
  settings: LdapSettings,
  type: LdapType,
  entry: Entry,
  body: WrittenBody,
  operation: Operation,
): { readonly rdn: Rdn; readonly superior: Dn | undefined; readonly dn: Dn } | undefined {
  const current = parseDn(entry.dn);
  const wanted = wantedName(settings, type, current, body, operation);
  if (wanted === undefined) return undefined;
  const [rdn = []] = wanted;
  const parent = wanted.slice(1);
  const sameRdn = sameText([rdn], current.slice(0, 1));
  const sameParent = normalizeDn(parent) === normalizeDn(current.slice(1));
  if (sameRdn && sameParent) return undefined;
  return { rdn, superior: sameParent ? undefined : parent, dn: wanted };
}

function wantedName(
  settings: LdapSettings,
  type: LdapType,
  current: Dn,
  body: WrittenBody,
  operation: Operation,
): Dn | undefined {
  if (isNamedByDn(settings, type))
    return body.dn === undefined ? undefined : mappedDn(settings, type, body.dn, operation);
  const [pair, second] = current[0] ?? [];
  // An RDN of several parts was not made here.
  if (pair === undefined || second !== undefined) return undefined;
  const value = body.attributes.get(pair.type.toLowerCase())?.values[0];
  if (typeof value !== 'string') return undefined;
  checkName(settings, value, pair.type, operation);
  return [[{ type: pair.type, value }], ...current.slice(1)];
}

/** Upper and lower case count: a name that only changes its case is to be seen. */
function sameText(left: Dn, right: Dn): boolean {
  return formatDn(left).replace(/^[^=]*=/, '') === formatDn(right).replace(/^[^=]*=/, '');
}

/** A DN that a transformation has put together: parsed and written anew, below the path of its type. */
function mappedDn(settings: LdapSettings, type: LdapType, text: string, operation: Operation): Dn {
  const dn = parsed(settings.escapeMode === 'documented' ? withEscapedSeparators(text) : text, operation);
  const { base } = settings.types[type];
  if (dn.length === 0 || !isAtOrBelow(dn, base) || dn.length === base.length)
    throw connectorError('invalid', operation, `${DN_ATTRIBUTE} does not lie below ldap.${type}.path`);
  const [pair] = dn[0] ?? [];
  if (typeof pair?.value === 'string') checkName(settings, pair.value, pair.type, operation);
  return dn;
}

/** CONN-LDAP-70: a separator that no `attribute=` follows belongs to the value before it, as in `CN=Smith, John,OU=…`. */
function withEscapedSeparators(text: string): string {
  return text.replace(/(?<!\\)[,+;](?!\s*(?:[A-Za-z][\w-]*|\d+(?:\.\d+)+)\s*=)/g, (separator) => `\\${separator}`);
}

function parsed(text: string, operation: Operation): Dn {
  try {
    return parseDn(text);
  } catch (error) {
    if (!(error instanceof DnSyntaxError)) throw error;
    throw connectorError('invalid', operation, `${DN_ATTRIBUTE} is not a DN: ${error.message}`);
  }
}

function checkName(settings: LdapSettings, value: string, attribute: string, operation: Operation): void {
  const problem = nameProblem(value, settings.escapeMode);
  if (problem !== undefined) throw connectorError('invalid', operation, `${attribute} ${problem}`);
}
