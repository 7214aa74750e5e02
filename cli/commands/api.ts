import { Command } from 'commander';
import { loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { tellParentReady, untilAskedToStop } from '../../runtime/node-child.js';

/** What `api/main.js` exports. */
interface ApiModule {
  readonly startApi: (config: Config) => Promise<{
    readonly bootstrapPassword: string | undefined;
    stop(): Promise<void>;
  }>;
}

/** `muster api`: one API process, until it is asked to stop. */
export function apiCommand(): Command {
  return new Command('api').description('start one API process (needs DATABASE_URL)').action(async () => {
    const stopRequested = untilAskedToStop();
    const { startApi }: ApiModule = await import('../../api/main.js');
    const api = await startApi(loadConfig());
    const { bootstrapPassword } = api;
    tellParentReady(bootstrapPassword === undefined ? {} : { bootstrapPassword });
    await stopRequested;
    await api.stop();
    endProcess();
  });
}

/** The channel to the parent would keep this process alive. */
function endProcess(): void {
  if (process.connected) process.disconnect();
}
