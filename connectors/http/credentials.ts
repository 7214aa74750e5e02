/** Gives the `Authorization` header of a system's requests. */
export interface Credentials {
  /**
   * Header value, or undefined for no authentication. Throws `ConnectorError` (auth, timeout, transient …) when a token cannot
   * be had. A stop ends the wait of this caller only, other callers go on waiting for the same token.
   */
  authorization(signal: AbortSignal | undefined): Promise<string | undefined> | string | undefined;
  /** True if {@link rejected} followed by {@link authorization} can give a different value. */
  readonly renewable: boolean;
  /** The system answered 401 to this value: never give it out again. */
  rejected(authorization: string | undefined): void;
  close(): Promise<void>;
}

/** A header that never changes: basic, static bearer, or none at all. */
export function fixedCredentials(authorization: string | undefined): Credentials {
  return {
    authorization: () => authorization,
    renewable: false,
    rejected: () => undefined,
    close: () => Promise.resolve(),
  };
}

/** HTTP Basic with UTF-8 (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}
