import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { SqlPool } from '../../state/database.js';
import { isRunTakenOverError } from '../../state/runs/fence.js';
import { noteRest } from '../../state/runs/worker-report.js';
import { RUN_CLOSED } from '../contract.js';
import type { ChunkResult } from '../contract.js';
import { DEFAULT_TIMING } from '../dependencies.js';
import type { ActivityDependencies, Timing } from '../dependencies.js';
import { createHasher } from './hashing.js';
import type { Hasher } from './hashing.js';
import { ChunkPhase } from './phase.js';
import { RunContexts } from './run-contexts.js';
import { RunWatch } from './run-watch.js';
import { currentScope } from './scope.js';
import type { ActivityScope } from './scope.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';

/** The watch of one activity, with the exception that a stop becomes. */
export interface Watch {
  readonly signal: AbortSignal;
  /** Throws CancelledFailure after a stop or cancellation, a non-retryable `runClosed` when the run belongs to somebody else. */
  throwIfStopped(): void;
}

/** Dependencies with what the engine makes of them. One for each process. */
export class EngineServices {
  readonly pool: SqlPool;
  readonly timing: Timing;
  readonly hasher: Hasher;
  readonly entityBodies: BodySealer;
  readonly linkBodies: BodySealer;
  /** What entities contained, for the downloads of entity logs (TRC-9). */
  readonly logContents: BodySealer;
  readonly contexts: RunContexts;

  constructor(readonly deps: ActivityDependencies) {
    this.pool = deps.pool;
    this.timing = { ...DEFAULT_TIMING, ...deps.timing };
    this.hasher = createHasher(deps.keys.deriveKey('hash'));
    this.entityBodies = createBodySealer(deps.keys.deriveKey('entity-body'));
    this.linkBodies = createBodySealer(deps.keys.deriveKey('link-body'));
    this.logContents = createBodySealer(deps.keys.deriveKey('log-content'));
    this.contexts = new RunContexts(deps);
  }

  scope(): ActivityScope {
    return (this.deps.scope ?? currentScope)();
  }

  /**
   * Runs the work of an activity under one signal for all reasons to stop, and translates how it ended. Its begin is a report that a worker
   * is there, which resumes a paused job (STP-4).
   */
  async underWatch<T>(runKey: string, work: (watch: Watch, scope: ActivityScope) => Promise<T>): Promise<T> {
    const scope = this.scope();
    const runWatch = new RunWatch(this.pool, runKey, scope);
    const watch: Watch = { signal: runWatch.signal, throwIfStopped: () => throwStop(runWatch) };
    try {
      await runWatch.report();
      watch.throwIfStopped();
      this.deps.reached?.('chunkBegun');
      const result = await work(watch, scope);
      watch.throwIfStopped();
      this.deps.reached?.('chunkEnded');
      return result;
    } catch (error) {
      if (isRunTakenOverError(error)) throw ApplicationFailure.nonRetryable(error.message, RUN_CLOSED);
      throw error;
    } finally {
      runWatch.close();
    }
  }

  /** {@link underWatch} for a chunk: while the workflow rests because the chunk asks for it, no worker has to report. */
  async chunk(
    runKey: string,
    work: (watch: Watch, scope: ActivityScope, phase: ChunkPhase) => Promise<ChunkResult>,
  ): Promise<ChunkResult> {
    return this.underWatch(runKey, async (watch, scope) => {
      const phase = new ChunkPhase(this.pool, runKey);
      let result: ChunkResult | undefined;
      try {
        result = await work(watch, scope, phase);
      } finally {
        await phase.leave(result);
      }
      if (result.pauseMs !== undefined) await noteRest(this.pool, runKey, scope.owner, result.pauseMs);
      return result;
    });
  }
}

function throwStop(watch: RunWatch): void {
  if (watch.stopCause === undefined) return;
  if (watch.stopCause === 'lost')
    throw ApplicationFailure.nonRetryable('the run is closed or owned by another attempt', RUN_CLOSED);
  throw new CancelledFailure(`the run was stopped (${watch.stopCause})`);
}
