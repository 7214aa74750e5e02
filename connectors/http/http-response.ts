import type { ConnectorError } from '../errors.js';
import type { ExchangeResult } from './exchange.js';
import { statusError, type Operation } from './http-error.js';
import { parseRetryAfterMs } from './retry-after.js';

/** The answer, whatever its status: the dialect decides what a status means. */
export interface HttpResponse {
  readonly status: number;
  readonly operation: Operation;
  /** First value of a header, name in lower case. */
  header(name: string): string | undefined;
  /** All values of a header. */
  headerValues(name: string): readonly string[];
  /** Body as text; empty if there is none. */
  readonly text: string;
  /** `Retry-After`, bounded. */
  readonly retryAfterMs: number | undefined;
  /** Values of credentials: a server may repeat them, and no message may (CRD-3). */
  readonly secrets: readonly string[];
  /** The media type says HTML, or the text looks like it: a login page, a proxy, a wrong URL. */
  readonly isHtml: boolean;
}

/** {@link HttpResponse} over a collected answer. */
export class CollectedResponse implements HttpResponse {
  readonly status: number;

  constructor(
    private readonly result: ExchangeResult,
    readonly text: string,
    readonly operation: Operation,
    private readonly clock: () => Date,
    readonly secrets: readonly string[],
  ) {
    this.status = result.status;
  }

  header(name: string): string | undefined {
    const value = this.result.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  headerValues(name: string): readonly string[] {
    const value = this.result.headers[name];
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  }

  get retryAfterMs(): number | undefined {
    return parseRetryAfterMs(this.header('retry-after'), this.clock());
  }

  get isHtml(): boolean {
    return /^\s*(text\/html|application\/xhtml)/i.test(this.header('content-type') ?? '') || /^\s*</.test(this.text);
  }
}

/** Turns an answer that is not a success into an error, without anything of its body. */
export function plainStatusError(response: HttpResponse): ConnectorError {
  const { retryAfterMs } = response;
  return statusError(
    { status: response.status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    response.operation,
  );
}
