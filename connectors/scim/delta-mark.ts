import { createHash } from 'node:crypto';
import type { ConnectorLog, Watermark } from '../contract.js';
import { ConnectorError } from '../errors.js';
import type { HttpResponse } from '../http/http-response.js';
import type { ScimHttp } from './scim-http.js';
import type { ScimType } from './scim-settings.js';

/** Difference between the server's clock and ours above which it is logged (CONN-SCIM-38). */
const CLOCK_SKEW_MS = 300_000;

/** Marks up to which a system was read (CONN-SCIM-37). */
export class DeltaMarks {
  constructor(
    private readonly options: {
      readonly http: ScimHttp;
      readonly clock: () => Date;
      readonly log: ConnectorLog;
    },
  ) {}

  /** The server's clock, before the overlap is taken off; ours where it tells none. */
  capture(response: HttpResponse): string {
    const now = this.options.clock();
    const date = Date.parse(response.header('date') ?? '');
    if (Number.isNaN(date)) return now.toISOString();
    const skewMs = date - now.getTime();
    if (Math.abs(skewMs) > CLOCK_SKEW_MS) {
      this.options.log.warn({ skewSeconds: Math.round(skewMs / 1000) }, 'the clock of the system differs from ours');
    }
    return new Date(date).toISOString();
  }

  /** The mark of a read that has reached its end. */
  watermark(type: ScimType, mark: string | undefined): Watermark {
    const at = Date.parse(mark ?? this.options.clock().toISOString()) - this.options.http.settings.deltaOverlapMs;
    return { v: 1, since: new Date(at).toISOString(), reads: this.fingerprint(type) };
  }

  /** From when on changes are wanted. Throws `deltaLost` for a mark of another configuration. */
  lowerBound(type: ScimType, watermark: Watermark | undefined): Date {
    const since = watermark?.['since'];
    const at = typeof since === 'string' ? Date.parse(since) : Number.NaN;
    if (watermark?.v === 1 && !Number.isNaN(at) && watermark['reads'] === this.fingerprint(type)) return new Date(at);
    throw deltaLost(
      `list ${type}s: the mark of the last read does not fit address, filter and attributes; a full read is needed`,
    );
  }

  /** What a mark depends on (CONN-CORE-47). */
  private fingerprint(type: ScimType): string {
    const { http } = this.options;
    const { attributes, excludedAttributes } = http.projection(type);
    const parts = [http.collectionPath(type), http.settings.filters[type], attributes, excludedAttributes];
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
  }
}

/** The error after which the engine reads fully (CONN-CORE-45). */
export function deltaLost(safeMessage: string, cause?: unknown): ConnectorError {
  const fields = { kind: 'deltaLost', scope: 'system', outcome: 'not-applied', safeMessage } as const;
  return new ConnectorError(fields, cause === undefined ? undefined : { cause });
}
