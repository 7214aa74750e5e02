import type { Dispatcher, Pool } from 'undici';
import type { ReachGuard } from '../reach-guard.js';
import { ConnectorError } from '../errors.js';
import { onAbort } from './abort-listeners.js';
import { refusedLiteral } from './address-guard.js';
import { basicAuthorization, type Credentials } from './credentials.js';
import { exchange, ExchangeFailure, type ExchangeResult } from './exchange.js';
import { addressRefused, createPool, HTTP_LIMITS, type TlsOptions } from './http-client.js';
import { protocolError, statusError, transportError, type Operation } from './http-error.js';
import { placeOf } from './reached-place.js';
import { parseRetryAfterMs } from './retry-after.js';

/** OAuth 2.0 client credentials (RFC 6749 §4.4; CONN-SCIM-03). */
export interface OAuthOptions {
  /** May carry a query, which is kept. */
  readonly tokenUrl: URL;
  readonly client: OAuthClient;
  /** Scopes separated by blanks. */
  readonly scope?: string;
  readonly tls: TlsOptions;
  readonly clock: () => Date;
  /** Passed with every request; see the connector's context. */
  readonly guard?: ReachGuard | undefined;
}

/** How the token service knows the client. */
export type OAuthClient =
  /** By a secret, in the header of the token request or in its body (PRP-29). */
  | { readonly kind: 'basic' | 'form'; readonly id: string; readonly secret: string }
  /** By its certificate in mutual TLS; the body only names it (CRT-9, RFC 8705 §2). */
  | { readonly kind: 'certificate'; readonly id: string };

const EARLY_RENEWAL_MS = 60_000;
const SHORTEST_LIFE_MS = 30_000;
/** CONN-SCIM-07. */
const LIFE_WITHOUT_EXPIRY_MS = 300_000;
const TOKEN_MAX_BYTES = 256 * 1024;

interface Token {
  readonly authorization: string;
  readonly validUntilMs: number;
}

/**
 * Fetches a token when the first request needs it, keeps it until 60 s before it expires (at least 30 s), and lets all callers
 * wait for one and the same request.
 */
export function oauthCredentials(options: OAuthOptions): Credentials {
  return new ClientCredentials(options);
}

class ClientCredentials implements Credentials {
  readonly renewable = true;
  private token: Token | undefined;
  private pending: Promise<Token> | undefined;
  private pool: Pool | undefined;

  constructor(private readonly options: OAuthOptions) {}

  authorization(signal: AbortSignal | undefined): string | Promise<string> {
    const { token } = this;
    if (token !== undefined && this.options.clock().getTime() < token.validUntilMs) return token.authorization;
    this.pending ??= this.startFetch();
    return abandonable(this.pending, signal, this.operation()).then(({ authorization }) => authorization);
  }

  rejected(authorization: string | undefined): void {
    // Another caller may have renewed it meanwhile: only the very token that was refused is dropped.
    if (this.token?.authorization === authorization) this.token = undefined;
  }

  async close(): Promise<void> {
    await this.pool?.destroy();
  }

  private startFetch(): Promise<Token> {
    const pending = this.fetchToken().finally(() => (this.pending = undefined));
    // All who wait may have been stopped meanwhile: then nobody else handles a refusal.
    pending.catch(() => undefined);
    return pending;
  }

  private async fetchToken(): Promise<Token> {
    const operation = this.operation();
    const { tokenUrl, tls, guard } = this.options;
    guard?.(placeOf(tokenUrl, tokenUrl.pathname + tokenUrl.search));
    if (refusedLiteral(tokenUrl.hostname)) throw transportError(addressRefused(), operation);
    this.pool ??= createPool(tokenUrl.origin, tls, HTTP_LIMITS.connectTimeoutMs, 1);
    const result = await this.send(this.pool, operation);
    this.token = tokenOf(result, operation, this.options);
    return this.token;
  }

  private async send(pool: Dispatcher, operation: Operation): Promise<ExchangeResult> {
    const { tokenUrl } = this.options;
    try {
      return await exchange(pool, {
        method: 'POST',
        path: tokenUrl.pathname + tokenUrl.search,
        headers: this.headers(),
        body: this.form(),
        headersTimeoutMs: HTTP_LIMITS.readTimeoutMs,
        totalTimeoutMs: HTTP_LIMITS.readTimeoutMs,
        maxBytes: TOKEN_MAX_BYTES,
        cancelGraceMs: 0,
      });
    } catch (error) {
      if (error instanceof ExchangeFailure) throw transportError(error, operation);
      throw error;
    }
  }

