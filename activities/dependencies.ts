import type { ConnectorFactory, ConnectorLog } from '../connectors/contract.js';
import type { EdgeRouter } from '../connectors/edge/router.js';
import type { InstallationKeys, Keyring } from '../runtime/secrets.js';
import type { Mailer } from '../runtime/mailer.js';
import type { DataSource } from '../state/data-source.js';
import type { SqlPool } from '../state/database.js';
import type { FaultListener } from './fault-points.js';
import type { ActivityScope } from './support/scope.js';
import type { SystemMemories } from './support/system-memories.js';

/** Logging of the activities: structured, already bound to the process. */
export interface ActivityLog extends ConnectorLog {
  info(fields: Record<string, string | number | boolean | null>, message: string): void;
  error(fields: Record<string, string | number | boolean | null>, message: string): void;
}

/** Everything the activities need of the outside world. */
export interface ActivityDependencies {
  /** Hand-written SQL: everything that scales with entities. */
  readonly pool: SqlPool;
  /** Configuration; connected. */
  readonly dataSource: DataSource;
  readonly keyring: Keyring;
  readonly keys: InstallationKeys;
  /** Connector of a system type, or undefined when it is not installed. */
  readonly connectorFactory: (typeName: string) => ConnectorFactory | undefined;
  /** Absent: every system is reached directly. */
  readonly edge?: Pick<EdgeRouter, 'reach'>;
  /** Absent: every run learns anew. */
  readonly memories?: SystemMemories;
  readonly clock: () => Date;
  /** Absent: no mail server is configured. */
  readonly mailer?: Mailer;
  readonly log: ActivityLog;
  /** Writes in flight per target in this process at most. */
  readonly concurrency: number;
  /** Tests shorten these. */
  readonly timing?: Partial<Timing>;
  /** Absent outside of tests. */
  readonly reached?: FaultListener;
  /** Absent: the scope of the running Temporal activity. */
  readonly scope?: () => ActivityScope;
}

/** Times of the engine, milliseconds. */
export interface Timing {
  /** One activity works about this long. */
  readonly chunkMs: number;
  /** A round of healing between two systems takes about this long. */
  readonly healMs: number;
  /** Time a lease outlives the longest request by. */
  readonly leaseMarginMs: number;
  /** How often a drain without work looks again. */
  readonly idlePollMs: number;
  /** How long a pair waits for a target entity that another one adopts or deletes (engine invariant 8). */
  readonly claimPollMs: number;
  /** A gate that is closed longer than this is waited for by the workflow, not in a slot. */
  readonly longPauseMs: number;
  /** A target that refuses everything for this long is ended for the run (ORD-7). */
  readonly throttleBudgetMs: number;
  /** After a stop, requests in flight may end for this long (STP-2). */
  readonly stopGraceMs: number;
  /** A confirmation of absence counts for this long (engine invariant 7). */
  readonly confirmationMs: number;
  /** An index-paged read that rested longer than this begins again (engine invariant 9). */
  readonly pagingPauseMs: number;
}

/** The times in force outside of tests. */
export const DEFAULT_TIMING: Timing = {
  chunkMs: 30_000,
  healMs: 20_000,
  leaseMarginMs: 15_000,
  idlePollMs: 200,
  claimPollMs: 2_000,
  longPauseMs: 30_000,
  throttleBudgetMs: 15 * 60_000,
  stopGraceMs: 25_000,
  confirmationMs: 10 * 60_000,
  pagingPauseMs: 60_000,
};
