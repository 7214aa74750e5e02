import type { EntityType } from '../../core/entity-type.js';
import type { SqlPool } from '../../state/database.js';
import { beginPhase, notePhase } from '../../state/runs/progress.js';
import type { Phase } from '../../state/runs/progress.js';
import type { ChunkResult } from '../contract.js';
import { codeOf } from './run-context.js';
import type { OpenSystem } from './run-context.js';

/** The phase of a run that a chunk belongs to: its time and the requests it repeated are told with the job (LOG-7). */
export class ChunkPhase {
  private phase: Phase | undefined;
  private system: OpenSystem | undefined;

  constructor(
    private readonly pool: SqlPool,
    private readonly runKey: string,
  ) {}

  /** The chunk works on this; called once, when it knows that it has something to do. */
  async enter(system: OpenSystem, type: EntityType, phase: Phase['phase']): Promise<void> {
    this.system = system;
    this.phase = { runKey: this.runKey, systemNo: system.snapshot.no, type: codeOf(type), phase };
    await beginPhase(this.pool, this.phase);
  }

  /** The chunk is over; undefined: it failed. Never rejects, because a picture for people must not break the work. */
  async leave(result: ChunkResult | undefined): Promise<void> {
    if (this.phase === undefined || this.system === undefined) return;
    const { requests } = this.system;
    const isOver = result !== undefined && !result.more;
    await notePhase(this.pool, this.phase, { isOver, retries: requests.retries }).catch(() => undefined);
    requests.retries = 0;
  }
}
