import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../runtime/embedded/postgres.js';
import { findTemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import type { TemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import type { RunningComponent, Supervisor } from '../../runtime/supervisor.js';
import type { StackOptions } from '../stack.js';
import type { StackPorts } from './ports.js';

/** Starts the PostgreSQL of the state folder; its connection string, which stays the same when it is started again. */
export async function embedPostgres(
  supervisor: Supervisor,
  options: StackOptions,
  ports: StackPorts,
  durability: 'safe' | 'test',
): Promise<string> {
  const { config, log, say } = options;
  say('starting PostgreSQL');
  let url = '';
  const start = async (): Promise<RunningComponent> => {
    const dataDir = join(config.home, 'postgres');
    const { searchPath } = config;
    const port = ports.of('postgres');
    const server = await startEmbeddedPostgres({ dataDir, port, log, durability, searchPath });
    url = server.url;
    return server;
  };
  await ports.firstStart(['postgres'], () => supervisor.start({ name: 'postgres', start }));
  return url;
}

/** Finds a Temporal program, which may take minutes the first time, and starts its dev server on the state folder. */
export async function embedTemporal(
  supervisor: Supervisor,
  options: StackOptions,
  ports: StackPorts,
): Promise<{ address: string; uiUrl: string }> {
  const { config, log, say } = options;
  const { searchPath, cacheDir } = config;
  const search = { cliPath: config.temporal.cliPath, searchPath, cacheDir, onProgress: say };
  const binary = await findTemporalBinary(search);
  say(`starting Temporal (${wayText(binary)})`);
  let addresses = { address: '', uiUrl: '' };
  const start = async (): Promise<RunningComponent> => {
    const dataDir = join(config.home, 'temporal');
    const [port, uiPort] = [ports.of('temporal'), ports.of('temporalUi')];
    const server = await startTemporalDevServer({ binary, dataDir, port, uiPort, log, searchPath });
    addresses = server;
    return server;
  };
  await ports.firstStart(['temporal', 'temporalUi'], () => supervisor.start({ name: 'temporal', start }));
  return { address: addresses.address, uiUrl: addresses.uiUrl };
}

function wayText(binary: TemporalBinary): string {
  switch (binary.way) {
    case 'configured':
      return `${binary.path}, named by TEMPORAL_CLI_PATH`;
    case 'path':
      return `${binary.path}, found on the PATH`;
    case 'cache':
      return `${binary.path}, from an earlier start`;
    case 'download':
      return 'just downloaded';
    case 'go-install':
      return 'just built with Go';
  }
}
