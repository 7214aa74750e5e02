import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from '../../runtime/logger.js';
import { ProblemError } from './problem.js';

const REQUEST_ID = 'X-Request-Id';
const API_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** The pages of the API documentation run their own scripts and have one inline style block. */
const DOCS_CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** Gives each request an id (the caller's if it looks like one), safe headers, and one line in the log when it is answered. */
export function requestContext(log: Logger): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const asked = request.get(REQUEST_ID);
    const requestId = asked !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(asked) ? asked : randomUUID();
    response.setHeader(REQUEST_ID, requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('X-Frame-Options', 'DENY');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Cache-Control', 'no-store');
    const isDocs = request.path.startsWith('/api/docs');
    response.setHeader('Content-Security-Policy', isDocs ? DOCS_CONTENT_POLICY : API_CONTENT_POLICY);
    const startedAt = performance.now();
    response.on('close', () => {
      // The path without the query: a search text may be personal data.
      const durationMs = Math.round(performance.now() - startedAt);
      log.debug(
        { requestId, method: request.method, path: request.path, status: response.statusCode, durationMs },
        'request',
      );
    });
    next();
  };
}

/** The id that {@link requestContext} gave to the request of this response. */
export function requestIdOf(response: Response): string {
  return String(response.getHeader(REQUEST_ID) ?? '');
}

/** Refuses a body that is not JSON; without it such a body would silently count as absent. */
export function requireJsonBody(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && !request.is(['application/json', 'application/*+json'])) {
    next(new ProblemError('unsupported-media-type', 'send the body as application/json'));
    return;
  }
  next();
}
