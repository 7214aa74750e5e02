import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { Pool } from 'undici';
import { ConnectorError } from '../errors.js';
import { AddressRefusedError, guardedLookup, refusedLiteral } from './address-guard.js';
import type { Credentials } from './credentials.js';
import { exchange, ExchangeFailure, type ExchangeRequest, type ExchangeResult } from './exchange.js';
import { protocolError, statusError, transportError, type Operation } from './http-error.js';
import { parseRetryAfterMs } from './retry-after.js';

/** Where and how a system is reached. */
export interface HttpClientOptions {
  /** Only its origin counts; paths come with the requests. */
  readonly baseUrl: URL;
  readonly credentials: Credentials;
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Connections to the system at most. */
  readonly connections: number;
  readonly clock: () => Date;
  readonly limits?: Partial<HttpLimits>;
}

/** Trust and identity of TLS connections. */
export interface TlsOptions {
  /** No certificate check at all (PRP-30). For tests only; the validator warns. */
  readonly trustAll: boolean;
  /** PEM text of additional certificate authorities; replaces the built-in list for this system. */
  readonly ca?: string;
  /** Client certificate for mutual TLS, both PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly privateKey: string };
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
}

/** The answer, whatever its status: the dialect decides what a status means. */
export interface HttpResponse {
  readonly status: number;
  readonly operation: Operation;
  /** First value of a header, name in lower case. */
  header(name: string): string | undefined;
  /** All values of a header. */
  headerValues(name: string): readonly string[];
  /** Body as text; empty if there is none. */
  readonly text: string;
  /** `Retry-After`, bounded. */
  readonly retryAfterMs: number | undefined;
  /** The media type says HTML, or the text looks like it: a login page, a proxy, a wrong URL. */
  readonly isHtml: boolean;
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
    const { credentials } = this.options;
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
    try {
      const result = await exchange(this.pool, this.wireRequest(request, authorization));
      const text = await decode(result, this.maxBytes(request));
      return new Response(result, text, operation, this.options.clock);
    } catch (error) {
      if (error instanceof ExchangeFailure) throw transportError(error, operation);
      if (error instanceof UndecodableError) throw undecodable(error, operation);
      throw error;
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
  return new Pool(origin, {
    connections,
    pipelining: 1,
    connect: {
      timeout: connectTimeoutMs,
      lookup: guardedLookup,
      rejectUnauthorized: !tls.trustAll,
      minVersion: 'TLSv1.2',
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.clientCertificate === undefined
        ? {}
        : { cert: tls.clientCertificate.certificate, key: tls.clientCertificate.privateKey }),
    },
  });
}

/** The failure of a URL whose host is a refused address literal. */
export function addressRefused(): ExchangeFailure {
  return new ExchangeFailure('network', false, { cause: new AddressRefusedError() });
}

class Response implements HttpResponse {
  readonly status: number;

  constructor(
    private readonly result: ExchangeResult,
    readonly text: string,
    readonly operation: Operation,
    private readonly clock: () => Date,
  ) {
    this.status = result.status;
  }

  header(name: string): string | undefined {
    const value = this.result.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  headerValues(name: string): readonly string[] {
    const value = this.result.headers[name];
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  }

  get retryAfterMs(): number | undefined {
    return parseRetryAfterMs(this.header('retry-after'), this.clock());
  }

  get isHtml(): boolean {
    return /^\s*(text\/html|application\/xhtml)/i.test(this.header('content-type') ?? '') || /^\s*</.test(this.text);
  }
}

class UndecodableError extends Error {
  constructor(
    readonly problem: 'encoding' | 'text' | 'size',
    message: string,
  ) {
    super(message);
  }
}

const inflaters = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** We ask for no compression, yet some gateways compress: decoded with the same byte cap against bombs. */
function decode(result: ExchangeResult, maxBytes: number): string | Promise<string> {
  const encoding = result.headers['content-encoding'];
  if (result.body.length === 0) return '';
  if (encoding === undefined || encoding === 'identity') return textOf(result.body);
  return inflated(result.body, String(encoding).toLowerCase(), maxBytes);
}

async function inflated(body: Buffer, encoding: string, maxBytes: number): Promise<string> {
  if (!isKnownEncoding(encoding)) throw new UndecodableError('encoding', 'the answer has an unknown content encoding');
  try {
    return textOf(await inflaters[encoding](body, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (error instanceof UndecodableError) throw error;
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLarge) throw new UndecodableError('size', 'the decompressed answer exceeds the size limit');
    throw new UndecodableError('encoding', 'the answer cannot be decompressed');
  }
}

function isKnownEncoding(encoding: string): encoding is keyof typeof inflaters {
  return Object.hasOwn(inflaters, encoding);
}

function textOf(body: Buffer): string {
  // A decoder that replaces bad bytes would change names without anybody noticing.
  if (!isUtf8(body)) throw new UndecodableError('text', 'the answer is not valid UTF-8');
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return body.toString('utf8', hasMark ? 3 : 0);
}

function undecodable(error: UndecodableError, operation: Operation): ConnectorError {
  const outcome = operation.kind === 'write' ? 'unknown' : 'not-applied';
  if (error.problem !== 'size') return protocolError(operation, error.message, { outcome });
  const tooLarge = new ExchangeFailure('too-large', true, { cause: error });
  return transportError(tooLarge, operation);
}

/** Turns an answer that is not a success into an error, without anything of its body. */
export function plainStatusError(response: HttpResponse): ConnectorError {
  const { retryAfterMs } = response;
  return statusError(
    { status: response.status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    response.operation,
  );
}
