/** How clients must prove who they are. Values are for tests and demos, never for a real system. */
export type ScimAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** OAuth 2.0 client credentials; the token endpoint takes the secret in the header or the body. */
  | {
      readonly kind: 'oauth';
      readonly clientId: string;
      readonly clientSecret: string;
      /** Seconds until a token expires; also told in `expires_in`. */
      readonly expiresInSeconds?: number;
      /** The answer does not say when the token expires. */
      readonly hidesExpiry?: boolean;
    };

/** Path of the token endpoint, at the root of the server. */
export const TOKEN_PATH = '/oauth/token';

/** Answer of the token endpoint. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: string;
}

/** Checks credentials and issues tokens. */
export class Gatekeeper {
  readonly #auth: ScimAuth;
  readonly #nowMs: () => number;
  readonly #expected: string | undefined;
  /** Tokens issued, with the time they expire. */
  readonly #tokens = new Map<string, number>();
  #lastToken = 0;

  constructor(auth: ScimAuth, nowMs: () => number) {
    this.#auth = auth;
    this.#nowMs = nowMs;
    if (auth.kind === 'basic') this.#expected = basicHeader(auth.user, auth.password);
    if (auth.kind === 'bearer') this.#expected = `Bearer ${auth.token}`;
  }

  /** Tokens issued so far. */
  get issued(): number {
    return this.#lastToken;
  }

  allows(header: string | undefined): boolean {
    if (this.#auth.kind === 'none') return true;
    if (this.#auth.kind !== 'oauth') return header === this.#expected;
    const expiresAtMs = this.#tokens.get((header ?? '').replace(/^Bearer /i, ''));
    return expiresAtMs !== undefined && expiresAtMs > this.#nowMs();
  }

  /** All tokens issued so far stop working. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** The token endpoint (RFC 6749 §4.4). */
  issue(header: string | undefined, form: string): TokenAnswer {
    if (this.#auth.kind !== 'oauth') return { status: 404, body: '{"error":"not_found"}' };
    const { clientId, clientSecret, expiresInSeconds = 3600 } = this.#auth;
    const parameters = new URLSearchParams(form);
    const inBody = parameters.get('client_id') === clientId && parameters.get('client_secret') === clientSecret;
    if (!inBody && header !== basicHeader(clientId, clientSecret)) {
      return { status: 401, body: '{"error":"invalid_client"}' };
    }
    if (parameters.get('grant_type') !== 'client_credentials') {
      return { status: 400, body: '{"error":"unsupported_grant_type"}' };
    }
    this.#lastToken += 1;
    const token = `simulated-token-${this.#lastToken}`;
    this.#tokens.set(token, this.#nowMs() + expiresInSeconds * 1000);
    const expiry = this.#auth.hidesExpiry === true ? {} : { expires_in: expiresInSeconds };
    return { status: 200, body: JSON.stringify({ access_token: token, token_type: 'Bearer', ...expiry }) };
  }
}

function basicHeader(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
