/** Shown in the place of a secret. */
export const MASK = '***';

/** The same address with the password of its user part, or of a `password` parameter, replaced by {@link MASK}. */
export function maskUrlPassword(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/?#@"]*):[^\s/?#"]*@/gi, `$1:${MASK}@`)
    .replace(/([?&](?:password|sslpassword)=)[^&\s"]+/gi, `$1${MASK}`);
}

/** Free text with everything masked that has the form of a credential: passwords in addresses, bearer and basic. */
export function maskCredentials(text: string): string {
  return maskUrlPassword(text).replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${MASK}`);
}
