import { condition, workflowInfo } from '@temporalio/workflow';
import type { ChunkResult } from '../../activities/contract.js';
import type { ProgressDetails } from './progress.js';

/** How a row of chunks came to its end. `cut`: the history is full, the next one goes on here. `lateDone`: with the second pass of the type. */
export type ChunksEnd = 'done' | 'lateDone' | 'cut' | NonNullable<ChunkResult['ended']>;

/** What all chains of a run share: the length of the history, and the picture of the progress. */
export class Pace {
  private unfinishedChunks = 0;
  private hasStoppedAChain = false;
  private begunAgain = false;

  /** @param chunksPerHistory cuts the history earlier than the server suggests; for tests. */
  constructor(
    private readonly progress: ProgressDetails,
    private readonly chunksPerHistory: number | undefined,
  ) {}

  /** True once the history is long enough, or the run begins again: every chain stops at its next border, and the workflow continues as new. */
  isCut(): boolean {
    return (
      this.begunAgain ||
      workflowInfo().continueAsNewSuggested ||
      this.unfinishedChunks >= (this.chunksPerHistory ?? Infinity)
    );
  }

  /** {@link isCut}, asked by a chain that stops here when the answer is yes. */
  stopsHere(): boolean {
    const isCut = this.isCut();
    this.hasStoppedAChain ||= isCut;
    return isCut;
  }

  /** True when a chain has stopped for a new history, which therefore has work left. */
  hasWorkLeft(): boolean {
    return this.hasStoppedAChain;
  }

  /** Calls a chunk activity until it has nothing more, pausing without holding a slot when it asks for that. */
  async repeat(call: () => Promise<ChunkResult>): Promise<ChunksEnd> {
    for (;;) {
      if (this.stopsHere()) return 'cut';
      const result = await call();
      this.progress.touch();
      if (result.ended !== undefined) return result.ended;
      if (!result.more) return result.lateDone === true ? 'lateDone' : 'done';
      this.begunAgain ||= result.restart === true;
      // Only these count: after a cut every finished step is asked once more, and that must not use up the new history.
      this.unfinishedChunks += 1;
      if (result.pauseMs !== undefined && result.pauseMs > 0) await this.pause(result.pauseMs);
    }
  }

  /** A cut ends the pause: one target that must wait for minutes would hold up the others, which wait at their border. */
  private async pause(pauseMs: number): Promise<void> {
    await condition(() => this.isCut(), pauseMs);
  }
}
