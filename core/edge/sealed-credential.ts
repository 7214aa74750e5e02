/** What the text of a credential begins with that only edge workers can open (CONN-CORE-92). */
export const SEALED_PREFIX = 'edge:v1:';

/** True for such a text. */
export function isSealedCredential(value: string): boolean {
  return value.startsWith(SEALED_PREFIX);
}
