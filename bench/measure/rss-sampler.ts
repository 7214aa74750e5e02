import { processUsage } from './process-usage.js';

const INTERVAL_MS = 200;

/** Medians of the resident size. */
export interface RssCourse {
  readonly earlyMb: number;
  readonly lateMb: number;
}

/** Resident size of a process over time. */
export class RssSampler {
  readonly #samplesMb: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#timer = setInterval(() => this.#samplesMb.push(processUsage(pid).rssMb), INTERVAL_MS);
  }

  /** Ends the sampling: what the process held in the second and in the last quarter of the time, medians. */
  stop(): RssCourse {
    clearInterval(this.#timer);
    const quarter = Math.floor(this.#samplesMb.length / 4);
    return {
      earlyMb: median(this.#samplesMb.slice(quarter, 2 * quarter)),
      lateMb: median(this.#samplesMb.slice(-Math.max(1, quarter))),
    };
  }
}

/** The middle one of some numbers; 0 for none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
