import { buildConnector } from 'undici';
import { certificateProblem } from '../../core/certificates/usable.js';
import type { ClientCertificate, ConnectorContext } from '../contract.js';

/** Code of {@link ClientCertificateError}. */
export const CLIENT_CERTIFICATE_UNUSABLE = 'MUSTER_CLIENT_CERTIFICATE';

/** The system has no certificate that a connection could be made with; its message says what to do. */
export class ClientCertificateError extends Error {
  readonly code = CLIENT_CERTIFICATE_UNUSABLE;
}

/** The identity for the next connection of a system. The promise rejects with {@link ClientCertificateError}. */
export type ClientIdentity = () => Promise<ClientCertificate>;

/** The identity that a context gives, checked each time it is asked for. */
export function clientIdentity({ clientCertificate, clock }: ConnectorContext): ClientIdentity {
  return async () => {
    const certificate = await clientCertificate?.();
    const problem = certificateProblem(certificate, clock());
    if (certificate === undefined || problem !== undefined) throw new ClientCertificateError(problem);
    return certificate;
  };
}

/**
 * Opens each connection with the certificate that is active then. One opener for each certificate, because it remembers TLS sessions, and a
 * session that is taken up again brings the certificate it began with.
 */
export function certifiedConnector(
  options: buildConnector.BuildOptions,
  identity: ClientIdentity,
): buildConnector.connector {
  let current: { readonly certificate: string; readonly open: buildConnector.connector } | undefined;
  const openerFor = async (): Promise<buildConnector.connector> => {
    const { certificate, privateKey } = await identity();
    if (current?.certificate !== certificate)
      current = { certificate, open: buildConnector({ ...options, cert: certificate, key: privateKey }) };
    return current.open;
  };
  return (target, callback) => {
    openerFor()
      .then((open) => open(target, callback))
      .catch((error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null));
  };
}
