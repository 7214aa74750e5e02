import type { JsonObject } from '../../core/json.js';

/** One write of a raw loop. */
export interface RawWrite extends PageEntity {
  /** Id in the target, when the entity is there. */
  readonly targetId: string | undefined;
}

/** A write that was answered. */
export interface DoneWrite extends RawWrite {
  readonly targetId: string;
}

/** What a raw loop remembers: R0 keeps a map, R1 keeps it in PostgreSQL. */
export interface Books {
  /** Notes a page and says which of its entities are to be written, to each target the same. */
  notePage(page: readonly JsonObject[]): Promise<readonly PageEntity[]>;
  /** Before the writes of a page go to a target; gives each the id it has there. */
  begin(target: number, entities: readonly PageEntity[]): Promise<readonly RawWrite[]>;
  finish(target: number, writes: readonly DoneWrite[]): Promise<void>;
  close(): Promise<void>;
}

/** An entity that has to be written. */
export interface PageEntity {
  /** Id in the source. */
  readonly key: string;
  readonly common: JsonObject;
  /** Canonical hash of `common`, in books that keep one. */
  readonly commonHash: Buffer | null;
  readonly body: JsonObject;
}
