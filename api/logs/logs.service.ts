import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RecordedResult } from '../../core/logs/trace.js';
import { loadInstallation } from '../../state/config/index.js';
import type { SqlPool } from '../../state/database.js';
import { listCommonLogs, LOGS_PER_PART, partOfLogs } from '../../state/logs/common-logs.js';
import type { CommonLog } from '../../state/logs/common-logs.js';
import { deleteAllLogs } from '../../state/logs/delete-logs.js';
import { isRecorded, listRecords } from '../../state/logs/records.js';
import { readRetention, saveRetention } from '../../state/logs/settings.js';
import { readJob, readStatistics } from '../../state/runs/index.js';
import type { JobView } from '../../state/runs/index.js';
import { requireConfirmation } from '../common/confirmation.js';
import { notFound, ProblemError } from '../common/problem.js';
import { fileTime, zipOf } from '../common/zip.js';
import { DATA_SOURCE, SQL_POOL } from '../infrastructure.js';
import { ContentReader } from './content-reader.js';
import { filesOf } from './log-files.js';
import { commonText, recordLine, recordText } from './log-text.js';
import { LOG_TYPES } from './logs.schemas.js';
import type { DeletedLogs, DeleteLogs, EntityLogQuery, LogSettings, LogType } from './logs.schemas.js';

/** A ZIP to be sent, made while it is sent. */
export interface LogDownload {
  readonly fileName: string;
  readonly zip: Readable;
}

/** Names of the logs of one job (DWN-2). */
const NAMES: Readonly<Record<RecordedResult, string>> = {
  failed: 'ips_jobErrorLogs',
  skipped: 'ips_jobSkippedEntitiesLogs',
  created: 'ips_jobCreatedEntitiesLogs',
  updated: 'ips_jobUpdatedEntitiesLogs',
  deleted: 'ips_jobDeletedEntitiesLogs',
};
const COMMON_NAME = 'ips_jobLogs';

/** Downloads, retention and deletion of job logs. */
@Injectable()
export class LogsService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(ContentReader) private readonly contents: ContentReader,
  ) {}

  /** A log of one job. Problems: `not-found`; `job-running` while it runs or is paused (DWN-7, DWN-8). */
  async ofJob(jobId: string, type: LogType, { format }: EntityLogQuery): Promise<LogDownload> {
    const job = await this.#over(jobId);
    const result = LOG_TYPES[type];
    if (result !== undefined) return this.#entities(job, result, format);
    if (format !== 'text') throw notForCommonLog();
    return zipped(`${COMMON_NAME}_${job.jobId}_${fileTime(new Date())}`, 'txt', this.#commonOf(job));
  }

  /** Common logs of all jobs, 3000 to a part (DWN-1). Problem `not-found` beyond the last part. */
  async ofAllJobs(part: number): Promise<LogDownload & { readonly hasMore: boolean }> {
    const { beforeRunKey, count, hasMore } = await partOfLogs(this.pool, part);
    if (beforeRunKey === undefined && part > 1) throw notFound(`part ${part}: a part has ${LOGS_PER_PART} logs`);
    const logs = listCommonLogs(this.pool, beforeRunKey ?? '0', count);
    return { ...zippedEach(`${COMMON_NAME}_${fileTime(new Date())}_part${part}`, logs), hasMore };
  }

  async settings(): Promise<LogSettings> {
    const { days, contentDays } = await readRetention(this.pool);
    return { retentionDays: days, ...(contentDays !== null && { contentRetentionDays: contentDays }) };
  }

  /** RET-1, RET-4; what is older goes within minutes. */
  async saveSettings({ retentionDays, contentRetentionDays }: LogSettings): Promise<LogSettings> {
    await saveRetention(this.pool, retentionDays, contentRetentionDays ?? null);
    return this.settings();
  }

  /** Deletes the logs of all finished jobs (RET-2). Problem `not-confirmed`. */
  async deleteAll({ confirm }: DeleteLogs): Promise<DeletedLogs> {
    requireConfirmation(
      confirm,
      (await loadInstallation(this.dataSource)).id,
      'the tenant name; GET /settings tells it',
    );
    return { deleted: await deleteAllLogs(this.pool) };
  }

  #entities(job: JobView, result: RecordedResult, format: EntityLogQuery['format']): LogDownload {
    const name = `${NAMES[result]}_${job.jobId}_${fileTime(new Date())}`;
    const write = format === 'text' ? recordText : recordLine;
    return zipped(name, format === 'text' ? 'txt' : 'jsonl', this.#records(job.runKey, result, write));
  }

  /** None where they were not asked for (TRC-6). */
  async *#records(runKey: string, result: RecordedResult, write: typeof recordText): AsyncGenerator<readonly string[]> {
    if (!(await isRecorded(this.pool, runKey, result))) return;
    for await (const records of listRecords(this.pool, runKey, result))
      for await (const few of this.contents.open(runKey, result, records))
        yield few.map(({ record, content }) => write(result, record, content));
  }

  async *#commonOf(job: JobView): AsyncGenerator<readonly string[]> {
    yield [commonText({ job, statistics: await readStatistics(this.pool, job.runKey) })];
  }

  async #over(jobId: string): Promise<JobView> {
    const job = await readJob(this.pool, jobId.toLowerCase());
    if (job === undefined) throw notFound(`job ${jobId}`);
    if (job.endedAt === null)
      throw new ProblemError('job-running', `the job is ${job.status}: its logs can be downloaded when it is over`);
    return job;
  }
}

function zipped(name: string, extension: string, portions: AsyncIterable<readonly string[]>): LogDownload {
  return { fileName: `${name}.zip`, zip: zipOf(filesOf(name, extension, portions)) };
}

/** One file for each job. */
function zippedEach(name: string, logs: AsyncIterable<CommonLog>): LogDownload {
  const files = async function* (): AsyncGenerator<{ name: string; text: readonly string[] }> {
    for await (const log of logs) yield { name: `${COMMON_NAME}_${log.job.jobId}.txt`, text: [commonText(log)] };
  };
  return { fileName: `${name}.zip`, zip: zipOf(files()) };
}

function notForCommonLog(): ProblemError {
  const message = 'the common log is a text: leave format out';
  return new ProblemError('invalid-request', `format: ${message}`, { errors: [{ parameter: 'format', message }] });
}
