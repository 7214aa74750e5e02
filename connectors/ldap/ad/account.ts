import { connectorError, type Operation } from '../ldap-error.js';
import type { LdapType } from '../ldap-settings.js';
import type { WrittenAttribute } from '../write-values.js';

const ACCOUNT_DISABLED = 0x2;
/** Enabled accounts without a password are what nobody wants (CONN-AD-32). */
const MAX_ACCOUNT_NAME = 20;
const MAX_CN = 64;
const FORBIDDEN_IN_ACCOUNT_NAME = /["/\\[\]:;|=,+*?<>]/;

type Attributes = ReadonlyMap<string, WrittenAttribute>;

/** Refuses what the server would refuse, before anything is sent (CONN-AD-35, CONN-AD-36). Throws `invalid`. */
export function checkAccount(type: LdapType, attributes: Attributes, operation: Operation): void {
  const accountName = textOf(attributes, 'samaccountname');
  if (accountName !== undefined) {
    if (type === 'user' && [...accountName].length > MAX_ACCOUNT_NAME)
      throw connectorError('invalid', operation, `sAMAccountName has more than ${MAX_ACCOUNT_NAME} characters`);
    const wrong = FORBIDDEN_IN_ACCOUNT_NAME.exec(accountName)?.[0];
    if (wrong !== undefined)
      throw connectorError('invalid', operation, `sAMAccountName holds the character ${wrong}, which is not allowed`);
  }
  if ([...(textOf(attributes, 'cn') ?? '')].length > MAX_CN)
    throw connectorError('invalid', operation, `cn has more than ${MAX_CN} characters`);
}

/** `unicodePwd` as Active Directory takes it: UTF-16LE in quotation marks. Throws `fatal` on a readable connection (CONN-AD-30). */
export function withEncodedPassword(attributes: Attributes, isEncrypted: boolean, operation: Operation): Attributes {
  const password = attributes.get('unicodepwd');
  if (password === undefined) return attributes;
  if (!isEncrypted) {
    const text = 'unicodePwd is sent over encrypted connections only: use ldaps:// or ldap.tls.mode=starttls';
    throw connectorError('fatal', operation, text, { scope: 'system' });
  }
  const values = password.values.map((value) => Buffer.from(`"${value.toString()}"`, 'utf16le'));
  return new Map([...attributes, ['unicodepwd', { name: password.name, values }]]);
}

/** An account is made in two steps (CONN-AD-33). */
export interface AccountSteps {
  /** For the add request: with the password, and disabled. */
  readonly first: Attributes;
  /** The account state to set afterwards; undefined when the add request says it all. */
  readonly state: string | undefined;
}

/** An account that is to be enabled is made disabled first, so that none is ever enabled half made. */
export function accountSteps(attributes: Attributes): AccountSteps {
  const state = textOf(attributes, 'useraccountcontrol');
  const bits = state === undefined || !/^\d{1,10}$/.test(state) ? undefined : Number(state);
  const isSimple = bits === undefined || (bits & ACCOUNT_DISABLED) !== 0 || !attributes.has('unicodepwd');
  if (isSimple) return { first: attributes, state: undefined };
  const disabled = { name: 'userAccountControl', values: [String(bits | ACCOUNT_DISABLED)] };
  return { first: new Map([...attributes, ['useraccountcontrol', disabled]]), state };
}

/** True when an account stands as the first step has left it: as wanted, but still disabled. */
export function isUnfinished(wanted: string, current: string | undefined): boolean {
  return current !== undefined && Number(current) === (Number(wanted) | ACCOUNT_DISABLED) && wanted !== current;
}

function textOf(attributes: Attributes, name: string): string | undefined {
  const value = attributes.get(name)?.values[0];
  return typeof value === 'string' ? value : undefined;
}
