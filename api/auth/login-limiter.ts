/** Failed attempts that one address has free within the window. */
const MAX_FAILURES = 10;
const WINDOW_MS = 5 * 60_000;
/** Addresses remembered at most; the oldest is forgotten first. */
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  readonly windowEndsAt: number;
}

/**
 * Slows down guessing: counts failed logins per client address, in this process. Per address and not per user, so that nobody can
 * lock the administrator out.
 */
export class LoginLimiter {
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock, for tests. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Takes one attempt before the password is looked at, so that parallel guesses count too. Answers how many seconds to wait: 0 when
   * the attempt is free. Give a successful attempt back with {@link succeed}.
   */
  attempt(address: string): number {
    const now = this.#now();
    const known = this.#failures.get(address);
    const failures =
      known !== undefined && known.windowEndsAt > now ? known : { count: 0, windowEndsAt: now + WINDOW_MS };
    if (failures.count >= MAX_FAILURES) return Math.ceil((failures.windowEndsAt - now) / 1000);
    failures.count += 1;
    this.#remember(address, failures);
    return 0;
  }

  /** The attempt was right: it does not count. */
  succeed(address: string): void {
    const failures = this.#failures.get(address);
    if (failures !== undefined) failures.count -= 1;
  }

  #remember(address: string, failures: Failures): void {
    this.#failures.set(address, failures);
    if (this.#failures.size <= MAX_ADDRESSES) return;
    const oldest = this.#failures.keys().next();
    if (!oldest.done) this.#failures.delete(oldest.value);
  }
}
