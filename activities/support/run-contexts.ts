import { loadFrozenRun } from '../../state/runs/open-run.js';
import { RunTakenOverError } from '../../state/runs/fence.js';
import { closeRunAs } from '../../state/runs/reconcile.js';
import type { ActivityDependencies } from '../dependencies.js';
import { buildRunContext, closeRunContext, isSystemConfigurationError } from './run-context.js';
import type { RunContext } from './run-context.js';

/** Full or delta may have changed since the context was made, perhaps in another process (RDM-8, RDM-13); everything else is frozen. */
function asItIs(context: RunContext, run: Awaited<ReturnType<typeof loadFrozenRun>>): RunContext {
  return run.mode === context.mode ? context : { ...context, mode: run.mode, watermarks: run.frozen.watermarks };
}

/** Contexts kept at most; older ones are closed. A process rarely works on more runs than it has activity slots. */
const MAX_CONTEXTS = 32;

/** The contexts of the runs that this process works on: compiled once, connections shared by all activities of a run. */
export class RunContexts {
  private readonly contexts = new Map<string, Promise<RunContext>>();

  constructor(private readonly deps: ActivityDependencies) {}

  /**
   * Throws RunTakenOverError when the run is not this owner's. A configuration that cannot be used (any more: a secret was removed, the
   * worker started anew) ends the run here and now, with the reason, because none of its activities could ever succeed.
   */
  async get(runKey: string, owner: string): Promise<RunContext> {
    const run = await loadFrozenRun(this.deps.pool, runKey, owner);
    const known = this.contexts.get(runKey);
    if (known !== undefined) return asItIs(await known, run);
    const made = buildRunContext(this.deps, run);
    this.contexts.set(runKey, made);
    made.catch(() => this.contexts.delete(runKey));
    this.evict();
    return made.catch((error: unknown) => this.endUnusable(runKey, error));
  }

  private async endUnusable(runKey: string, error: unknown): Promise<never> {
    if (!isSystemConfigurationError(error)) throw error;
    await closeRunAs(this.deps.pool, runKey, 'failed', error.message);
    throw new RunTakenOverError(`run ${runKey} was closed: ${error.message}`);
  }

  /** Closes the connections of a run. */
  async release(runKey: string): Promise<void> {
    const context = this.contexts.get(runKey);
    this.contexts.delete(runKey);
    const opened = await context?.catch(() => undefined);
    if (opened !== undefined) await closeRunContext(opened);
  }

  async close(): Promise<void> {
    await Promise.all([...this.contexts.keys()].map((runKey) => this.release(runKey)));
  }

  private evict(): void {
    const [oldest] = this.contexts.keys();
    if (oldest !== undefined && this.contexts.size > MAX_CONTEXTS) void this.release(oldest);
  }
}
