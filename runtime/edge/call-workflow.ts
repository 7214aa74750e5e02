import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { EDGE_TIMES, EDGE_WINDOW_MS } from '../../core/edge/timing.js';
import { edgeQueue, tenantOf } from '../../core/task-queues.js';
import type { TemporalConfig } from '../config.js';
import { temporalConnectionOptions } from '../temporal-connection.js';
import { parseAnswer } from './frames.js';
import type { AnswerHead, Frame } from './frames.js';

/** Where one frame goes, and how long it may take. */
export interface FrameRoute {
  readonly location: string;
  /** A certain worker of it; absent: any. */
  readonly worker: string | undefined;
  /** For the Temporal Web UI. */
  readonly summary: string;
  /** What is in it may change the system: how it ended is worth waiting for. */
  readonly mayWrite: boolean;
  /** Limit for one request of the connector, milliseconds. */
  readonly requestTimeoutMs: number;
}

/**
 * There is no answer. `notDone`: the system was not touched. `unknown`: it may have been, and will not be any more. Reasons are those of `EdgeLoss`
 * (activities/contract.ts); `away`: Temporal does not answer; `gone`: the worker that was asked for; `ended`: somebody has ended the workflow;
 * `cancelled`, `forged`.
 */
export interface NoAnswer {
  readonly kind: 'notDone' | 'unknown';
  readonly reason: string;
}

/** How a frame ended. */
export type FrameEnd = { readonly kind: 'answered'; readonly frame: Frame<AnswerHead> } | NoAnswer;

/** Reading may take as long as the engine lets a page take (contract.md §13). */
const READ_MS = 15 * 60_000;
/** A write that was stopped may go on for 20 s, and has to be answered. */
const WRITE_GRACE_MS = 25_000;
/** Between two looks for a result while Temporal does not answer. */
const LOOK_INTERVAL_MS = 500;
const NOT_DONE = new Set(['late', 'notBegun', 'noWorker', 'otherKey', 'notOurs']);
/** A worker that was found dead by its silence, or has failed, begins no request any more. */
const IS_OVER = new Set(['silent', 'broken']);

/** Sends frames, each by a short workflow of its own (ADR 0086). The connection to Temporal is made with the first one. */
export class CallWorkflows {
  private opening: Promise<{ readonly connection: Connection; readonly client: Client }> | undefined;
  private readonly tenant: string;
  private isClosed = false;

  constructor(
    private readonly temporal: TemporalConfig,
    private readonly workflowQueue: string,
  ) {
    this.tenant = tenantOf(workflowQueue);
  }

  /** Never rejects but for defects. `signal`: asks the worker to stop; its answer is waited for. */
  async run(route: FrameRoute, frame: Buffer, signal: AbortSignal | undefined): Promise<FrameEnd> {
    const startedMs = performance.now();
    const handle = await this.start(route, frame, startedMs);
    if ('reason' in handle) return handle;
    const cancel = (): void => void handle.cancel().catch(() => undefined);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    try {
      return await this.result(route, handle, startedMs);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** What is under way has no answer from then on. */
  async close(): Promise<void> {
    this.isClosed = true;
    const opened = await this.opening?.catch(() => undefined);
    await opened?.connection.close();
  }

  private async start(
    { location, worker, summary, mayWrite, requestTimeoutMs }: FrameRoute,
    frame: Buffer,
    startedMs: number,
  ): Promise<WorkflowHandle | NoAnswer> {
    const { connection, client } = await this.open();
    const workflowId = `edge-${this.tenant}-${randomUUID()}`;
    const startToClose = startToCloseMs(mayWrite, requestTimeoutMs);
    const { firstTask, scheduleToStart, heartbeat } = EDGE_TIMES;
    const input = {
      queue: edgeQueue(this.tenant, location, worker),
      summary,
      times: { firstTask, scheduleToStart, startToClose, heartbeat },
    };
    try {
      return await connection.withDeadline(Date.now() + EDGE_TIMES.start, () =>
        client.workflow.start('edgeCallWorkflow', {
          workflowId,
          taskQueue: this.workflowQueue,
          args: [input, frame],
          workflowExecutionTimeout: firstTask + scheduleToStart + startToClose + heartbeat,
        }),
      );
    } catch {
      if (!mayWrite) return { kind: 'notDone', reason: 'away' };
      // It may have been started all the same; after its time it is not any more.
      await pause(Math.max(0, startedMs + EDGE_TIMES.start + 1_000 - performance.now()));
      return client.workflow.getHandle(workflowId);
    }
  }

  private async result(route: FrameRoute, handle: WorkflowHandle, startedMs: number): Promise<FrameEnd> {
    const limitMs = startedMs + limitOf(route);
    for (;;) {
      try {
        return answered(route, (await handle.result()) as Uint8Array);
      } catch (error) {
        // A request to start it that is still on its way may arrive: whoever writes has to find out.
        if (error instanceof WorkflowNotFoundError)
          return { kind: route.mayWrite ? 'unknown' : 'notDone', reason: 'away' };
        if (error instanceof WorkflowFailedError) return this.endOf(route, error);
        if (this.isClosed || performance.now() > limitMs)
          return { kind: route.mayWrite ? 'unknown' : 'notDone', reason: 'away' };
      }
      await pause(LOOK_INTERVAL_MS);
    }
  }

  private async endOf({ mayWrite, worker }: FrameRoute, { cause }: WorkflowFailedError): Promise<NoAnswer> {
    const reason = cause instanceof ApplicationFailure ? (cause.type ?? 'broken') : 'ended';
    if (NOT_DONE.has(reason))
      return { kind: 'notDone', reason: reason === 'noWorker' && worker !== undefined ? 'gone' : reason };
    if (!mayWrite) return { kind: 'notDone', reason };
    // Its worker notices that within the time in which it has to be heard.
    if (!IS_OVER.has(reason)) await pause(EDGE_TIMES.heartbeat);
    return { kind: 'unknown', reason };
  }

  private open(): Promise<{ readonly connection: Connection; readonly client: Client }> {
    this.opening ??= temporalConnectionOptions(this.temporal).then((options) => {
      // What is repeated is decided here, with the knowledge of what it is.
      const connection = Connection.lazy({ ...options, interceptors: [] });
      return { connection, client: new Client({ connection, namespace: this.temporal.namespace }) };
    });
    return this.opening;
  }
}

function answered({ mayWrite }: FrameRoute, bytes: Uint8Array): FrameEnd {
  const frame = parseAnswer(bytes);
  return frame === undefined
    ? { kind: mayWrite ? 'unknown' : 'notDone', reason: 'forged' }
    : { kind: 'answered', frame };
}

function startToCloseMs(mayWrite: boolean, requestTimeoutMs: number): number {
  if (!mayWrite) return Math.max(READ_MS, requestTimeoutMs + WRITE_GRACE_MS);
  return EDGE_TIMES.heartbeat + EDGE_TIMES.writing + requestTimeoutMs + WRITE_GRACE_MS;
}

/** When a frame that nobody hears of is over for certain. */
function limitOf({ mayWrite, requestTimeoutMs }: FrameRoute): number {
  return EDGE_WINDOW_MS + startToCloseMs(mayWrite, requestTimeoutMs);
}
