import { Inject, Injectable } from '@nestjs/common';
import type { MessageEvent, BeforeApplicationShutdown } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { contentText, shortened } from '../../core/logs/content.js';
import type { Logger } from '../../runtime/logger.js';
import { loadRunConfiguration } from '../../state/config/index.js';
import { CAUSE_MEANING } from '../../core/sync/read-safety.js';
import { listUnknown, listUnknownCounts } from '../../state/absence/unknown.js';
import { SqlPool } from '../../state/database.js';
import {
  findOpenRun,
  listEndedTargets,
  listFailedEntities,
  listJobs,
  listResults,
  listUsedConfigurations,
  readJob,
  readStatistics,
  requestRun,
  requestStop,
} from '../../state/runs/index.js';
import type { JobView, RunKind, StatisticsRow } from '../../state/runs/index.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant } from '../common/paging.schemas.js';
import { ProblemError, notFound } from '../common/problem.js';
import { DATA_SOURCE, LOGGER, SQL_POOL } from '../infrastructure.js';
import { ContentReader, HIDDEN_CONTENT } from '../logs/content-reader.js';
import { SystemLookup } from '../systems/system-lookup.js';
import { jobEvents } from './job-events.js';
import { JOB_LAUNCHER } from './job-launcher.js';
import type { JobLauncher } from './job-launcher.js';
import { toJobBody, toProgressBody, toResultBody } from './job-view.js';
import { RecentProgress } from './recent-progress.js';
import type {
  JobBody,
  JobDetails,
  JobList,
  JobQuery,
  ResultList,
  ResultQuery,
  StartJob,
  Statistics,
  UnknownList,
  UnknownQuery,
} from './jobs.schemas.js';

/** Logs that a job offers once it is over: of the results that it had, be they recorded or not (DWN-2, TRC-6). */
function offeredLogs({ endedAt }: JobView, statistics: readonly StatisticsRow[]): string[] {
  if (endedAt === null) return [];
  const offered = LOGGED_RESULTS.filter((result) => statistics.some((row) => row[result] > 0));
  return ['commonLog', ...offered.map((result) => `${result}EntitiesLog`)];
}

const LOGGED_RESULTS = ['failed', 'skipped', 'created', 'updated', 'deleted'] as const;

