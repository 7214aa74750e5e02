import { pino } from 'pino';
import { loadConfig } from '../../../runtime/config.js';
import { findTemporalBinary } from '../../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../../runtime/embedded/temporal-server.js';
import type { TemporalDevServer } from '../../../runtime/embedded/temporal-server.js';

/** A Temporal of one test, which it can kill and start again with its data. */
export async function startOwnTemporal(dataDir: string, port: number): Promise<TemporalDevServer> {
  const { searchPath, cacheDir, temporal: settings } = loadConfig();
  const { cliPath } = settings;
  const binary = await findTemporalBinary({ cliPath, searchPath, cacheDir, onProgress: () => undefined });
  return startTemporalDevServer({ binary, dataDir, port, log: pino({ level: 'silent' }), searchPath });
}
