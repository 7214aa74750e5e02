import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultEffect } from './faults.js';
import type { ScimAnswer } from './request.js';

const MAX_BODY_BYTES = 256 * 1024 * 1024;
const BLANKS = Buffer.alloc(64 * 1024, ' ');

/** Reads a request body. Resolves undefined when the client went away or sends more than 256 MiB. */
export function readBody(request: IncomingMessage, done: (body: string | undefined) => void): void {
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) request.destroy();
    else if (first === undefined) first = chunk;
    else (rest ??= [first]).push(chunk);
  });
  request.on('end', () => done(rest === undefined ? (first?.toString() ?? '') : Buffer.concat(rest).toString()));
  request.on('close', () => {
    if (!request.complete) done(undefined);
  });
}

/** Sends an answer in one write. */
export function send(
  response: ServerResponse,
  answer: ScimAnswer,
  contentType: string,
  date: string | undefined,
): void {
  const headers: Record<string, string | number> = { ...answer.headers };
  if (date !== undefined) headers['date'] = date;
  if (answer.body === undefined) {
    if (answer.status !== 204) headers['content-length'] = 0;
    response.writeHead(answer.status, headers).end();
    return;
  }
  headers['content-type'] ??= contentType;
  headers['content-length'] = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, headers).end(answer.body);
}

/** Announces the whole body and sends half of it. */
export function sendTruncated(response: ServerResponse, answer: ScimAnswer, contentType: string): void {
  const body = Buffer.from(answer.body ?? '{}');
  const half = body.subarray(0, Math.ceil(body.length / 2));
  // The length is that of the half: the transport is in order and only the JSON is not.
  response.writeHead(answer.status, { 'content-type': contentType, 'content-length': half.length }).end(half);
}

/** The login page that proxies answer in place of the service. */
export function sendHtml(response: ServerResponse): void {
  const body =
    '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in</form></body></html>';
  response.writeHead(200, { 'content-type': 'text/html;charset=utf-8', 'content-length': body.length }).end(body);
}

/** Streams blanks, as fast as the client takes them, until `bytes` are out or the connection is gone. */
export function sendHugeBody(response: ServerResponse, bytes: number, contentType: string): void {
  response.writeHead(200, { 'content-type': contentType });
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      const chunk = left >= BLANKS.length ? BLANKS : BLANKS.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

/** The answer of a `status` or `throttle` fault. */
export function faultAnswer(effect: Extract<FaultEffect, { kind: 'status' | 'throttle' }>, nowMs: number): ScimAnswer {
  const isThrottle = effect.kind === 'throttle';
  const status = isThrottle ? 429 : effect.status;
  const headers: Record<string, string> = {};
  const retryAfter = isThrottle ? (effect.retryAfterSeconds ?? 1) : effect.retryAfter;
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  if (!isThrottle && effect.retryAfterDateSeconds !== undefined) {
    headers['retry-after'] = new Date(nowMs + effect.retryAfterDateSeconds * 1000).toUTCString();
  }
  if (status === 204) return { status, headers };
  const scimType = isThrottle ? undefined : effect.scimType;
  const detail = (isThrottle ? undefined : effect.detail) ?? `simulated ${status}`;
  const body = JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail,
  });
  return { status, headers, body };
}
