import { readFile } from 'node:fs/promises';
import type { TemporalConfig } from './config.js';

/** TLS as both connection classes of the Temporal SDK take it. */
export interface TemporalTls {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Buffer;
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
}

/** What `Connection.connect` of the client and `NativeConnection.connect` of the worker are given. */
export interface TemporalConnectionOptions {
  readonly address: string;
  readonly tls: TemporalTls | boolean;
  readonly apiKey?: string;
}

/**
 * Connection options for a Temporal service, reading the PEM files that the configuration names. The namespace is not
 * part of it: give `config.temporal.namespace` to the client and to the worker.
 * @throws Error naming the file that cannot be read.
 */
export async function temporalConnectionOptions(temporal: TemporalConfig): Promise<TemporalConnectionOptions> {
  return {
    address: temporal.address,
    tls: temporal.tls ? await tlsOptions(temporal) : false,
    ...(temporal.apiKey === undefined ? {} : { apiKey: temporal.apiKey }),
  };
}

async function tlsOptions(temporal: TemporalConfig): Promise<TemporalTls> {
  const { tlsServerName, tlsServerCaFile, tlsClientCertFile, tlsClientKeyFile } = temporal;
  return {
    ...(tlsServerName === undefined ? {} : { serverNameOverride: tlsServerName }),
    ...(tlsServerCaFile === undefined ? {} : { serverRootCACertificate: await readFile(tlsServerCaFile) }),
    ...(tlsClientCertFile === undefined || tlsClientKeyFile === undefined
      ? {}
      : { clientCertPair: { crt: await readFile(tlsClientCertFile), key: await readFile(tlsClientKeyFile) } }),
  };
}
