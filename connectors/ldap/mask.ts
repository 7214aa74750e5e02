const MASK = '***';
const MAX_LENGTH = 300;

/**
 * The diagnostic message of a server without personal data (CONN-LDAP-90): DNs, everything in quotation marks, and everything that looks
 * like an address or a value behind an equals sign is masked; names of attributes and classes, numbers and codes stay, because they are what helps.
 */
export function maskDiagnostic(text: string): string {
  const masked = text
    .slice(0, 4 * MAX_LENGTH)
    .replace(/\p{Cc}+/gu, ' ')
    // A DN: name=value pairs joined by commas or plus signs; commas inside a value are escaped.
    .replace(/\b[A-Za-z][\w.-]*\s*=\s*(?:\\.|[^,+;\\])*(?:\s*[,+;]\s*[A-Za-z][\w.-]*\s*=\s*(?:\\.|[^,+;\\])*)+/gu, MASK)
    .replace(/\b(attribute|class|type) (["'])([A-Za-z][\w-]*)\2/giu, '$1 $3')
    .replace(/"[^"]*"|(?<!\w)'[^']*'(?!\w)|`[^`]*`|<[^>]*>/gu, `"${MASK}"`)
    .replace(/\b([A-Za-z][\w.-]*)\s*=\s*\S+/gu, `$1=${MASK}`)
    .replace(/[^\s"'<>()[\],;:]+@[^\s"'<>()[\],;:]+/gu, MASK)
    .trim();
  return masked.length > MAX_LENGTH ? `${masked.slice(0, MAX_LENGTH - 1)}…` : masked;
}