/** Starting, stopping and showing jobs. */
@Injectable()
export class JobsService implements BeforeApplicationShutdown {
  readonly #closing = new AbortController();
  readonly #progress: RecentProgress;

  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(JOB_LAUNCHER) private readonly launcher: JobLauncher,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(ContentReader) private readonly contents: ContentReader,
  ) {
    this.#progress = new RecentProgress(pool);
  }

  /**
   * Starts a job at once, or queues it behind the running one (JOB-11, JOB-13). Problems: 409 for what SYS-9, SYS-20 and SYS-23
   * refuse, 503 while Temporal is away.
   */
  async start(systemId: string, body: StartJob, caller: Principal): Promise<JobBody> {
    const kind = runKind(body);
    const system = await this.systems.require(systemId);
    if (system.role !== 'source') throw new ProblemError('not-found', `${system.name} is not a source: it has no jobs`);
    const { match, plan } = body;
    if (match !== undefined && !plan)
      throw new ProblemError('invalid-request', 'match belongs to a plan: set "plan" to true, or leave match out', {
        errors: [{ pointer: '/match', message: 'belongs to a plan: set "plan" to true, or leave it out' }],
      });
    const request = {
      sourceNo: system.no,
      kind,
      trigger: 'IMMEDIATE',
      triggeredBy: caller.userName,
      ...(match !== undefined && { match }),
      ...(body.accept !== undefined && { accepts: body.accept }),
    } as const;
    return this.launch(system.no, () => requestRun(this.pool, request));
  }

  /** Checks that a source may run, stores a job by `request`, and starts it at once where that is possible. Problems as of {@link start}. */
  async launch(sourceNo: number, request: () => ReturnType<typeof requestRun>): Promise<JobBody> {
    await this.#refuseIdle(sourceNo);
    await this.launcher.requireTemporal();
    const run = await request();
    if (run.state === 'starting') await this.#launch(run.runKey);
    return toJobBody(await this.#require(run.jobId));
  }

  /** A page of jobs, newest first (STA-13). */
  async list(query: JobQuery): Promise<JobList> {
    const source = query.system === undefined ? undefined : await this.systems.require(query.system);
    const before = query.before === undefined ? undefined : await this.#require(query.before);
    const jobs = await listJobs(this.pool, {
      ...(source !== undefined && { sourceNo: source.no }),
      ...(query.type !== undefined && { type: query.type }),
      ...(query.status !== undefined && { status: query.status }),
      ...(query.search !== undefined && { search: query.search }),
      ...(before !== undefined && { beforeRunKey: before.runKey }),
      ...(query.from !== undefined && { from: new Date(query.from) }),
      ...(query.to !== undefined && { to: new Date(query.to) }),
      limit: query.limit + 1,
    });
    const items = jobs.slice(0, query.limit).map(toJobBody);
    return { items, next: jobs.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** One job with its statistics, by any of its ids (STP-5). */
  async read(jobId: string): Promise<JobDetails> {
    return this.#details(await this.#require(jobId));
  }

  /** Statistics of a job (STA-7): live while it runs, exact once it is over. */
  async statistics(jobId: string): Promise<Statistics> {
    return { items: [...(await readStatistics(this.pool, (await this.#require(jobId)).runKey))] };
  }

  /** Results of single entities, ordered by target. */
  async results(jobId: string, query: ResultQuery): Promise<ResultList> {
    const job = await this.#require(jobId);
    const target = query.target === undefined ? undefined : await this.systems.require(query.target);
    const { results, next } = await listResults(this.pool, job.runKey, {
      ...(target !== undefined && { targetNo: target.no }),
      ...(query.type !== undefined && { type: query.type }),
      ...(query.result !== undefined && { result: query.result }),
      ...(query.after !== undefined && { after: query.after }),
      limit: query.limit,
    });
    return { items: results.map(toResultBody), next: next && `${next.targetNo}-${next.entityNo}` };
  }

  /** Entities that were neither present nor absent, by type and cause (UNK-6). */
  async unknown(jobId: string, query: UnknownQuery): Promise<UnknownList> {
    const job = await this.#require(jobId);
    const { items, more } = await listUnknown(this.pool, job.runKey, {
      ...(query.type !== undefined && { type: query.type }),
      ...(query.cause !== undefined && { cause: query.cause }),
      ...(query.after !== undefined && { after: query.after }),
      limit: query.limit,
    });
    const last = items.at(-1);
    return {
      items: items.map(({ entityNo: _entityNo, ...item }) => item),
      next: more && last !== undefined ? `${last.entity}.${last.cause}.${last.entityNo}` : null,
    };
  }

  /** Stops a job (STP-1); 409 when it is over. */
  async stop(jobId: string): Promise<JobBody> {
    const answer = await requestStop(this.pool, jobId);
    if (answer.kind === 'notFound') throw notFound(`job ${jobId}`);
    if (answer.kind === 'alreadyFinal') throw new ProblemError('job-over', 'the job is over: there is nothing to stop');
    if (answer.kind === 'stopping') await this.#cancel(answer.runKey);
    return toJobBody(await this.#require(jobId));
  }

  /** The stream of a job's progress; see {@link jobEvents}. */
  async events(jobId: string): Promise<Observable<MessageEvent>> {
    await this.#require(jobId);
    const read = async (): Promise<JobDetails | undefined> => {
      const job = await readJob(this.pool, jobId);
      return job && this.#details(job);
    };
    return jobEvents(read, this.#closing.signal);
  }

  /** Ends open event streams; the server waits for every open response. */
  beforeApplicationShutdown(): void {
    this.#closing.abort();
  }

  async #refuseIdle(sourceNo: number): Promise<void> {
    const { source, targets } = await loadRunConfiguration(this.dataSource, sourceNo);
    if (!source.enabled) throw new ProblemError('system-disabled', `${source.name} is disabled: enable it first`);
    if (Object.keys(source.properties).length + source.secretNames.length === 0) {
      throw new ProblemError(
        'not-configured',
        `${source.name} has no properties: enter the connection to its back end first`,
      );
    }
    if (!targets.some((target) => target.enabled)) {
      const disabled = targets.map((target) => target.name).join(', ');
      const remedy = disabled === '' ? 'connect a target' : `enable one of ${disabled}`;
      throw new ProblemError('no-enabled-target', `no enabled target is connected to ${source.name}: ${remedy}`);
    }
  }

  /** The row exists, so a failure here only delays: the reconciler starts what has no workflow. */
  async #launch(runKey: string): Promise<void> {
    try {
      const run = await findOpenRun(this.pool, runKey);
      if (run !== undefined) await this.launcher.start(run);
    } catch (error) {
      this.log.warn({ runKey, err: error }, 'a job could not be started at once; the reconciler will start it');
    }
  }

  /** The flag in the row stops the job even if Temporal cannot be told. */
  async #cancel(runKey: string): Promise<void> {
    try {
      const run = await findOpenRun(this.pool, runKey);
      if (run !== undefined) await this.launcher.cancel(run);
    } catch (error) {
      this.log.warn({ runKey, err: error }, 'Temporal could not be told to cancel a job; its activities see the flag');
    }
  }

  async #require(jobId: string): Promise<JobView> {
    const job = await readJob(this.pool, jobId.toLowerCase());
    if (job === undefined) throw notFound(`job ${jobId}`);
    return job;
  }

  /** LOG-5; what is shown with a job is cut also where the downloads have all of it (TRC-5). */
  async #failedEntities(runKey: string): Promise<JobDetails['failedEntities']> {
    const shown: JobDetails['failedEntities'] = [];
    const failed = await listFailedEntities(this.pool, runKey);
    for await (const few of this.contents.open(runKey, 'failed', failed))
      for (const { record, content } of few)
        shown.push({
          ...record,
          at: isoInstant(record.at),
          content: content === undefined ? HIDDEN_CONTENT : contentText(shortened(content)),
        });
    return shown;
  }

  async #details(job: JobView): Promise<JobDetails> {
    const { pool } = this;
    const { runKey } = job;
    const statistics = await readStatistics(pool, runKey);
    return {
      ...toJobBody(job),
      statistics,
      logs: offeredLogs(job, statistics),
      failedEntities: await this.#failedEntities(runKey),
      unknown: (await listUnknownCounts(pool, runKey)).map((row) => ({ ...row, meaning: CAUSE_MEANING[row.cause] })),
      endedTargets: await listEndedTargets(pool, runKey),
      configurations: await listUsedConfigurations(pool, runKey),
      progress: toProgressBody(await this.#progress.of(job)),
    };
  }
}

function runKind(body: StartJob): RunKind {
  const { type, plan, compare } = body;
  if (plan && type !== 'READ' && type !== 'RESYNC') throw notFor('/plan', 'plan', type, 'READ and RESYNC');
  if (compare && type !== 'SIMULATE') throw notFor('/compare', 'compare', type, 'SIMULATE');
  switch (type) {
    case 'READ':
      return plan ? 'readPlan' : 'read';
    case 'RESYNC':
      return plan ? 'resyncPlan' : 'resync';
    case 'SIMULATE':
      return compare ? 'simulateCompare' : 'simulate';
    case 'VALIDATE': {
      const message = 'VALIDATE is no job in the queue: send its CSV files to POST /systems/{id}/validations';
      throw new ProblemError('invalid-request', message, { errors: [{ pointer: '/type', message }] });
    }
  }
}

function notFor(pointer: string, name: string, type: string, types: string): ProblemError {
  const message = `${name} does not go with ${type}: leave it out, or start one of ${types}`;
  return new ProblemError('invalid-request', message, { errors: [{ pointer, message }] });
}
