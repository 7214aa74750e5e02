import { ConnectorError, type ConnectorErrorFields, type ConnectorErrorKind } from '../errors.js';
import { ADDRESS_REFUSED } from './address-guard.js';
import { CLIENT_CERTIFICATE_UNUSABLE, ClientCertificateError } from './client-certificate.js';
import type { ExchangeFailure } from './exchange.js';

/** What a request was for; decides the scope and the outcome of an error. */
export interface Operation {
  /** For messages, for example `create user`; no attribute values. */
  readonly label: string;
  /**
   * `list`: a page of a collection; `lookup`: a collection searched for one entity; `read`: one entity; `write`: anything that may
   * change the system; `system`: discovery, token or CSRF request.
   */
  readonly kind: 'list' | 'lookup' | 'read' | 'write' | 'system';
  readonly method: string;
  /** Absolute address without query values. */
  readonly safeUrl: string;
  /** Its connection brings a client certificate. */
  readonly showsCertificate?: boolean;
}

/** Parts of an answer that decide its meaning. */
export interface ErrorAnswer {
  readonly status: number;
  /** `scimType` or the like. */
  readonly vendorCode?: string;
  /** Explanation of the server, already masked and shortened; for administrators only. */
  readonly maskedDetail?: string;
  readonly retryAfterMs?: number;
}

/** No answer: connection, TLS, time, size (contract.md §7, last rows of scim.md §11). */
export function transportError(failure: ExchangeFailure, operation: Operation): ConnectorError {
  const write = operation.kind === 'write';
  const outcome = failure.sent && write ? 'unknown' : 'not-applied';
  const code = failure.code;
  const base = { outcome, ...(code === undefined ? {} : { vendorCode: code }) } as const;
  switch (failure.reason) {
    case 'cancelled':
      return build(operation, { ...base, kind: 'cancelled', scope: 'system' }, 'stopped', failure);
    case 'timeout':
      return build(operation, { ...base, kind: 'timeout', scope: 'system' }, timeoutText(failure), failure);
    case 'too-large':
      return build(
        operation,
        { ...base, kind: 'tooLarge', scope: entityOrPage(operation) },
        'the answer exceeds the size limit',
        failure,
      );
    case 'network':
      return networkError(failure, operation, base);
  }
}

function timeoutText(failure: ExchangeFailure): string {
  return failure.sent ? 'no answer in time' : 'no connection in time';
}

function networkError(
  failure: ExchangeFailure,
  operation: Operation,
  base: Pick<ConnectorErrorFields, 'outcome' | 'vendorCode'>,
): ConnectorError {
  const code = failure.code ?? '';
  if (code === ADDRESS_REFUSED) {
    const text = 'the address is link-local, multicast or a metadata service, which is refused; correct the URL';
    return build(operation, { ...base, kind: 'fatal', scope: 'system' }, text, failure);
  }
  if (code === CLIENT_CERTIFICATE_UNUSABLE || isRefusedCertificate(code)) {
    return build(
      operation,
      { ...base, outcome: 'not-applied', kind: 'auth', scope: 'system' },
      identityText(failure),
      failure,
    );
  }
  if (code.startsWith('HPE_') || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return build(
      operation,
      { ...base, kind: 'protocol', scope: 'page' },
      `the answer is not valid HTTP (${code})`,
      failure,
    );
  }
  return build(operation, { ...base, kind: 'transient', scope: 'system' }, networkText(code, operation), failure);
}

