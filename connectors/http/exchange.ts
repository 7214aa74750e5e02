import type { Dispatcher } from 'undici';
import { onAbort } from './abort-listeners.js';

/** One HTTP request as it goes over the wire, with its limits. */
export interface ExchangeRequest {
  readonly method: Dispatcher.HttpMethod;
  /** Path with query, already encoded. */
  readonly path: string;
  /** Names and values alternating. */
  readonly headers: string[];
  readonly body?: string;
  /** Limit for the first byte of the answer, milliseconds, counted from sending. */
  readonly headersTimeoutMs: number;
  /** Limit for everything including the wait for a free connection, milliseconds. */
  readonly totalTimeoutMs: number;
  /** Bytes of the answer's body, compressed or not, before it is given up. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /**
   * Called when a connection is there, right before the request is written to it: a wait for the connection may have been long, and a process
   * may have stood still meanwhile. What it throws rejects the exchange unchanged, and nothing is sent.
   */
  readonly beforeSend?: () => void;
  /** How long a request that is under way may go on after `signal` was aborted, milliseconds. */
  readonly cancelGraceMs: number;
}

/** Status, headers (names in lower case) and undecoded body. */
export interface ExchangeResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Why there is no answer, and whether the server may have seen the request. */
export class ExchangeFailure extends Error {
  constructor(
    readonly reason: 'timeout' | 'cancelled' | 'too-large' | 'network',
    /** False only if not a single byte can have left: no connection was there to send it on. */
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(`no answer: ${reason}`, options);
  }

  /** Code of the underlying error, for example `ECONNREFUSED`. */
  get code(): string | undefined {
    return errorCode(this.cause);
  }
}

/** The `code` of whatever was thrown; of the first attempt where several addresses were tried. */
export function errorCode(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  if ('code' in cause && typeof cause.code === 'string' && cause.code !== '') return cause.code;
  // undici leaves the code of some parser errors out.
  if ('name' in cause && cause.name === 'HTTPParserError') return 'HPE_INVALID_RESPONSE';
  return 'errors' in cause && Array.isArray(cause.errors) ? errorCode(cause.errors[0]) : undefined;
}

/**
 * Sends one request and collects the whole answer. Works on undici's dispatch interface directly, because that costs no stream
 * per request and tells exactly whether the request was handed to a connection (CONN-CORE-53).
 * Rejects with {@link ExchangeFailure}, or with what `beforeSend` throws.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<ExchangeResult> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted === true) return reject(new ExchangeFailure('cancelled', false));
    const handler = new ExchangeHandler(request, resolve, reject);
    try {
      dispatcher.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body ?? null,
          headersTimeout: request.headersTimeoutMs,
          bodyTimeout: request.headersTimeoutMs,
        },
        handler,
      );
    } catch (error) {
      handler.fail(new ExchangeFailure('network', false, { cause: error }));
    }
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private status = 0;
  private headers: ExchangeResult['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private failure: ExchangeFailure | undefined;
  private settled = false;
  private timer: NodeJS.Timeout;
  private readonly stopListening: (() => void) | undefined;

  constructor(
    private readonly request: ExchangeRequest,
    private readonly resolve: (result: ExchangeResult) => void,
    private readonly reject: (failure: unknown) => void,
  ) {
    this.timer = setTimeout(() => this.giveUp('timeout'), request.totalTimeoutMs);
    if (request.signal !== undefined) this.stopListening = onAbort(request.signal, () => this.cancelled());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection: it must not go out any more.
    if (this.failure !== undefined) return controller.abort(this.failure);
    try {
      this.request.beforeSend?.();
    } catch (error) {
      if (this.settle()) this.reject(error);
      return controller.abort(new ExchangeFailure('cancelled', false));
    }
    this.controller = controller;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    const announced = Number(headers['content-length']);
    if (announced > this.request.maxBytes) this.tooLarge(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.request.maxBytes) return this.tooLarge(controller);
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.settle()) return;
    const [only] = this.chunks;
    const body = this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks);
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const timedOut = TIMEOUT_CODES.has(errorCode(error) ?? '');
    this.fail(
      this.failure ??
        new ExchangeFailure(timedOut ? 'timeout' : 'network', this.controller !== undefined, { cause: error }),
    );
  }

  fail(failure: ExchangeFailure): void {
    if (this.settle()) this.reject(failure);
  }

  private cancelled(): void {
    if (this.controller === undefined || this.request.cancelGraceMs === 0) return this.giveUp('cancelled');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.giveUp('cancelled'), this.request.cancelGraceMs);
  }

  private tooLarge(controller: Dispatcher.DispatchController): void {
    if (this.failure !== undefined) return;
    this.failure = new ExchangeFailure('too-large', true);
    controller.abort(this.failure);
  }

  private giveUp(reason: 'timeout' | 'cancelled'): void {
    this.failure ??= new ExchangeFailure(reason, this.controller !== undefined);
    this.controller?.abort(this.failure);
    this.fail(this.failure);
  }

  /** True the first time. */
  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.timer);
    this.stopListening?.();
    return true;
  }
}

const TIMEOUT_CODES = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);
