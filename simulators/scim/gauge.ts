/** Counts requests in flight. */
export class ConcurrencyGauge {
  #now = 0;
  #max = 0;
  #total = 0;

  enter(): void {
    this.#now += 1;
    this.#total += 1;
    if (this.#now > this.#max) this.#max = this.#now;
  }

  leave(): void {
    this.#now -= 1;
  }

  /** The highest number seen starts anew from the present one. */
  reset(): void {
    this.#max = this.#now;
    this.#total = 0;
  }

  get inFlight(): number {
    return this.#now;
  }

  get maxInFlight(): number {
    return this.#max;
  }

  /** Requests that arrived. */
  get total(): number {
    return this.#total;
  }
}
