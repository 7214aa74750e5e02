import { Inject, Injectable } from '@nestjs/common';
import type { JsonObject } from '../../core/json.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';
import type { InstallationKeys } from '../../runtime/secrets.js';
import { SqlPool } from '../../state/database.js';
import { readJob } from '../../state/runs/index.js';
import type { JobView } from '../../state/runs/index.js';
import { listSimulatedResults } from '../../state/simulation/views.js';
import type { SimulatedFilter, SimulatedResultView } from '../../state/simulation/views.js';
import { ProblemError, notFound } from '../common/problem.js';
import { INSTALLATION_KEYS, SQL_POOL } from '../infrastructure.js';
import { attributesOf } from '../plans/plan-view.js';
import { SystemLookup } from '../systems/system-lookup.js';
import type { SimulatedResult, SimulationExportQuery, SimulationList, SimulationQuery } from './simulation.schemas.js';

/** Results in one portion of a download. */
const EXPORT_PORTION = 1_000;

/** What a Simulate job has found (JOB-9). */
@Injectable()
export class SimulationService {
  readonly #sealer: BodySealer;

  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(INSTALLATION_KEYS) keys: InstallationKeys,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
  ) {
    this.#sealer = createBodySealer(keys.deriveKey('link-body'));
  }

  /** A page of results in the order they were found. Problems: 404, 409 for a job of another type. */
  async list(jobId: string, query: SimulationQuery): Promise<SimulationList> {
    const job = await this.require(jobId);
    const { limit, after, values } = query;
    const page = { limit: limit + 1, ...(after !== undefined && { after: Number(after) }) };
    const rows = await listSimulatedResults(this.pool, job.runKey, await this.#filter(query), page);
    const last = rows[limit - 1];
    return {
      items: rows.slice(0, limit).map((row) => this.#body(row, values)),
      next: rows.length > limit && last !== undefined ? String(last.resultNo) : null,
    };
  }

  /** All results that fit, in portions, for a download. */
  async *portions(jobId: string, query: SimulationExportQuery): AsyncGenerator<SimulatedResult[]> {
    const job = await this.require(jobId);
    const filter = await this.#filter(query);
    for (let after = 0; ;) {
      const rows = await listSimulatedResults(this.pool, job.runKey, filter, { after, limit: EXPORT_PORTION });
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => this.#body(row, query.values));
      after = last.resultNo;
    }
  }

  /** A job that simulates. Problems: 404, 409. */
  async require(jobId: string): Promise<JobView> {
    const job = await readJob(this.pool, jobId.toLowerCase());
    if (job === undefined) throw notFound(`job ${jobId}`);
    if (job.type !== 'SIMULATE')
      throw new ProblemError('not-simulated', `job ${jobId} is a ${job.type} job: its results are those of a real job`);
    return job;
  }

  async #filter({
    target,
    type,
    result,
    text,
  }: Pick<SimulationQuery, 'target' | 'type' | 'result' | 'text'>): Promise<SimulatedFilter> {
    const system = target === undefined ? undefined : await this.systems.require(target);
    return {
      ...(system !== undefined && { targetNo: system.no }),
      ...(type !== undefined && { type }),
      ...(result !== undefined && { result }),
      ...(text !== undefined && { text }),
    };
  }

  #body(view: SimulatedResultView, withValues: boolean): SimulatedResult {
    const { resultNo: _no, targetNo, placeNo, content, attributes, risks, ...rest } = view;
    const opened = withValues ? this.#open(targetNo, placeNo, content) : undefined;
    return {
      ...rest,
      risks: [...risks],
      attributeNames: [...attributes],
      ...(opened !== undefined && { attributes: attributesOf(attributes, opened) }),
    };
  }

  #open(targetNo: number, placeNo: number, content: Buffer | null): JsonObject {
    return content === null ? {} : this.#sealer.open(content, `change/${targetNo}/${placeNo}`);
  }
}
