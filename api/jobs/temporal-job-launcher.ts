import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalConfig } from '../../runtime/config.js';
import type { Logger } from '../../runtime/logger.js';
import { temporalConnectionOptions } from '../../runtime/temporal-connection.js';
import type { OpenRun } from '../../state/runs/index.js';
import { ProblemError } from '../common/problem.js';
import { runWorkflowId } from '../reconciler/start-options.js';
import { RunStarter } from '../reconciler/start-run.js';
import type { JobLauncher } from './job-launcher.js';

/** Temporal counts as away when it does not answer within this time. */
const ANSWER_TIMEOUT_MS = 2_000;
const RETRY_AFTER_SECONDS = 10;

/**
 * No retries inside the client: a caller is told at once, and the reconciler repeats what matters. After an outage the channel looks
 * every second whether Temporal is back; gRPC's own limit is two minutes.
 */
const QUICK = {
  interceptors: [],
  channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 },
};

/**
 * Starts and cancels workflows. The connection is lazy: it is made by the first call and made again after an outage, so that the API
 * starts and serves while Temporal is away.
 */
@Injectable()
export class TemporalJobLauncher implements JobLauncher, OnApplicationShutdown {
  readonly #config: TemporalConfig;
  readonly #starter: RunStarter;
  #opening: Promise<Connection> | undefined;

  constructor(config: TemporalConfig, log: Logger) {
    this.#config = config;
    this.#starter = new RunStarter(log);
  }

  /** A client on the shared connection, for the parts of the API that talk to Temporal themselves. */
  async client(): Promise<Client> {
    return new Client({ connection: await this.#connection(), namespace: this.#config.namespace });
  }

  async requireTemporal(): Promise<void> {
    try {
      await this.#ping();
    } catch (error) {
      throw new ProblemError('unavailable', 'Temporal is away, so no job can start; everything else works', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      });
    }
  }

  async isReachable(): Promise<boolean> {
    try {
      await this.#ping();
      return true;
    } catch {
      return false;
    }
  }

  async start(run: OpenRun): Promise<void> {
    await this.#starter.start(await this.client(), run);
  }

  async cancel(run: OpenRun): Promise<void> {
    const client = await this.client();
    try {
      await this.#inTime(() => client.workflow.getHandle(runWorkflowId(run)).cancel());
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.#opening)?.close();
  }

  async #ping(): Promise<void> {
    const connection = await this.#connection();
    await this.#inTime(() => connection.workflowService.getSystemInfo({}));
  }

  async #inTime<T>(call: () => Promise<T>): Promise<T> {
    const connection = await this.#connection();
    return connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, call);
  }

  #connection(): Promise<Connection> {
    this.#opening ??= temporalConnectionOptions(this.#config).then((options) =>
      Connection.lazy({ ...options, ...QUICK }),
    );
    return this.#opening;
  }
}
