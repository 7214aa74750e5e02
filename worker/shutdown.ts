import type { Worker } from '@temporalio/worker';

/** Something that has to be closed after the workers, in the given order. */
export type Closer = () => Promise<void>;

/** A set of workers that runs as one. */
export interface WorkerGroup {
  /** Takes no new work, lets what is under way end (it is cancelled after a moment and tried again elsewhere), then closes the rest. */
  stop(): Promise<void>;
  /** Resolves when all is closed after {@link stop}; rejects, with all closed, when a worker ended by itself. */
  readonly exited: Promise<void>;
}

/** Runs the workers. When one of them fails the others are shut down too: half a worker would look alive. */
export function runTogether(workers: readonly Worker[], closers: readonly Closer[]): WorkerGroup {
  const shutDown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  let isStopping = false;
  const exited = (async () => {
    const runs = workers.map(async (worker) => {
      try {
        await worker.run();
        if (!isStopping) throw new Error('a worker of this process ended although nobody stopped it');
      } finally {
        shutDown();
      }
    });
    const ended = await Promise.allSettled(runs);
    const closed: PromiseSettledResult<void>[] = [];
    // One after the other: activities give up their connections before the pool goes, and one failure must not keep the rest open.
    for (const close of closers) closed.push(...(await Promise.allSettled([close()])));
    for (const result of [...ended, ...closed]) if (result.status === 'rejected') throw asError(result.reason);
  })();
  // Whoever starts a worker may look at the promise later; an unobserved rejection must not end the process before that.
  exited.catch(() => undefined);
  return {
    exited,
    async stop() {
      isStopping = true;
      shutDown();
      await exited;
    },
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
