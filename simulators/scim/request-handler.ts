import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gatekeeper } from './auth.js';
import { TOKEN_PATH } from './auth.js';
import { handleBulk } from './bulk.js';
import type { ScimDialect } from './dialects.js';
import { faultAnswer, readBody, send, sendHtml, sendHugeBody, sendTruncated } from './exchange.js';
import type { Faults, Strike } from './faults.js';
import type { ConcurrencyGauge } from './gauge.js';
import type { Journal, JournalRecord } from './journal.js';
import type { LatencyModel } from './latency.js';
import { keyOfBody, parseBody, routeOf, type ScimAnswer, type ScimRequest } from './request.js';
import type { ResourceHandlers } from './resource-handlers.js';
import { ScimProblem } from './scim-model.js';
import type { ScimStore } from './store.js';

export interface RequestHandlerParts {
  readonly basePath: string;
  readonly dialect: ScimDialect;
  readonly store: ScimStore;
  readonly handlers: ResourceHandlers;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly latency: LatencyModel;
  readonly gauge: ConcurrencyGauge;
  readonly gatekeeper: Gatekeeper;
  readonly nowMs: () => number;
  /** Text of the `Date` header where the server's clock is wrong; undefined leaves it to Node. */
  readonly dateHeader: () => string | undefined;
  /** Told which fault struck the request that is handled next. */
  readonly onStrike: (strike: Strike | undefined) => void;
}

