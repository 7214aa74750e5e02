/** The closed list of meanings (contract.md §7). The engine decides by kind and scope what happens next, never by text. */
export type ConnectorErrorKind =
  | 'throttled'
  | 'timeout'
  | 'transient'
  | 'badGateway'
  | 'auth'
  | 'forbidden'
  | 'conflict'
  | 'notFound'
  | 'precondition'
  | 'invalid'
  | 'unsupported'
  | 'ambiguous'
  | 'tooLarge'
  | 'deltaLost'
  | 'protocol'
  | 'fatal'
  | 'cancelled';

export interface ConnectorErrorFields {
  readonly kind: ConnectorErrorKind;
  /** `entity`: this entity only; `page`: this page; `system`: nothing else will work either (ORD-7, ORD-8). */
  readonly scope: 'entity' | 'page' | 'system';
  /** Whether the request may have been applied (CONN-CORE-53). */
  readonly outcome: 'not-applied' | 'applied' | 'unknown';
  /** Operation, entity type, status, vendor code: no attribute values, no secrets (CONN-CORE-76). */
  readonly safeMessage: string;
  /**
   * The same for administrators, in the form of ORD-11: adds the URL (query values left out) and the masked, shortened answer. For
   * job details and entity results behind authentication; not for logs of the process, histories or notifications.
   */
  readonly adminMessage?: string;
  /** From `Retry-After`, already bounded to 10 minutes (CONN-CORE-72). */
  readonly retryAfterMs?: number;
  readonly status?: number;
  readonly vendorCode?: string;
}

/** The only thing a connector throws. */
export class ConnectorError extends Error {
  override readonly name = 'ConnectorError';
  readonly kind: ConnectorErrorKind;
  readonly scope: ConnectorErrorFields['scope'];
  readonly outcome: ConnectorErrorFields['outcome'];
  readonly safeMessage: string;
  readonly adminMessage: string;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  readonly vendorCode: string | undefined;

  constructor(fields: ConnectorErrorFields, options?: ErrorOptions) {
    super(fields.safeMessage, options);
    this.kind = fields.kind;
    this.scope = fields.scope;
    this.outcome = fields.outcome;
    this.safeMessage = fields.safeMessage;
    this.adminMessage = fields.adminMessage ?? fields.safeMessage;
    this.retryAfterMs = fields.retryAfterMs;
    this.status = fields.status;
    this.vendorCode = fields.vendorCode;
  }
}

export function isConnectorError(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError;
}

/** Something of the operation has been done: it must not count as refused. */
export function partlyApplied(error: unknown): unknown {
  if (!isConnectorError(error)) return error;
  const { kind, scope, safeMessage, adminMessage, retryAfterMs, status, vendorCode } = error;
  return new ConnectorError(
    {
      kind: kind === 'conflict' || kind === 'notFound' ? 'protocol' : kind,
      scope,
      outcome: 'unknown',
      safeMessage: `${safeMessage} (a part had been written before)`,
      adminMessage,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(status === undefined ? {} : { status }),
      ...(vendorCode === undefined ? {} : { vendorCode }),
    },
    { cause: error },
  );
}
