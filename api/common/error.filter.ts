import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from '../../runtime/logger.js';
import { problemBody, statusOf } from './problem.js';
import type { ProblemError } from './problem.js';
import { requestIdOf } from './request-context.js';
import { toProblem, unknownAddress } from './translate-error.js';

/** The only place that writes error responses: `application/problem+json`, never a stack or a message of foreign code. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const problem = toProblem(error);
    const requestId = requestIdOf(response);
    if (problem.problem === 'internal' || problem.problem === 'unavailable') {
      this.#log.error({ requestId, err: problem.cause ?? problem }, 'a request failed');
    }
    // An event stream that has begun cannot become an error any more.
    if (response.headersSent) {
      response.end();
      return;
    }
    sendProblem(response, problem);
  }
}

/** Express middleware that answers what no route knows, also outside of the prefix of the API. */
export function answerUnknown(_request: Request, response: Response): void {
  sendProblem(response, unknownAddress());
}

function sendProblem(response: Response, problem: ProblemError): void {
  if (problem.problem === 'unauthorized') response.setHeader('WWW-Authenticate', 'Bearer realm="muster"');
  if (problem.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', String(Math.max(1, Math.ceil(problem.retryAfterSeconds))));
  }
  response
    .status(statusOf(problem.problem))
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(problem, requestIdOf(response))));
}
