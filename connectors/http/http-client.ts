import { Pool, type buildConnector } from 'undici';
import type { ConnectorLimits } from '../contract.js';
import type { ReachGuard } from '../reach-guard.js';
import { placeOf } from './reached-place.js';
import type { ConnectorError } from '../errors.js';
import { AddressRefusedError, guardedLookup, refusedLiteral } from './address-guard.js';
import { certifiedConnector, type ClientIdentity } from './client-certificate.js';
import type { Credentials } from './credentials.js';
import { decode, UndecodableError } from './decode.js';
import { exchange, ExchangeFailure, type ExchangeRequest } from './exchange.js';
import { protocolError, transportError, type Operation } from './http-error.js';
import { CollectedResponse, type HttpResponse } from './http-response.js';

/** Where and how a system is reached. */
export interface HttpClientOptions {
  /** Only its origin counts; paths come with the requests. */
  readonly baseUrl: URL;
  readonly credentials: Credentials;
  /** Values that must not stand in any message, whoever says them. */
  readonly secrets?: readonly string[];
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Connections to the system at most. */
  readonly connections: number;
  readonly clock: () => Date;
  readonly limits?: Partial<HttpLimits>;
  /** Passed before every request; see the connector's context. */
  readonly pace?: ((signal: AbortSignal | undefined) => Promise<() => void>) | undefined;
  /** Passed with every request; see the connector's context. */
  readonly guard?: ReachGuard | undefined;
}

/** Trust and identity of TLS connections. */
export interface TlsOptions {
  /** No certificate check at all (PRP-30). For tests only; the validator warns. */
  readonly trustAll: boolean;
  /** PEM text of additional certificate authorities; replaces the built-in list for this system. */
  readonly ca?: string;
  /** For mutual TLS; absent: connections bring no certificate. */
  readonly identity?: ClientIdentity;
}

/** Limits of contract.md §13, changeable for tests. */
export interface HttpLimits {
  readonly connectTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly listTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly listMaxBytes: number;
  readonly entityMaxBytes: number;
  /** How long a write that is under way may finish after a stop (25 s are allowed by the engine's stop rule). */
  readonly writeCancelGraceMs: number;
}

/** Defaults of contract.md §13 and CONN-CORE-26. */
export const HTTP_LIMITS: HttpLimits = {
  connectTimeoutMs: 10_000,
  writeTimeoutMs: 60_000,
  readTimeoutMs: 60_000,
  listTimeoutMs: 120_000,
  totalTimeoutMs: 300_000,
  listMaxBytes: 5 * 1024 * 1024,
  entityMaxBytes: 64 * 1024 * 1024,
  writeCancelGraceMs: 20_000,
};

/** The limits that follow from those of a caller. */
export function httpLimits({ requestTimeoutMs: limit }: ConnectorLimits = {}): Partial<HttpLimits> {
  if (limit === undefined) return {};
  return {
    connectTimeoutMs: limit,
    writeTimeoutMs: limit,
    readTimeoutMs: limit,
    listTimeoutMs: limit,
    totalTimeoutMs: limit,
  };
}

/** One request of a connector. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Encoded path with query, starting with `/`. */
  readonly path: string;
  /** For messages, for example `create user`. */
  readonly label: string;
  readonly kind: Operation['kind'];
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Called each time right before the request is written to a connection; what it throws passes through, and nothing is sent. */
  readonly beforeSend?: (() => void) | undefined;
}

/** HTTP access to one system. Throws only {@link ConnectorError}. */
export interface HttpClient {
  /** One request; 401 leads to one renewal of a renewable credential and one repetition (CONN-SCIM-06). */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Absolute address of a path, with query values left out: for messages. */
  safeUrl(path: string): string;
  close(): Promise<void>;
}

