import type { RawLdapOptions } from './ldap.js';

/** Sent to the process of a raw loop. */
export type RawCommand =
  | {
      readonly kind: 'open';
      readonly sourceUrl: string;
      readonly targetUrls: readonly string[];
      readonly pageSizeEntities: number;
      readonly concurrency: number;
      /** Given: R1, with its tables in this database. Absent: R0. */
      readonly databaseUrl?: string;
    }
  | { readonly kind: 'openLdap'; readonly options: RawLdapOptions }
  | ({ readonly kind: 'run' } & RawRun)
  | { readonly kind: 'close' };

/** What one loop does: it reads everything and writes everything, unless it is told more. */
export interface RawRun {
  /** Write only these entities (which R1 finds out by itself). */
  readonly changedIds?: readonly string[];
  /** Read only what was changed after this instant, ISO 8601. */
  readonly changedSince?: string;
}

/** Answer to each command. */
export type RawAnswer =
  { readonly kind: 'done'; readonly result?: RawMeasure } | { readonly kind: 'failed'; readonly message: string };

/** One measured loop. */
export interface RawMeasure {
  readonly elapsedMs: number;
  /** User and system time of the process in the loop. */
  readonly cpuMicros: number;
  readonly entities: number;
  readonly writes: number;
}
