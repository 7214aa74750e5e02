const LOOK_INTERVAL_MS = 20;

/** Resolves when `isTrue` answers true, looking at it again and again; rejects after `timeoutMs`. */
export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > giveUpAt) throw new Error(`it did not happen within ${timeoutMs} ms: ${isTrue.toString()}`);
    await new Promise((wake) => setTimeout(wake, LOOK_INTERVAL_MS));
  }
}
