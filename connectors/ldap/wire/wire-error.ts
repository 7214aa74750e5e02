/** Why an operation has no usable answer; translated into a ConnectorError by whoever knows what the operation was for. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(
    /**
     * `closed`: the connection went away; `timeout`: no answer, or no connection, in time; `protocol`: what arrived is not LDAP;
     * `size`: the answer exceeds the limit; `cancelled`: the caller gave up; `tls`, `refused`: no trusted or allowed connection.
     */
    readonly reason: 'closed' | 'timeout' | 'protocol' | 'size' | 'cancelled' | 'tls' | 'refused' | 'network',
    /** The request may have reached the server. */
    readonly sent: boolean,
    readonly code?: string,
    options?: ErrorOptions,
  ) {
    super(`LDAP connection: ${reason}${code === undefined ? '' : ` (${code})`}`, options);
  }
}

/** A result code other than success. The diagnostic message is unmasked: it may hold values. */
export class ResultError extends Error {
  override readonly name = 'ResultError';

  constructor(
    readonly code: number,
    readonly diagnostic: string,
    readonly matchedDn: string,
  ) {
    super(`LDAP result ${code}`);
  }
}
