import { buffer } from 'node:stream/consumers';
import { strFromU8, unzipSync } from 'fflate';
import { ContentReader } from '../../api/logs/content-reader.js';
import { LogsService } from '../../api/logs/logs.service.js';
import type { LogType } from '../../api/logs/logs.schemas.js';
import { loadInstallationKeys } from '../../state/config/index.js';
import type { TestEngine } from './engine.js';

/** The files of a download of a job, by name without the times. */
export type Download = (runKey: string, type: LogType, format?: 'text' | 'jsonl') => Promise<Record<string, string>>;

/** Downloads logs of an engine as the API does. */
export async function downloadsOf(engine: TestEngine): Promise<Download> {
  const keys = await loadInstallationKeys(engine.dataSource, engine.keyring);
  const logs = new LogsService(engine.dataSource, engine.pool, new ContentReader(engine.pool, keys));
  return async (runKey, type, format = 'text') => {
    const [job] = await engine.pool.query<{ id: string }>('select job_ids[1] as id from run where run_key = $1', [
      runKey,
    ]);
    const { zip } = await logs.ofJob(job?.id ?? '', type, { format });
    const files = Object.entries(unzipSync(await buffer(zip)));
    return Object.fromEntries(
      files.map(([name, bytes]) => [
        name.replace(job?.id ?? '', '<id>').replace(/_\d{4}-\d\d-\d\d_[\d-]{8}/, '_<time>'),
        strFromU8(bytes),
      ]),
    );
  };
}
