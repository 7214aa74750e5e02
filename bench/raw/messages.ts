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
  /** Reads everything; writes everything, or only these entities (which R1 finds out by itself). */
  | { readonly kind: 'run'; readonly changedIds?: readonly string[] }
  | { readonly kind: 'close' };

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
