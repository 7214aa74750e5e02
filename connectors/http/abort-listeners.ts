const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` when the signal is aborted, until the returned function is called. However many requests wait on one signal,
 * it carries one event listener: Node warns of a leak from the eleventh on, and removing one of many is slow.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const listeners = listenersOf.get(signal) ?? attach(signal);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function attach(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(signal, listeners);
  signal.addEventListener('abort', () => [...listeners].forEach((listener) => listener()), { once: true });
  return listeners;
}
