import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { Cursor, Page, ReadPageRequest, Watermark } from '../../connectors/contract.js';
import { withRetries } from '../../connectors/retry.js';
import { pause } from '../support/run-watch.js';
import { retriesOf } from '../support/retries.js';
import type { RunContext } from '../support/run-context.js';

/** The source asks for more patience than a slot should be held for. */
export class SourcePausedError extends Error {
  override readonly name = 'SourcePausedError';
  constructor(readonly pauseMs: number) {
    super(`the source asks to wait ${pauseMs} ms`);
  }
}

/**
 * Reads one page with the retries of the system's properties (RTY-4). Rejects with a ConnectorError when they are used up, with
 * {@link SourcePausedError} when the source wants a pause longer than `longPauseMs`. A position that ends with its connection is asked for
 * once: what is lost with the connection is the whole read (`interrupted-read.ts`).
 */
export async function readPage(
  context: RunContext,
  request: ReadPageRequest & { readonly signal: AbortSignal },
  longPauseMs: number,
): Promise<Page> {
  const { source } = context;
  const policy = retriesOf(source, context, request.mode === 'full' ? 'fullRead' : 'deltaRead');
  const isBound = source.capabilities.cursorResume === 'connection' && request.cursor !== null;
  return withRetries(() => source.connector.readPage(request), isBound ? { ...policy, retries: 0 } : policy, {
    operation: 'read',
    signal: request.signal,
    sleep: (ms) => {
      source.requests.retries += 1;
      return pause(ms, request.signal);
    },
    onThrottled: (retryAfterMs) => {
      if (retryAfterMs > longPauseMs) throw new SourcePausedError(retryAfterMs);
    },
  });
}

/** The cursor of a stored JSON value; null for the first page. */
export function toCursor(stored: object | null): Cursor | null {
  return stored === null ? null : versioned(stored);
}

/** The mark of a stored JSON value. */
export function toWatermark(stored: object): Watermark {
  return versioned(stored);
}

function versioned(stored: object): Cursor {
  if (!isVersioned(stored)) throw new Error('a stored cursor or mark has no version');
  return stored;
}

function isVersioned(stored: object): stored is Cursor {
  return 'v' in stored && typeof stored.v === 'number';
}

/** The error of the source that ends the read, or undefined for one that is ours. */
export function sourceFailure(error: unknown): ConnectorError | undefined {
  return isConnectorError(error) && error.kind !== 'cancelled' ? error : undefined;
}
