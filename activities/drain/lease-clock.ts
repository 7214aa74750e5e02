import { performance } from 'node:perf_hooks';

/** A request must be over this long before its lease ends. */
const SAFETY_MS = 5_000;

/**
 * The process's own view of a lease (engine invariant 3): the deadline is the process time *before* the lease statement plus the length,
 * by the monotonic and by the wall clock, so that neither a stopped process nor a moved clock can stretch it. The database's clock only
 * decides when others may take over.
 */
export class LeaseClock {
  private monotonicDeadlineMs = 0;
  private wallDeadlineMs = 0;

  /** Call {@link LeaseClock.mark} before the statement, and `extend` with what it returned after it. */
  static mark(): { readonly monotonicMs: number; readonly wallMs: number } {
    return { monotonicMs: performance.now(), wallMs: Date.now() };
  }

  extend(mark: { readonly monotonicMs: number; readonly wallMs: number }, leaseMs: number): void {
    this.monotonicDeadlineMs = mark.monotonicMs + leaseMs;
    this.wallDeadlineMs = mark.wallMs + leaseMs;
  }

  /**
   * The same for a renewal. A lease that has run out meanwhile stays over: what was claimed under it may have been somebody else's in between, who
   * is done with it (engine invariant 8).
   */
  prolong(mark: { readonly monotonicMs: number; readonly wallMs: number }, leaseMs: number): void {
    if (this.remainingMs() > 0) this.extend(mark, leaseMs);
  }

  /**
   * How long a claim under the lease has to last, and at least `leastMs`: requests start as long as the lease allows, so a claim that ends before it
   * would leave them without (engine invariant 8). It is prolonged together with the lease.
   */
  claimMs(leastMs: number): number {
    return Math.max(leastMs, Math.ceil(this.remainingMs()));
  }

  private remainingMs(): number {
    return Math.min(this.monotonicDeadlineMs - performance.now(), this.wallDeadlineMs - Date.now());
  }

  /** True when a request that may take this long can be started under the lease. */
  allows(requestTimeoutMs: number): boolean {
    return requestTimeoutMs + SAFETY_MS < this.remainingMs();
  }
}
