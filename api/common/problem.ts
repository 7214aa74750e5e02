/**
 * The closed list of problem types of the API with their HTTP status and title (RFC 9457). The `type` of a response is
 * `urn:muster:problem:<key>`; docs/errors.md tells for each what happened and what to do.
 */
export const PROBLEM_TYPES = {
  'invalid-request': [400, 'The request is not valid'],
  'malformed-json': [400, 'The body is not valid JSON'],
  unauthorized: [401, 'Authentication is required'],
  forbidden: [403, 'Not allowed'],
  'not-found': [404, 'Not found'],
  'too-many-systems': [409, 'The maximum number of systems is reached'],
  'name-taken': [409, 'A system of this name exists'],
  'version-moved': [409, 'The transformation was changed meanwhile'],
  'job-running': [409, 'A job is running'],
  'not-confirmed': [409, 'The confirmation is missing'],
  'system-disabled': [409, 'The system is disabled'],
  'no-enabled-target': [409, 'No enabled target is connected'],
  'not-configured': [409, 'The system is not configured'],
  'job-over': [409, 'The job is over'],
  'entity-managed': [409, 'The entity is managed'],
  'entity-busy': [409, 'The entity is being worked on'],
  'still-in-source': [409, 'The source has the entity'],
  'not-connected': [409, 'The source does not feed the target'],
  'not-offered': [409, 'Systems of this type have no such thing'],
  'plan-incomplete': [409, 'The plan is not complete'],
  'plan-expired': [409, 'The plan has expired'],
  'plan-moved': [409, 'The plan is another one'],
  'not-simulated': [409, 'The job simulated nothing'],
  'nothing-approved': [409, 'Nothing is approved'],
  'rules-moved': [409, 'The rules were changed meanwhile'],
  'no-plan': [409, 'There is no plan yet'],
  'no-mail-server': [409, 'No mail server is configured'],
  'recipient-exists': [409, 'The address is subscribed'],
  'too-many-recipients': [409, 'The maximum number of recipients is reached'],
  'no-certificates': [409, 'The system has no outbound certificates'],
  'too-many-certificates': [409, 'The system has two certificates'],
  'certificate-active': [409, 'The certificate is active'],
  'certificate-expired': [409, 'The certificate has expired'],
  'location-used': [409, 'A system uses the location'],
  'nothing-to-decide': [409, 'Nothing could be decided'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The content type is not supported'],
  'invalid-system': [422, 'The system cannot be saved'],
  'invalid-properties': [422, 'The properties cannot be saved'],
  'invalid-transformation': [422, 'The transformation has errors'],
  'invalid-rules': [422, 'The approval rules cannot be saved'],
  'too-many-attempts': [429, 'Too many failed attempts'],
  internal: [500, 'Unexpected error'],
  'back-end-failed': [502, 'The back end does not answer as it should'],
  unavailable: [503, 'A part of the platform is away'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemType = keyof typeof PROBLEM_TYPES;

/** One thing that is wrong with a request: in the body (JSON pointer, RFC 6901) or in a parameter of path, query or header. */
export type FieldError =
  { readonly pointer: string; readonly message: string } | { readonly parameter: string; readonly message: string };

/** The body of every error response (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

/** Thrown by services to answer with a problem; everything else that is thrown is translated by the exception filter. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: ProblemType;
  readonly errors: readonly FieldError[];
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  /** @param detail for the caller: what is wrong and how to mend it, without secrets. */
  constructor(
    problem: ProblemType,
    detail: string,
    options: {
      readonly errors?: readonly FieldError[];
      readonly retryAfterSeconds?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.problem = problem;
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The HTTP status of a problem type. */
export function statusOf(problem: ProblemType): number {
  return PROBLEM_TYPES[problem][0];
}

/** The response body of a problem. */
export function problemBody(error: ProblemError, requestId: string): ProblemBody {
  const [status, title] = PROBLEM_TYPES[error.problem];
  return {
    type: `urn:muster:problem:${error.problem}`,
    title,
    status,
    detail: error.message,
    requestId,
    ...(error.errors.length > 0 && { errors: error.errors }),
  };
}

export { jsonPointer } from '../../core/json-pointer.js';

/** A problem for something that does not exist. */
export function notFound(what: string): ProblemError {
  return new ProblemError('not-found', `there is no ${what}`);
}
