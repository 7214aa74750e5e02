import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { RUN_CLOSED } from '../../activities/contract.js';
import { isSystemConfigurationError } from '../../activities/support/run-context.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError, ConnectorErrorKind } from '../../connectors/errors.js';
import { isRunTakenOverError } from '../../state/runs/fence.js';
import { isDatabaseAway } from './database-away.js';

/** Told of every error that nobody foresaw; their number must stay at zero. */
export type OnUnexpected = (error: unknown) => void;

/**
 * What becomes of an error of a connector that an activity lets escape. Activities turn them into results of entities, targets and
 * sources; what comes here failed the step itself.
 */
const CONNECTOR_ERRORS: Record<ConnectorErrorKind, 'retry' | 'giveUp' | 'giveUpIfSystem' | 'cancel'> = {
  throttled: 'retry',
  timeout: 'retry',
  badGateway: 'retry',
  transient: 'retry',
  // These six are answered inside the activities; whoever lets one escape tries again.
  deltaLost: 'retry',
  tooLarge: 'retry',
  precondition: 'retry',
  conflict: 'retry',
  notFound: 'retry',
  forbidden: 'giveUpIfSystem',
  auth: 'giveUp',
  fatal: 'giveUp',
  protocol: 'giveUp',
  unsupported: 'giveUp',
  invalid: 'giveUp',
  ambiguous: 'giveUp',
  cancelled: 'cancel',
};

/** The one place where errors of activities become failures that workflows see (docs/errors.md). */
export function errorsInterceptor(onUnexpected: OnUnexpected): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        throw toFailure(error, onUnexpected);
      }
    },
  };
}

/**
 * The failure for an error. Histories keep it for long, so it holds nothing of the error but what is known to be harmless: kinds, safe
 * messages, names of classes. Failures and cancellations of Temporal itself stay as they are.
 */
export function toFailure(error: unknown, onUnexpected: OnUnexpected): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (isConnectorError(error)) return ofConnector(error);
  if (isRunTakenOverError(error)) return ApplicationFailure.nonRetryable(error.message, RUN_CLOSED);
  if (isSystemConfigurationError(error)) return ApplicationFailure.nonRetryable(error.message, 'configuration');
  if (isDatabaseAway(error)) return ApplicationFailure.retryable('the database is away', 'databaseAway');
  if (isAbort(error)) return new CancelledFailure('aborted');
  onUnexpected(error);
  return ApplicationFailure.retryable(`unexpected ${nameOf(error)}`, 'unexpected');
}

function ofConnector(error: ConnectorError): Error {
  const action = CONNECTOR_ERRORS[error.kind];
  if (action === 'cancel') return new CancelledFailure(error.safeMessage);
  return ApplicationFailure.create({
    message: error.safeMessage,
    type: error.kind,
    nonRetryable: action === 'giveUp' || (action === 'giveUpIfSystem' && error.scope === 'system'),
    ...(error.retryAfterMs !== undefined && { nextRetryDelay: error.retryAfterMs }),
  });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Class and code of an error, such as `TypeError` or `DatabaseError 23505`: no text, which may quote data. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return `${typeof error}`;
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  return `${error.constructor.name}${code}`;
}
