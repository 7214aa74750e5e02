/** What the hexadecimal code in a diagnostic message of Active Directory means (MS-ADTS §3.1.1.3.1.9, MS-ERREF). */
const BIND_CODES: Readonly<Record<string, string>> = {
  '525': 'unknown user',
  '52e': 'wrong password',
  '530': 'logon not allowed at this time',
  '531': 'logon not allowed from this computer',
  '532': 'the password has expired',
  '533': 'the account is disabled',
  '701': 'the account has expired',
  '773': 'the password must be changed first',
  '775': 'the account is locked',
};

const USER_EXISTS = ['00000524', '00000526', '00002071'];
const PASSWORD_POLICY = '0000052D';
const PRINCIPAL_NAME_TAKEN = '000021C8';

/** The code at the beginning of a diagnostic message, `0000052D: …`, or the `data 52e` of a refused bind; upper case, or undefined. */
export function extendedCode(diagnostic: string): string | undefined {
  const data = /\bdata ([0-9a-f]{3,8})\b/i.exec(diagnostic)?.[1];
  if (data !== undefined && data !== '0' && BIND_CODES[data.toLowerCase()] !== undefined) return data.toLowerCase();
  return /^([0-9A-F]{8}):/i.exec(diagnostic)?.[1]?.toUpperCase();
}

/** An account or group of this name is there already, perhaps in another container (CONN-LDAP-65). */
export function isNameTaken(code: number, diagnostic: string): boolean {
  const extended = extendedCode(diagnostic);
  // The principal name is no key by which an entry is found.
  if (extended === PRINCIPAL_NAME_TAKEN) return false;
  return code === 68 || (code === 19 && extended !== undefined && USER_EXISTS.includes(extended));
}

/**
 * Another account of the forest has this `userPrincipalName`. Of a create that is no conflict, because no entry is found by it; of an update it
 * is, because whoever has it may give it up.
 */
export function isPrincipalNameTaken(diagnostic: string): boolean {
  // Samba has no code of its own for it.
  return (
    extendedCode(diagnostic) === PRINCIPAL_NAME_TAKEN || /userPrincipalName .* is already in use/s.test(diagnostic)
  );
}

/** Words for what only Active Directory tells; undefined where it tells nothing special. */
export function activeDirectoryText(code: number, diagnostic: string): string | undefined {
  const extended = extendedCode(diagnostic);
  if (code === 49 && extended !== undefined) {
    const reason = BIND_CODES[extended];
    return reason === undefined ? undefined : `the server refuses ldap.user: ${reason} (${extended})`;
  }
  if (extended === PASSWORD_POLICY) return 'the password does not meet the password policy (0000052D)';
  if (isPrincipalNameTaken(diagnostic)) return `userPrincipalName is not unique in the forest (${extended ?? code})`;
  return undefined;
}