function networkText(code: string, { showsCertificate }: Operation): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused; check host and port of the URL and whether the system runs (ECONNREFUSED)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name cannot be resolved; check the URL (${code})`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return showsCertificate === true
        ? `the connection was cut (${code}), as servers do that do not trust a client certificate: upload the public part of the active outbound certificate there`
        : `the connection was cut (${code})`;
  }
  if (isCertificateCode(code)) {
    return `the certificate of the server is not trusted (${code}); set ips.tls.ca.certificates to the issuing CA`;
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO')
    return `no TLS connection (${code}); check http and https in the URL`;
  return code === '' ? 'connection failed' : `connection failed (${code})`;
}

/** An alert of TLS that speaks of our certificate: the handshake has failed, whatever was already written. */
function isRefusedCertificate(code: string): boolean {
  return /^ERR_SSL_.*ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code);
}

function identityText({ cause, code }: ExchangeFailure): string {
  if (cause instanceof ClientCertificateError) return cause.message;
  return `the server refused the client certificate (${code ?? ''}); upload the public part of the active outbound certificate there, and check that it is trusted`;
}

function isCertificateCode(code: string): boolean {
  return code.includes('CERT') || code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
}

/** The table of scim.md §11 for an answer that is not a success. */
export function statusError(answer: ErrorAnswer, operation: Operation): ConnectorError {
  const { kind, scope, outcome, hint } = meaning(answer, operation);
  const vendor = answer.vendorCode === undefined ? '' : ` ${answer.vendorCode}`;
  return new ConnectorError({
    kind,
    scope,
    outcome: operation.kind === 'write' ? outcome : 'not-applied',
    status: answer.status,
    safeMessage: `${operation.label}: HTTP ${answer.status}${vendor}${hint === undefined ? '' : `; ${hint}`}`,
    adminMessage: adminMessage(operation, answer, hint),
    ...(answer.vendorCode === undefined ? {} : { vendorCode: answer.vendorCode }),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}

/** ORD-11. */
function adminMessage(operation: Operation, answer: ErrorAnswer, hint: string | undefined): string {
  const body = answer.maskedDetail ?? answer.vendorCode ?? '';
  const text = `HTTP operation failed invoking ${operation.safeUrl} with statusCode: ${answer.status}, Response: ${body}`;
  return hint === undefined ? text : `${text} (${hint})`;
}

interface Meaning {
  readonly kind: ConnectorErrorKind;
  readonly scope: ConnectorErrorFields['scope'];
  readonly outcome: ConnectorErrorFields['outcome'];
  readonly hint?: string;
}

function meaning(answer: ErrorAnswer, operation: Operation): Meaning {
  const refused = { scope: entityOrPage(operation), outcome: 'not-applied' } as const;
  const { status } = answer;
  switch (status) {
    case 400:
      return { ...refused, kind: kindOfBadRequest(answer, operation) };
    case 401:
      return { kind: 'auth', scope: 'system', outcome: 'not-applied', hint: 'the credentials were refused' };
    case 403:
      return { ...refused, kind: 'forbidden', hint: 'the technical user lacks the permission' };
    case 404:
    case 410:
      // About a collection it is no statement on any entity.
      if (operation.kind === 'list' || operation.kind === 'lookup') {
        const hint = 'the address does not exist; check URL, base path and resource path';
        return { kind: 'fatal', scope: 'system', outcome: 'not-applied', hint };
      }
      return { ...refused, kind: 'notFound' };
    case 405:
    case 501:
      return { ...refused, kind: 'unsupported' };
    case 406:
    case 415:
      return {
        kind: 'fatal',
        scope: 'system',
        outcome: 'not-applied',
        hint: 'set the content.type property, for example to application/json',
      };
    case 408:
      return { kind: 'timeout', scope: 'system', outcome: 'unknown' };
    case 409:
      return { ...refused, kind: 'conflict' };
    case 412:
    case 428:
      return { ...refused, kind: 'precondition' };
    case 413:
      return { ...refused, kind: 'tooLarge' };
    case 429:
      return { kind: 'throttled', scope: 'system', outcome: 'not-applied' };
    case 503:
      if (answer.retryAfterMs !== undefined) return { kind: 'throttled', scope: 'system', outcome: 'not-applied' };
      return { ...refused, kind: 'badGateway', outcome: 'unknown' };
    case 502:
    case 504:
      return { ...refused, kind: 'badGateway', outcome: 'unknown' };
  }
  if (status < 300)
    return { ...refused, kind: 'protocol', outcome: 'unknown', hint: 'not the status that was expected' };
  if (status < 400) {
    const hint = 'redirects are not followed; set URL to the final address';
    return { kind: 'fatal', scope: 'system', outcome: 'not-applied', hint };
  }
  if (status >= 500) return { ...refused, kind: 'transient', outcome: 'unknown' };
  return { ...refused, kind: 'invalid' };
}

function kindOfBadRequest(answer: ErrorAnswer, operation: Operation): ConnectorErrorKind {
  switch (answer.vendorCode) {
    case 'uniqueness':
      return 'conflict';
    case 'tooMany':
      return operation.kind === 'list' ? 'tooLarge' : 'ambiguous';
    default:
      return 'invalid';
  }
}

/** The server answered something that is not what was asked for. `applied` for writes whose status was a success. */
export function protocolError(
  operation: Operation,
  text: string,
  fields: { readonly status?: number; readonly outcome?: ConnectorErrorFields['outcome'] } = {},
): ConnectorError {
  const outcome = fields.outcome ?? 'not-applied';
  const { status } = fields;
  return new ConnectorError({
    kind: 'protocol',
    scope: entityOrPage(operation),
    outcome,
    ...(status === undefined ? {} : { status }),
    safeMessage: `${operation.label}: ${text}`,
    adminMessage: `${operation.method} ${operation.safeUrl}: ${text}`,
  });
}

function build(
  operation: Operation,
  fields: Omit<ConnectorErrorFields, 'safeMessage' | 'adminMessage'>,
  text: string,
  cause: ExchangeFailure,
): ConnectorError {
  return new ConnectorError(
    {
      ...fields,
      safeMessage: `${operation.label}: ${text}`,
      adminMessage: `HTTP operation failed invoking ${operation.safeUrl}: ${text}`,
    },
    { cause },
  );
}

function entityOrPage(operation: Operation): 'entity' | 'page' {
  return operation.kind === 'list' || operation.kind === 'system' ? 'page' : 'entity';
}
