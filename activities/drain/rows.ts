import type { Lease } from '../../state/drain/lease.js';

/** Rows that belong to people who leave come first (engine.md §6): disabled, out of scope, or a group that loses members. */
export type Urgency = 'all' | 'leavers';

/** A position in the order of rows. */
export interface Position {
  readonly prio: number;
  readonly entityNo: number;
}

/** What a look for rows gave. */
export interface Taken {
  readonly lease: Lease;
  /** No rows will come any more. Read **before** the rows were looked for ⚠: what is added in between is seen by the next look. */
  readonly over: boolean;
}

/** Where a drain has its rows from: those of a run, or those that healing may take. */
export interface RowSource {
  readonly leaseMs: number;
  /** Leases the next rows after a position. */
  take(after: Position, limit: number, urgency: Urgency): Promise<Taken>;
  /** After a look that found nothing although more may come: until something has come since, or for a moment. */
  waitForMore(): Promise<void>;
  /** Somebody else has rows that may come back. */
  areHeldElsewhere(): Promise<boolean>;
  /** Before the end is drawn: throws when this attempt has no say any more. */
  confirmEnd(): Promise<void>;
}