const HAS_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** One request from its arrival to its answer: journal, body, latency, fault, authentication, work, answer. */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  readonly #contentType: string;

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
    this.#contentType = `${parts.dialect.contentTypes[0] ?? 'application/scim+json'};charset=utf-8`;
  }

  readonly onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { journal, gauge, basePath } = this.#parts;
    const url = incoming.url ?? '/';
    const mark = url.indexOf('?');
    const fullPath = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? '' : url.slice(mark + 1);
    const path = fullPath.startsWith(basePath) ? fullPath.slice(basePath.length) : fullPath;
    const method = incoming.method ?? 'GET';
    const record = journal.begin(method, path, query);
    gauge.enter();
    response.once('close', () => {
      gauge.leave();
      journal.end(record, response.writableFinished ? response.statusCode : 0);
    });
    if (HAS_BODY.has(method)) {
      readBody(incoming, (body) => {
        if (body !== undefined) this.#routed(incoming, response, record, query, body);
      });
    } else {
      incoming.resume();
      this.#routed(incoming, response, record, query, undefined);
    }
  };

  #routed(
    incoming: IncomingMessage,
    response: ServerResponse,
    record: JournalRecord,
    query: string,
    body: string | undefined,
  ): void {
    const { journal, latency, faults, store } = this.#parts;
    const isToken = record.path === TOKEN_PATH;
    const route = routeOf(record.method, record.path);
    const operation = isToken ? 'token' : route.operation;
    const parsed = body === undefined || isToken ? { body: undefined, bodyProblem: undefined } : parseBody(body);
    const parameters = new URLSearchParams(query);
    const existing =
      route.type !== undefined && route.entityId !== undefined ? store.entry(route.type, route.entityId) : undefined;
    const request: ScimRequest = {
      method: record.method,
      path: record.path,
      operation,
      type: route.type,
      entityId: route.entityId,
      key: existing?.key ?? keyOfBody(route.type, parsed.body),
      startIndex: operation === 'list' ? Number(parameters.get('startIndex') ?? 1) : undefined,
      query: parameters,
      headers: incoming.headers,
      record,
      ...parsed,
    };
    if (operation !== undefined) record.operation = operation;
    if (route.type !== undefined) record.type = route.type;
    if (route.entityId !== undefined) record.entityId = route.entityId;
    if (request.key !== undefined) record.key = request.key;
    if (body !== undefined && !isToken) journal.noteBody(record, body);

    const strike = faults.isQuiet ? undefined : faults.strike(request);
    if (strike !== undefined) record.fault = strike.name;
    const waitMs = latency.nextMs(operation) + (strike?.effect.kind === 'delay' ? strike.effect.ms : 0);
    if (operation === 'list' && strike === undefined && waitMs > 0)
      this.#answerList(incoming, response, request, waitMs);
    else if (waitMs > 0) setTimeout(() => this.#answer(incoming, response, request, body ?? '', strike), waitMs);
    else this.#answer(incoming, response, request, body ?? '', strike);
  }

  /** What a list costs to put together is part of the latency, as in a server that works while its client waits. */
  #answerList(incoming: IncomingMessage, response: ServerResponse, request: ScimRequest, waitMs: number): void {
    const dueMs = performance.now() + waitMs;
    const answer = this.#work(incoming, request, '', undefined);
    at(dueMs, () => send(response, answer, this.#contentType, this.#parts.dateHeader()));
  }

  /** A client that has gone does not keep the server from doing its work: real servers go on too. */
  #answer(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: ScimRequest,
    body: string,
    strike: Strike | undefined,
  ): void {
    const { nowMs, dateHeader } = this.#parts;
    const effect = strike?.effect;
    switch (effect?.kind) {
      case 'drop':
        response.destroy();
        return;
      case 'hang':
        if (effect.apply === true) this.#work(incoming, request, body, undefined);
        return;
      case 'html':
        sendHtml(response);
        return;
      case 'hugeBody':
        sendHugeBody(response, effect.bytes, this.#contentType);
        return;
      case 'status':
        if (effect.apply === true) this.#work(incoming, request, body, undefined);
        send(response, faultAnswer(effect, nowMs()), this.#contentType, dateHeader());
        return;
      case 'throttle':
        send(response, faultAnswer(effect, nowMs()), this.#contentType, dateHeader());
        return;
      case 'applyThenDrop':
        this.#work(incoming, request, body, undefined);
        response.destroy();
        return;
      case 'truncatedJson':
        sendTruncated(response, this.#work(incoming, request, body, undefined), this.#contentType);
        return;
      default:
        send(response, this.#work(incoming, request, body, strike), this.#contentType, dateHeader());
    }
  }

  #work(incoming: IncomingMessage, request: ScimRequest, body: string, strike: Strike | undefined): ScimAnswer {
    const { gatekeeper, handlers, onStrike } = this.#parts;
    const { authorization } = incoming.headers;
    if (request.operation === 'token') return gatekeeper.issue(authorization, body);
    onStrike(strike);
    try {
      if (!gatekeeper.allows(authorization)) return unauthorized();
      this.#checkAddress(incoming);
      this.#checkContentType(request, incoming.headers['content-type']);
      if (request.operation === 'bulk') return this.#bulk(request);
      return handlers.handle(request);
    } catch (error) {
      return problemAnswer(error, this.#parts.dialect.errors);
    }
  }

  #bulk(request: ScimRequest): ScimAnswer {
    const { dialect, store, journal, faults, handlers, nowMs } = this.#parts;
    const work = (inner: ScimRequest): ScimAnswer => {
      try {
        return handlers.handle(inner);
      } catch (error) {
        return problemAnswer(error, dialect.errors);
      }
    };
    return handleBulk({ dialect, store, journal, nowMs, strike: (inner) => faults.strike(inner), work }, request);
  }

  #checkAddress(incoming: IncomingMessage): void {
    if (incoming.url?.startsWith(this.#parts.basePath) !== true) {
      throw new ScimProblem(404, `this server answers below ${this.#parts.basePath}`);
    }
  }

  #checkContentType(request: ScimRequest, header: string | undefined): void {
    if (!HAS_BODY.has(request.method)) return;
    const given = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (!this.#parts.dialect.contentTypes.includes(given)) {
      throw new ScimProblem(415, `send ${this.#parts.dialect.contentTypes.join(' or ')}, not "${given}"`);
    }
  }
}

/** Not before the time and, because a timer is late by up to a millisecond, which is a tenth of a short latency, not much after it. */
function at(dueMs: number, act: () => void): void {
  const restMs = dueMs - performance.now();
  if (restMs <= 0) act();
  else if (restMs < 1) setImmediate(() => at(dueMs, act));
  else setTimeout(() => at(dueMs, act), Math.floor(restMs));
}

function problemAnswer(error: unknown, form: ScimDialect['errors']): ScimAnswer {
  if (error instanceof ScimProblem) return { status: error.status, body: JSON.stringify(error.toBody(form)) };
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 500, body: JSON.stringify(new ScimProblem(500, `the simulator failed: ${detail}`).toBody()) };
}

function unauthorized(): ScimAnswer {
  const body = JSON.stringify(new ScimProblem(401, 'the credentials are missing, wrong or expired').toBody());
  return { status: 401, body, headers: { 'www-authenticate': 'Bearer realm="scim", Basic realm="scim"' } };
}
