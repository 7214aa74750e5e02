import { isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from '../../runtime/logger.js';
import type { SqlPool } from '../../state/database.js';
import {
  closeAbandonedStop,
  closeRunAs,
  findOpenRun,
  listOpenRuns,
  promoteQueuedRuns,
  underAdvisoryLock,
} from '../../state/runs/index.js';
import type { OpenRun } from '../../state/runs/index.js';
import { pause, RunNotifications } from './run-notifications.js';
import { runWorkflowId } from './start-options.js';
import { isTemporalAway, RunStarter, TEMPORAL_DEADLINE_MS } from './start-run.js';
import { workflowStateOf } from './workflow-state.js';

/** What a {@link Reconciler} works with. */
export interface ReconcilerParts {
  readonly pool: SqlPool;
  /** A client on a lazy connection: asked anew in each round, so that Temporal may come and go. */
  readonly client: () => Promise<Client>;
  readonly log: Logger;
  /** For tests: milliseconds between rounds that nobody asked for; default 15 s. */
  readonly intervalMs?: number;
  /** For tests: where workflows are started. */
  readonly workflowQueue?: string;
}

const INTERVAL_MS = 15_000;
/** While a stop is under way: it is to be over within 30 s, also if its workers are gone (STP-2). */
const STOP_INTERVAL_MS = 2_000;
/** After an announcement, when another process is just at it: it may have looked before the announcement. */
const LOCKED_RETRY_MS = 1_000;
/** Any number; all API processes of an installation use the same. */
const LOCK_KEY = 7_302;

/**
 * Brings run rows and workflows together again, whatever was lost between them: a row without workflow gets one, a row whose workflow is
 * over is closed, a queued run of a free source begins, a stop that did not arrive is sent again, and one that nobody is left for is done here. PostgreSQL is right about what should
 * run, Temporal about what does.
 */
export class Reconciler {
  private readonly stopping = new AbortController();
  private readonly notifications: RunNotifications;
  private readonly starter: RunStarter;
  private running: Promise<void> | undefined;
  private isWoken = false;
  private wake = (): void => {};
  private isAway = false;
  private isStopPending = false;

  constructor(private readonly parts: ReconcilerParts) {
    this.notifications = new RunNotifications(parts.pool, () => this.hint(), parts.log);
    this.starter = new RunStarter(parts.log, parts.workflowQueue);
  }

  /** Begins with a round at once. Never throws: what fails is tried again. */
  start(): void {
    this.running ??= this.loop();
    this.notifications.start();
  }

  /** Resolves when the round under way is over and the connections are given back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await Promise.all([this.running, this.notifications.stop()]);
  }

  /** One round, unless another process is at it: then false. Throws when PostgreSQL or Temporal does not answer. */
  async reconcile(): Promise<boolean> {
    return underAdvisoryLock(this.parts.pool, LOCK_KEY, async () => {
      const client = await this.parts.client();
      // A run that is closed makes room for a queued one.
      while (await this.round(client));
    });
  }

  private hint(): void {
    this.isWoken = true;
    this.wake();
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const wasAskedFor = this.isWoken;
      this.isWoken = false;
      const isDone = await this.tryRound();
      if (isDone || !wasAskedFor) {
        await this.sleep();
      } else {
        this.isWoken = true;
        await pause(LOCKED_RETRY_MS, signal);
      }
    }
  }

  /** Until the next round is due or asked for. */
  private async sleep(): Promise<void> {
    if (this.isWoken || this.stopping.signal.aborted) return;
    const over = new AbortController();
    this.wake = () => over.abort();
    await pause(this.parts.intervalMs ?? (this.isStopPending ? STOP_INTERVAL_MS : INTERVAL_MS), over.signal);
    this.wake = () => {};
  }

  /** False when another process holds the lock. What fails is told once and tried again with the next round. */
  private async tryRound(): Promise<boolean> {
    try {
      const isDone = await this.reconcile();
      if (isDone && this.isAway) this.parts.log.info('runs and workflows are compared again');
      if (isDone) this.isAway = false;
      return isDone;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.isAway) this.parts.log.warn({ reason }, 'runs and workflows cannot be compared at the moment');
      this.isAway = true;
      return true;
    }
  }

  /** True when a run was closed, so that another one may begin. */
  private async round(client: Client): Promise<boolean> {
    await promoteQueuedRuns(this.parts.pool);
    let hasClosed = false;
    const runs = await listOpenRuns(this.parts.pool);
    this.isStopPending = runs.some((run) => run.cancelRequested);
    // First, because it needs no Temporal.
    for (const run of runs) hasClosed = (await this.closeAbandoned(run)) || hasClosed;
    for (const run of runs) {
      if (this.stopping.signal.aborted) return false;
      hasClosed = (await this.trySettle(client, run)) || hasClosed;
    }
    return hasClosed;
  }

  /** STP-9: true when a stopped run was closed because no worker is left that could. */
  private async closeAbandoned(run: OpenRun): Promise<boolean> {
    if (!run.cancelRequested || !(await closeAbandonedStop(this.parts.pool, run.runKey))) return false;
    this.parts.log.warn({ runKey: run.runKey }, 'closed a stopped run that no worker is left for');
    return true;
  }

  /** One run that cannot be settled must not keep the others from it. */
  private async trySettle(client: Client, run: OpenRun): Promise<boolean> {
    try {
      return await this.settle(client, run);
    } catch (error) {
      if (!isGrpcServiceError(error instanceof ServiceError ? error.cause : error) || isTemporalAway(error))
        throw error;
      this.parts.log.warn(
        { runKey: run.runKey, reason: String(error) },
        'a run and its workflow could not be compared',
      );
      return false;
    }
  }

  /** True when the run was closed. */
  private async settle(client: Client, run: OpenRun): Promise<boolean> {
    const state = await workflowStateOf(client, run);
    switch (state.kind) {
      case 'missing':
        await this.launch(client, run);
        return false;
      case 'running':
        if (run.cancelRequested) await this.cancel(client, run);
        return false;
      case 'closed':
        // The list is older than the answer of Temporal: the workflow may have closed its run in between, as it should.
        if ((await findOpenRun(this.parts.pool, run.runKey)) === undefined) return false;
        await closeRunAs(this.parts.pool, run.runKey, state.end, state.message);
        this.parts.log.warn({ runKey: run.runKey, end: state.end }, 'closed a run whose workflow is over');
        return true;
    }
  }

  private async launch(client: Client, run: OpenRun): Promise<void> {
    const answer = await this.starter.start(client, run);
    if (answer === 'started')
      this.parts.log.info({ runKey: run.runKey, state: run.state }, 'started a run without workflow');
    // Its stop belongs to the run and not to the workflow that is gone.
    if (run.cancelRequested) await this.cancel(client, run);
  }

  private async cancel(client: Client, run: OpenRun): Promise<void> {
    const handle = client.workflow.getHandle(runWorkflowId(run));
    try {
      await client.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, () => handle.cancel());
    } catch (error) {
      // Over in the meantime.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
