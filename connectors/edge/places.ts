/**
 * Places for requests to one system: each call under way brings the one that the installation has given it, and its requests take turns in all of
 * them. Together they are never more than the installation allows (CONN-CORE-75).
 */
export class Places {
  private free = 0;
  private readonly waiting: (() => void)[] = [];

  /** A call has come. */
  add(): void {
    this.give();
  }

  /** A call has gone, and its requests with it. */
  remove(): void {
    this.free -= 1;
  }

  /** Resolves with the function that gives the place back; rejects when the signal is aborted. */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.free > 0) this.free -= 1;
    else await this.turn(signal);
    return () => this.give();
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.waiting.splice(this.waiting.indexOf(come), 1);
        reject(new Error('stopped'));
      };
      const come = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.waiting.push(come);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  private give(): void {
    const next = this.free < 0 ? undefined : this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}
