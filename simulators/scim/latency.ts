import { createRandom } from '../random.js';
import type { RequestOperation } from './journal.js';

/** How long a server takes: fixed part plus a log-normal part. */
export interface LatencyProfile {
  readonly fixedMs: number;
  /** Median of the random part; 0 or absent for none. */
  readonly jitterMedianMs?: number;
  /** Spread of the random part: standard deviation of its logarithm (0.5 gives a p99 of about 3.2 medians). */
  readonly jitterSigma?: number;
}

/** Latency per kind of request; what is not named takes `default`. */
export type LatencyOptions = Readonly<Partial<Record<RequestOperation | 'default', LatencyProfile>>>;

const NONE: LatencyProfile = { fixedMs: 0 };

/** Draws waiting times; deterministic for a seed and an order of requests. */
export class LatencyModel {
  #options: LatencyOptions;
  readonly #random: () => number;

  constructor(options: LatencyOptions, seed: number) {
    this.#options = options;
    this.#random = createRandom(seed);
  }

  /** Other times from the next request on. */
  set(options: LatencyOptions): void {
    this.#options = options;
  }

  /** Milliseconds that this request shall wait before it is carried out. */
  nextMs(operation: RequestOperation | undefined): number {
    const profile = (operation && this.#options[operation]) ?? this.#options.default ?? NONE;
    const medianMs = profile.jitterMedianMs ?? 0;
    if (medianMs <= 0) return profile.fixedMs;
    return profile.fixedMs + medianMs * Math.exp((profile.jitterSigma ?? 0.5) * this.#normal());
  }

  /** Standard normal number (Box and Muller). */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()));
    return radius * Math.cos(2 * Math.PI * this.#random());
  }
}