/** A client with a pool of its own. Opens no connection before the first request. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new UndiciHttpClient(options);
}

class UndiciHttpClient implements HttpClient {
  private readonly pool: Pool;
  private readonly origin: string;
  private readonly limits: HttpLimits;
  private readonly fixedHeaders: readonly string[];
  private readonly refused: boolean;

  constructor(private readonly options: HttpClientOptions) {
    this.origin = options.baseUrl.origin;
    this.limits = { ...HTTP_LIMITS, ...options.limits };
    this.refused = refusedLiteral(options.baseUrl.hostname);
    this.fixedHeaders = Object.entries(options.headers).flat();
    this.pool = createPool(this.origin, options.tls, this.limits.connectTimeoutMs, options.connections);
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const operation = this.operation(request);
    if (this.refused) throw transportError(addressRefused(), operation);
    const { credentials, guard, baseUrl } = this.options;
    guard?.(placeOf(baseUrl, request.path));
    const authorization = await credentials.authorization(request.signal);
    const response = await this.send(request, operation, authorization);
    if (response.status !== 401 || !credentials.renewable) return response;
    credentials.rejected(authorization);
    return this.send(request, operation, await credentials.authorization(request.signal));
  }

  safeUrl(path: string): string {
    return this.origin + path.replace(/([?&][^=&]+)=[^&]*/g, '$1=…');
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.pool.destroy(), this.options.credentials.close()]);
  }

  private operation(request: HttpRequest): Operation {
    // The address is needed for messages only: most requests never ask for it.
    const safeUrl = (): string => this.safeUrl(request.path);
    return {
      label: request.label,
      kind: request.kind,
      method: request.method,
      showsCertificate: this.options.tls.identity !== undefined,
      get safeUrl() {
        return safeUrl();
      },
    };
  }

  private async send(
    request: HttpRequest,
    operation: Operation,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    const leave = await this.enter(request, operation);
    try {
      const result = await exchange(this.pool, this.wireRequest(request, authorization));
      const text = await decode(result, this.maxBytes(request));
      return new CollectedResponse(result, text, operation, this.options.clock, this.options.secrets ?? []);
    } catch (error) {
      if (error instanceof ExchangeFailure) throw transportError(error, operation);
      if (error instanceof UndecodableError) throw undecodable(error, operation);
      throw error;
    } finally {
      leave?.();
    }
  }

  private async enter(request: HttpRequest, operation: Operation): Promise<(() => void) | undefined> {
    if (this.options.pace === undefined) return undefined;
    try {
      return await this.options.pace(request.signal);
    } catch (error) {
      if (request.signal?.aborted !== true) throw error;
      throw transportError(new ExchangeFailure('cancelled', false), operation);
    }
  }

  private wireRequest(request: HttpRequest, authorization: string | undefined): ExchangeRequest {
    const { limits } = this;
    const headers = [...this.fixedHeaders];
    if (authorization !== undefined) headers.push('authorization', authorization);
    for (const name in request.headers) headers.push(name, request.headers[name] ?? '');
    const write = request.kind === 'write';
    return {
      method: request.method,
      path: request.path,
      headers,
      headersTimeoutMs: write
        ? limits.writeTimeoutMs
        : request.kind === 'list'
          ? limits.listTimeoutMs
          : limits.readTimeoutMs,
      // The engine's leases rest on this limit for writes, so it includes the wait for a connection.
      totalTimeoutMs: write ? limits.writeTimeoutMs : limits.totalTimeoutMs,
      maxBytes: this.maxBytes(request),
      cancelGraceMs: write ? limits.writeCancelGraceMs : 0,
      ...(request.beforeSend === undefined ? {} : { beforeSend: request.beforeSend }),
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
  }

  private maxBytes(request: HttpRequest): number {
    return request.kind === 'list' ? this.limits.listMaxBytes : this.limits.entityMaxBytes;
  }
}

/** A pool that checks addresses and certificates; also used for the token service. */
export function createPool(origin: string, tls: TlsOptions, connectTimeoutMs: number, connections: number): Pool {
  const connect: buildConnector.BuildOptions = {
    timeout: connectTimeoutMs,
    lookup: guardedLookup,
    rejectUnauthorized: !tls.trustAll,
    minVersion: 'TLSv1.2',
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
  return new Pool(origin, {
    connections,
    pipelining: 1,
    connect: tls.identity === undefined ? connect : certifiedConnector(connect, tls.identity),
  });
}

/** The failure of a URL whose host is a refused address literal. */
export function addressRefused(): ExchangeFailure {
  return new ExchangeFailure('network', false, { cause: new AddressRefusedError() });
}

function undecodable(error: UndecodableError, operation: Operation): ConnectorError {
  const outcome = operation.kind === 'write' ? 'unknown' : 'not-applied';
  if (error.problem !== 'size') return protocolError(operation, error.message, { outcome });
  const tooLarge = new ExchangeFailure('too-large', true, { cause: error });
  return transportError(tooLarge, operation);
}