  private headers(): string[] {
    const headers = ['accept', 'application/json', 'content-type', 'application/x-www-form-urlencoded'];
    const { client } = this.options;
    return client.kind === 'basic'
      ? [...headers, 'authorization', basicAuthorization(client.id, client.secret)]
      : headers;
  }

  private form(): string {
    const { tokenUrl, scope, client } = this.options;
    const form = new URLSearchParams();
    if (!tokenUrl.searchParams.has('grant_type')) form.set('grant_type', 'client_credentials');
    if (scope !== undefined && scope !== '' && !tokenUrl.searchParams.has('scope')) form.set('scope', scope);
    if (client.kind !== 'basic') form.set('client_id', client.id);
    if (client.kind === 'form') form.set('client_secret', client.secret);
    return form.toString();
  }

  private operation(): Operation {
    const { tokenUrl, tls } = this.options;
    return {
      label: 'token request',
      kind: 'system',
      method: 'POST',
      safeUrl: tokenUrl.origin + tokenUrl.pathname,
      showsCertificate: tls.identity !== undefined,
    };
  }
}

/** Where a refusal may come from. */
const SETTINGS: Readonly<Record<OAuthClient['kind'], string>> = {
  basic: 'OAuth2TokenServiceURL, User, Password, AuthType and OAuth2TokenScope',
  form: 'OAuth2TokenServiceURL, User, Password, AuthType and OAuth2TokenScope',
  certificate:
    'OAuth2TokenServiceURL, client_id, OAuth2TokenScope and whether the token service knows the active outbound certificate',
};

/** A refused token request says that nothing else will work (ORD-7), whatever the status it is refused with. */
function tokenOf(result: ExchangeResult, operation: Operation, { client, clock }: OAuthOptions): Token {
  const now = clock();
  if (result.status !== 200 && result.status !== 201) throw tokenError(result, operation, client, now);
  const answer = parseToken(result.body);
  if (answer === undefined)
    throw protocolError(operation, 'the answer holds no access_token; check OAuth2TokenServiceURL');
  const lifeMs = answer.expiresInS === undefined ? LIFE_WITHOUT_EXPIRY_MS : answer.expiresInS * 1000 - EARLY_RENEWAL_MS;
  return {
    authorization: `Bearer ${answer.accessToken}`,
    validUntilMs: now.getTime() + Math.max(lifeMs, SHORTEST_LIFE_MS),
  };
}

function tokenError(result: ExchangeResult, operation: Operation, client: OAuthClient, now: Date): ConnectorError {
  const { status } = result;
  const passing = status < 400 || status === 408 || status === 429 || status >= 500;
  if (passing) {
    const header = result.headers['retry-after'];
    const retryAfterMs = parseRetryAfterMs(typeof header === 'string' ? header : undefined, now);
    return statusError({ status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }, operation);
  }
  const code = oauthErrorCode(result.body);
  const text = code === undefined ? `HTTP ${status}` : `HTTP ${status} ${code}`;
  return new ConnectorError({
    kind: 'auth',
    scope: 'system',
    outcome: 'not-applied',
    status,
    ...(code === undefined ? {} : { vendorCode: code }),
    safeMessage: `${operation.label}: ${text}; check ${SETTINGS[client.kind]}`,
    adminMessage: `HTTP operation failed invoking ${operation.safeUrl} with statusCode: ${status}, Response: ${code ?? ''}`,
  });
}

function parseToken(body: Buffer): { accessToken: string; expiresInS: number | undefined } | undefined {
  const answer = parseObject(body);
  const accessToken = answer?.['access_token'];
  // Anything else cannot be a header value: a line break would be a second header.
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) return undefined;
  const expiresInS = Number(answer?.['expires_in'] ?? Number.NaN);
  return { accessToken, expiresInS: Number.isFinite(expiresInS) && expiresInS > 0 ? expiresInS : undefined };
}

/** Only codes of RFC 6749 §5.2 and the like: a word, never free text. */
function oauthErrorCode(body: Buffer): string | undefined {
  const code = parseObject(body)?.['error'];
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : undefined;
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function abandonable<T>(promise: Promise<T>, signal: AbortSignal | undefined, operation: Operation): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(transportError(new ExchangeFailure('cancelled', false), operation));
    if (signal.aborted) return abandon();
    const stopListening = onAbort(signal, abandon);
    void promise.then(resolve, reject).finally(stopListening);
  });
}
