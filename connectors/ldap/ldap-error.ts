import { DnSyntaxError } from './dn/dn.js';
import { ConnectorError, type ConnectorErrorFields, type ConnectorErrorKind } from '../errors.js';
import { activeDirectoryText, extendedCode, isNameTaken } from './ad/extended-codes.js';
import { maskDiagnostic } from './mask.js';
import { RESULT, resultName } from './wire/result-codes.js';
import { ResultError, WireError } from './wire/wire-error.js';

/** What an operation was for; decides scope and outcome of its errors. */
export interface Operation {
  /** For messages, for example `create user`; no attribute values. */
  readonly label: string;
  /** `page`: a part of a read; `entity`: one entity is read; `write`: may change the directory; `system`: connection and root DSE. */
  readonly kind: 'page' | 'entity' | 'write' | 'system';
}

/** Wait before a busy server is asked again (specification §8). */
const BUSY_WAIT_MS = 5_000;

/** The ConnectorError for anything that an operation has thrown; what is not from the wire passes through. */
export function ldapError(error: unknown, operation: Operation): unknown {
  if (error instanceof ResultError) return resultError(error, operation);
  if (error instanceof WireError) return wireError(error, operation);
  if (error instanceof DnSyntaxError)
    return connectorError('protocol', operation, 'the server gives an entry a name that is no DN');
  return error;
}

/** Runs an operation and translates what it throws. */
export async function translated<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw ldapError(error, operation);
  }
}

/** An error that the connector finds itself. */
export function connectorError(
  kind: ConnectorErrorKind,
  operation: Operation,
  text: string,
  more: Partial<Pick<ConnectorErrorFields, 'scope' | 'outcome' | 'vendorCode'>> = {},
): ConnectorError {
  const safeMessage = `${operation.label}: ${text}`;
  return new ConnectorError({ kind, scope: scopeOf(operation), outcome: 'not-applied', safeMessage, ...more });
}

function scopeOf({ kind }: Operation): ConnectorErrorFields['scope'] {
  if (kind === 'system') return 'system';
  return kind === 'page' ? 'page' : 'entity';
}

function wireError(error: WireError, operation: Operation): ConnectorError {
  const outcome = error.sent && operation.kind === 'write' ? 'unknown' : 'not-applied';
  const vendorCode = error.code;
  const build = (
    kind: ConnectorErrorKind,
    text: string,
    scope: ConnectorErrorFields['scope'] = 'system',
  ): ConnectorError =>
    new ConnectorError(
      {
        kind,
        scope,
        outcome,
        safeMessage: `${operation.label}: ${text}`,
        ...(vendorCode === undefined ? {} : { vendorCode }),
      },
      { cause: error },
    );
  switch (error.reason) {
    case 'cancelled':
      return build('cancelled', 'stopped');
    case 'timeout':
      return build('timeout', error.sent ? 'no answer in time' : 'no connection in time');
    case 'protocol':
      return build('protocol', 'the answer is not valid LDAP', 'page');
    case 'size':
      return build('tooLarge', 'the answer exceeds the size limit', scopeOf(operation));
    case 'refused':
      return build(
        'fatal',
        'the address is link-local, multicast or a metadata service, which is refused; correct ldap.url',
      );
    case 'tls':
      return build('transient', `no trusted connection; check certificate and host name (${vendorCode ?? 'TLS'})`);
    case 'network':
    case 'closed':
      return build('transient', networkText(vendorCode));
  }
}

function networkText(code: string | undefined): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused; check host and port of ldap.url and whether the server runs (ECONNREFUSED)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name of ldap.url is not known (${code})`;
    case undefined:
      return 'the connection was closed';
    default:
      return `the connection failed (${code})`;
  }
}

/** Specification §8; the codes of Active Directory are in the diagnostic message. */
function resultError(error: ResultError, operation: Operation): ConnectorError {
  const { kind, scope, text } = meaningOf(error, operation);
  const vendorCode = extendedCode(error.diagnostic) ?? String(error.code);
  const detail = maskDiagnostic(error.diagnostic);
  const safeMessage = `${operation.label}: ${text ?? `the server answered ${error.code} (${resultName(error.code)})`}`;
  return new ConnectorError(
    {
      kind,
      scope: scope ?? scopeOf(operation),
      outcome: 'not-applied',
      status: error.code,
      vendorCode,
      safeMessage,
      adminMessage: detail === '' ? safeMessage : `${safeMessage}: ${detail}`,
      ...(kind === 'transient' && error.code !== RESULT.other ? { retryAfterMs: BUSY_WAIT_MS } : {}),
    },
    { cause: error },
  );
}

/**
 * A directory that keeps attributes unique refuses with the code of any other constraint, so only its words tell (ADR 0055): slapd's overlay `unique`,
 * the attribute uniqueness plugin of 389 Directory Server.
 */
function isValueTaken(code: number, diagnostic: string): boolean {
  return (
    code === RESULT.constraintViolation &&
    /\bnon-unique\b|\bnot unique\b|with the same attribute value already exists/i.test(diagnostic)
  );
}

interface Meaning {
  readonly kind: ConnectorErrorKind;
  readonly scope?: ConnectorErrorFields['scope'];
  readonly text?: string;
}

function meaningOf({ code, diagnostic }: ResultError, { kind }: Operation): Meaning {
  const special = activeDirectoryText(code, diagnostic);
  if (isNameTaken(code, diagnostic) || isValueTaken(code, diagnostic)) return { kind: 'conflict' };
  switch (code) {
    case RESULT.operationsError:
    case RESULT.protocolError:
      return { kind: 'protocol', scope: 'page' };
    case RESULT.timeLimitExceeded:
      return { kind: 'timeout', scope: kind === 'entity' ? 'entity' : 'page' };
    case RESULT.sizeLimitExceeded:
    case RESULT.adminLimitExceeded:
      return { kind: 'tooLarge' };
    case RESULT.authMethodNotSupported:
    case RESULT.strongerAuthRequired:
    case RESULT.confidentialityRequired:
      return {
        kind: 'fatal',
        scope: 'system',
        text: `the server demands an encrypted connection (${code}, ${resultName(code)}): use ldaps:// or ldap.tls.mode=starttls`,
      };
    case RESULT.partialResults:
    case RESULT.referral:
      return {
        kind: 'fatal',
        text: 'the entry lies on another server (referral): set ldap.url and the paths to the server that holds it',
      };
    case RESULT.unavailableCriticalExtension:
      return { kind: 'unsupported' };
    case RESULT.noSuchObject:
      return { kind: 'notFound' };
    case RESULT.inappropriateAuthentication:
    case RESULT.invalidCredentials:
      return {
        kind: 'auth',
        scope: 'system',
        text: special ?? `the server refuses ldap.user and ldap.password (${code}, ${resultName(code)})`,
      };
    case RESULT.insufficientAccessRights:
      return { kind: 'forbidden', text: `ldap.user lacks the right (${code}, ${resultName(code)})` };
    case RESULT.busy:
      return { kind: 'transient' };
    case RESULT.unavailable:
      return { kind: 'transient', scope: 'system' };
    case RESULT.other:
      return { kind: 'transient' };
    default:
      return { kind: 'invalid', ...(special === undefined ? {} : { text: special }) };
  }
}
