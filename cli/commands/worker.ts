import { Command } from 'commander';
import { loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { tellParentReady, untilAskedToStop } from '../../runtime/node-child.js';

/** What `worker/main.js` exports. */
interface WorkerModule {
  readonly startWorker: (
    config: Config,
    overrides: { readonly signal: AbortSignal },
  ) => Promise<{ stop(): Promise<void>; readonly exited: Promise<unknown> }>;
}

/** `muster worker`: one worker process, until it is asked to stop or its worker fails. */
export function workerCommand(): Command {
  return new Command('worker').description('start one worker process (needs DATABASE_URL)').action(async () => {
    const stopRequested = untilAskedToStop();
    const { startWorker }: WorkerModule = await import('../../worker/main.js');
    // The worker waits for PostgreSQL and Temporal before it starts; a stop must end that wait too.
    const waiting = new AbortController();
    void stopRequested.then(() => waiting.abort());
    const worker = await startWorker(loadConfig(), { signal: waiting.signal });
    tellParentReady();
    // A worker that ends by itself rejects `exited`: the process fails, and whoever supervises it starts it again.
    await Promise.race([stopRequested, worker.exited]);
    await worker.stop();
    if (process.connected) process.disconnect();
  });
}
