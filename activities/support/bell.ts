/**
 * Tells the drains of a run, in this process, that something may have come for them. A hint and no more: whoever waits also looks by
 * the clock, because pages may be read in another process.
 */
export class Bell {
  private rung = 0;
  private readonly listeners = new Set<() => void>();

  /** How often it has rung; taken before looking, so that no ring between the look and the wait is missed. */
  get count(): number {
    return this.rung;
  }

  ring(): void {
    this.rung += 1;
    for (const listener of [...this.listeners]) listener();
  }

  /** Resolves when it has rung since `count` was taken, after `timeMs`, or on abort, whichever is first. */
  async after(count: number, timeMs: number, signal: AbortSignal): Promise<void> {
    if (this.rung !== count || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeMs);
      this.listeners.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
