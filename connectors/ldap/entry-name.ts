import { DnSyntaxError, formatRdn, isAtOrBelow, normalizeDn, parseDn, type Ava, type Dn, type Rdn } from './dn/dn.js';
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

/** Another name for an entry. */
export interface NewName {
  readonly rdn: Rdn;
  /** Where it shall lie; undefined: where it lies. */
  readonly superior: Dn | undefined;
  readonly dn: Dn;
}

/** The name that an existing entry shall have, or undefined when it has it already (CONN-LDAP-77). */
export function changedName(
  settings: LdapSettings,
  type: LdapType,
  entry: Entry,
  body: WrittenBody,
  operation: Operation,
): NewName | undefined {
  const current = parseDn(entry.dn);
  const wanted = wantedName(settings, type, current, body, operation);
  if (wanted === undefined) return undefined;
  const [rdn = []] = wanted;
  const parent = wanted.slice(1);
  const sameRdn = isSameRdn(rdn, current[0] ?? []);
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
  const rdn = (current[0] ?? []).map((pair) => ({ type: pair.type, value: wantedValue(pair, body) }));
  for (const { type: attribute, value } of rdn) {
    const isGiven = (body.attributes.get(attribute.toLowerCase())?.values.length ?? 0) > 0;
    if (isGiven && typeof value === 'string') checkName(settings, value, attribute, operation);
  }
  return [rdn, ...current.slice(1)];
}

/** A pair of the name stays while its value is one that the body gives, or the body says nothing of the attribute. */
function wantedValue({ type, value }: Ava, body: WrittenBody): Ava['value'] {
  const values = body.attributes.get(type.toLowerCase())?.values ?? [];
  const [first = value] = values;
  return values.some((one) => one.toString() === value.toString()) ? value : first;
}

/** Upper and lower case of a value count: a name that only changes its case is to be seen. The order of pairs is the server's affair. */
function isSameRdn(left: Rdn, right: Rdn): boolean {
  const text = (rdn: Rdn): string =>
    rdn
      .map(({ type, value }) => formatRdn([{ type: type.toLowerCase(), value }]))
      .sort()
      .join('+');
  return text(left) === text(right);
}

/** A DN that a transformation has put together: parsed and written anew, below the path of its type. */
function mappedDn(settings: LdapSettings, type: LdapType, text: string, operation: Operation): Dn {
  const dn = parsed(settings.escapeMode === 'documented' ? withEscapedSeparators(text) : text, operation);
  const { base } = settings.types[type];
  if (dn.length === 0 || !isAtOrBelow(dn, base) || dn.length === base.length)
    throw connectorError('invalid', operation, `${DN_ATTRIBUTE} does not lie below ldap.${type}.path`);
  for (const { type: attribute, value } of dn[0] ?? [])
    if (typeof value === 'string') checkName(settings, value, attribute, operation);
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
