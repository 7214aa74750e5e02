/** What is waited for; `otherwise` when the signal is aborted first. */
export async function unlessAborted<T, U>(
  wait: Promise<T>,
  signal: AbortSignal | undefined,
  otherwise: U,
): Promise<T | U> {
  if (signal === undefined) return wait;
  let onAbort = (): void => undefined;
  const aborted = new Promise<U>((resolve) => {
    onAbort = () => resolve(otherwise);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
