import { HttpException } from '@nestjs/common';
import { isConfigurationConflict } from '../../state/config/index.js';
import type { ConfigurationConflictCode } from '../../state/config/index.js';
import { errorCode } from '../../runtime/error-code.js';
import { ProblemError } from './problem.js';
import type { ProblemType } from './problem.js';

const CONFLICTS: Record<ConfigurationConflictCode, ProblemType> = {
  nameTaken: 'name-taken',
  notASource: 'invalid-system',
  versionMoved: 'version-moved',
  jobRunning: 'job-running',
  tooManySystems: 'too-many-systems',
};

/** Seconds after which a caller may try again when the database is away. */
const DATABASE_RETRY_SECONDS = 5;

/** The one table from anything thrown while a request is served to the problem it is answered with. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isConfigurationConflict(error)) {
    const errors = error.pointer === '' ? [] : [{ pointer: error.pointer, message: error.message }];
    return new ProblemError(CONFLICTS[error.code], error.message, { errors });
  }
  const parsing = bodyParserProblem(error);
  if (parsing !== undefined) return parsing;
  if (error instanceof HttpException) return httpProblem(error);
  if (isDatabaseAway(error)) {
    return new ProblemError('unavailable', 'the database does not answer; try again', {
      retryAfterSeconds: DATABASE_RETRY_SECONDS,
      cause: error,
    });
  }
  return new ProblemError('internal', 'the request failed unexpectedly; the log has more under this request id', {
    cause: error,
  });
}

/** Errors of the body parser carry a `type`; Nest may have wrapped them in an HttpException with only a status left. */
function bodyParserProblem(error: unknown): ProblemError | undefined {
  if (typeof error !== 'object' || error === null || !('type' in error)) return undefined;
  switch (error.type) {
    case 'entity.parse.failed':
      return malformedJson();
    case 'entity.too.large':
      return new ProblemError('body-too-large', 'the body may have 1 MB at most');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ProblemError('unsupported-media-type', 'send JSON in UTF-8');
    case 'request.aborted':
    case 'request.size.invalid':
      return new ProblemError('invalid-request', 'the body is incomplete');
    default:
      return undefined;
  }
}

function malformedJson(): ProblemError {
  const errors = [{ pointer: '', message: 'not valid JSON' }];
  return new ProblemError('malformed-json', 'the body is not valid JSON', { errors });
}

/** The problem of an address that does not exist. */
export function unknownAddress(): ProblemError {
  return new ProblemError('not-found', 'there is nothing at this address; /api/docs lists what there is');
}

function httpProblem(error: HttpException): ProblemError {
  switch (error.getStatus()) {
    case 404:
      return unknownAddress();
    case 413:
      return new ProblemError('body-too-large', 'the body may have 1 MB at most');
    case 400:
      // Nest makes this of a body that cannot be parsed and of an address that cannot be decoded; only the text tells them apart.
      return error.message.startsWith('Failed to decode')
        ? new ProblemError('invalid-request', 'the address has a percent sign that encodes nothing')
        : malformedJson();
    default:
      return new ProblemError('internal', 'the request failed unexpectedly; the log has more under this request id', {
        cause: error,
      });
  }
}

const CONNECTION_CODES = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EHOSTUNREACH'];

/** SQLSTATE classes 08 (connection), 53 (resources) and 57P (shutdown), the socket itself, or the pool that got no connection. */
function isDatabaseAway(error: unknown): boolean {
  const code = errorCode(error);
  if (code !== undefined) return CONNECTION_CODES.includes(code) || /^(08|53|57P)/.test(code);
  return error instanceof Error && /Connection terminated|timeout exceeded when trying to connect/.test(error.message);
}
