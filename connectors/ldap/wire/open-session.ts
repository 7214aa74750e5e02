import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { BindRequest, ExtendedRequest } from 'ldapts';
import { AddressRefusedError, ADDRESS_REFUSED, guardedLookup, refusedLiteral } from '../../http/address-guard.js';
import { LdapSession, type SessionLimits } from './session.js';
import { WireError } from './wire-error.js';

/** RFC 4511 §4.14. */
const START_TLS_OID = '1.3.6.1.4.1.1466.20037';

/** One server and how to speak with it. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'starttls' | 'ldaps';
  /** PEM; replaces the built-in list of authorities. */
  readonly ca?: string;
  readonly trustAll: boolean;
}

/** Everything a session needs. */
export interface SessionOptions {
  readonly endpoint: Endpoint;
  /** Bind DN (or user principal name) and password. */
  readonly user: string;
  readonly password: string;
  readonly connectTimeoutMs: number;
  readonly limits: SessionLimits;
  readonly signal?: AbortSignal | undefined;
}

/** Connects, encrypts and binds. Throws WireError, or ResultError when the server refuses the credentials. */
export async function openSession(options: SessionOptions): Promise<LdapSession> {
  const { endpoint, limits, signal } = options;
  if (signal?.aborted === true) throw new WireError('cancelled', false);
  const socket = await connected(options, () =>
    endpoint.tls === 'ldaps'
      ? connectTls({ ...tlsOptions(endpoint), host: endpoint.host, port: endpoint.port, lookup: guardedLookup })
      : connectTcp({ host: endpoint.host, port: endpoint.port, lookup: guardedLookup }),
  );
  const session = new LdapSession(socket, limits, endpoint.tls === 'ldaps');
  try {
    if (endpoint.tls === 'starttls') await startTls(session, options);
    await session.request(
      new BindRequest({ messageId: 0, dn: options.user, password: options.password }),
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    session.close();
    throw error;
  }
  return session;
}

/** The credentials are sent only after the server has proven who it is. */
async function startTls(session: LdapSession, options: SessionOptions): Promise<void> {
  const { endpoint, signal } = options;
  await session.request(new ExtendedRequest({ messageId: 0, oid: START_TLS_OID }), { signal });
  const bare = session.detach();
  const socket = await connected(options, () => connectTls({ ...tlsOptions(endpoint), socket: bare }));
  session.encrypted(socket);
}

function tlsOptions({ host, ca, trustAll }: Endpoint): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: !trustAll,
    // A name for the handshake; with an address the certificate is checked against the address.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function connected(options: SessionOptions, open: () => Socket): Promise<Socket> {
  if (refusedLiteral(options.endpoint.host)) throw refused(new AddressRefusedError());
  return new Promise((resolve, reject) => {
    const socket = open();
    const event = 'getPeerCertificate' in socket ? 'secureConnect' : 'connect';
    const timer = setTimeout(() => failed(new WireError('timeout', false)), options.connectTimeoutMs);
    const cancelled = (): void => failed(new WireError('cancelled', false));
    const end = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', cancelled);
      socket.removeListener('error', onError);
      socket.removeListener('close', onClose);
      socket.removeListener(event, onConnect);
    };
    const failed = (error: WireError): void => {
      end();
      // What a dying socket still has to say interests nobody.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException): void => failed(connectError(error));
    const onClose = (): void => failed(new WireError('closed', false));
    const onConnect = (): void => {
      end();
      resolve(socket);
    };
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once(event, onConnect);
    options.signal?.addEventListener('abort', cancelled);
  });
}

function refused(cause: Error): WireError {
  return new WireError('refused', false, ADDRESS_REFUSED, { cause });
}

function connectError(error: NodeJS.ErrnoException): WireError {
  const code = error.code ?? '';
  if (code === ADDRESS_REFUSED) return refused(error);
  const tls = /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/.test(code);
  return new WireError(tls ? 'tls' : 'network', false, code, { cause: error });
}
