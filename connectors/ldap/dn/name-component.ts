/** CONN-LDAP-70, CONN-LDAP-71. */
export type EscapeMode = 'documented' | 'rfc4514';

/**
 * Why a name cannot become the first part of a DN, or undefined. The documented mode escapes commas, plus signs and semicolons only and
 * refuses what would need more; `rfc4514` takes everything but NUL: servers would take it, and the identifier could not be stored.
 */
export function nameProblem(value: string, mode: EscapeMode): string | undefined {
  if (value === '') return 'is empty';
  if (value.includes('\0')) return 'holds NUL; remove it in the transformation';
  if (mode === 'rfc4514') return undefined;
  const wrong = /[=<>#\\]/.exec(value)?.[0];
  if (wrong === undefined) return undefined;
  return `holds the character ${wrong}, which is refused with ldap.dn.escape.mode=documented; set it to rfc4514`;
}
