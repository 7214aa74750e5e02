import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds since 1970 by the monotonic clock that the journals of the simulators use. */
export function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Asks until the answer is not undefined.
 * @throws Error naming `what` after `limitMs`.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  { everyMs = 20, limitMs = 600_000 }: { readonly everyMs?: number; readonly limitMs?: number } = {},
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
    await sleep(everyMs);
  }
}
