import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** Synchronous work of this length is cut, milliseconds. */
const BREATH_MS = 4;

/**
 * Cuts long synchronous work into pieces: between them answers are read and requests are sent. Preparing a batch in one go would leave
 * all connections to a target idle for as long as a request takes.
 */
export class Breather {
  private since = performance.now();

  /** {@link breathe} would wait: loops whose steps cost less than a promise ask first. */
  get isDue(): boolean {
    return performance.now() - this.since >= BREATH_MS;
  }

  /** Lets everything else have its turn when the last piece was long enough; costs nothing otherwise. */
  async breathe(): Promise<void> {
    if (!this.isDue) return;
    await setImmediate();
    this.since = performance.now();
  }
}
