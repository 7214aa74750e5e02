const AUTHENTICATION = 'Authentication';
/** Value of the property `Authentication` that asks for an outbound certificate (CRT-1). */
export const BY_CERTIFICATE = 'ClientCertificateAuthentication';

/** True when a system proves who it is by its outbound certificate (PRP-23). */
export function usesClientCertificate(properties: Readonly<Record<string, string>>): boolean {
  return properties[AUTHENTICATION]?.trim() === BY_CERTIFICATE;
}

/** Why no connection can be made with the active certificate of a system, or undefined. */
export function certificateProblem(
  certificate: { readonly validUntil: Date } | undefined,
  now: Date,
): string | undefined {
  if (certificate === undefined)
    return 'the system has no active outbound certificate; generate one and upload its public part to the back end';
  if (certificate.validUntil > now) return undefined;
  return `the active outbound certificate has expired on ${certificate.validUntil.toISOString()}; generate a new one, upload its public part to the back end and activate it`;
}

/** Why a system can have no outbound certificates, or undefined (CRT-1). `takes`: its type knows this kind of authentication. */
export function certificatesRefused(properties: Readonly<Record<string, string>>, takes: boolean): string | undefined {
  const onPremise = ['ProxyType', 'ldap.proxyType'].find((name) => properties[name]?.trim() === 'OnPremise');
  if (onPremise !== undefined)
    return `${onPremise} is OnPremise: such systems have no outbound certificates; set it to Internet`;
  if (!takes) return 'systems of this type do not authenticate with certificates';
  if (usesClientCertificate(properties)) return undefined;
  return `${AUTHENTICATION} is not ${BY_CERTIFICATE}: set this property first`;
}
