import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import {
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError } from '@temporalio/common';
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
 * (activities/contract.ts); `away`: Temporal does not answer; `refused`: it does not take the call; `gone`: the worker that was asked for;
 * `ended`: somebody has ended the workflow; `cancelled`, `forged`.
 */
export interface NoAnswer {
  readonly kind: 'notDone' | 'unknown';
  readonly reason: string;
  /** What Temporal said. */
  readonly detail?: string;
}

/** How a frame ended. */
export type FrameEnd = { readonly kind: 'answered'; readonly frame: Frame<AnswerHead> } | NoAnswer;

/** Reading may take as long as the engine lets a page take (contract.md §13). */
const READ_MS = 15 * 60_000;
/** A write that was stopped may go on for 20 s, and has to be answered. */
const WRITE_GRACE_MS = 25_000;
/** Between two looks for a result while Temporal does not answer. */
const LOOK_INTERVAL_MS = 500;
const NOT_DONE = new Set(['late', 'notBegun', 'noWorker', 'otherKey', 'notOurs', 'otherVersion']);
/** A worker that was found dead by its silence, or has failed, begins no request any more. */
const IS_OVER = new Set(['silent', 'broken']);

/** Answers of Temporal, by code of gRPC, after which it has started nothing: what was asked for is wrong, or not allowed. */
const REFUSED = new Set([3, 5, 7, 9, 12, 16]);
/** Too much: said by Temporal before it starts a call, but also by a proxy that gives up a request which it has passed on (ENHANCE_YOUR_CALM). */
const EXHAUSTED = 8;
/** A call that is too old from the beginning, so that nobody makes it. */
const NEVER = { firstTask: -1 } as const;

/** Input of the workflow; see `EdgeCallInput` (activities/contract.ts). */
interface CallInput {
  readonly queue: string;
  readonly summary: string;
  readonly times: Readonly<Record<'firstTask' | 'scheduleToStart' | 'startToClose' | 'heartbeat', number>>;
}

/** What calls go through; tests replace it. */
export interface CallTools {
  readonly open: () => Promise<{
    readonly connection: Pick<Connection, 'withDeadline' | 'close'>;
    readonly client: { readonly workflow: Pick<Client['workflow'], 'start' | 'getHandle'> };
  }>;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** Sends frames, each by a short workflow of its own (ADR 0086). The connection to Temporal is made with the first one. */
export class CallWorkflows {
  private opening: ReturnType<CallTools['open']> | undefined;
  private readonly tenant: string;
  private isClosed = false;

  constructor(
    private readonly tools: CallTools,
    private readonly workflowQueue: string,
  ) {
    this.tenant = tenantOf(workflowQueue);
  }

  /** Never rejects but for defects. `signal`: asks the worker to stop; its answer is waited for. */
  async run(route: FrameRoute, frame: Buffer, signal: AbortSignal | undefined): Promise<FrameEnd> {
    const startedMs = this.tools.nowMs();
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

  private async start(route: FrameRoute, frame: Buffer, startedMs: number): Promise<WorkflowHandle | NoAnswer> {
    const workflowId = `edge-${this.tenant}-${randomUUID()}`;
    const input = this.inputOf(route);
    try {
      return await this.startAs(workflowId, input, frame);
    } catch (error) {
      const notStarted = notStartedBecause(error);
      if (notStarted.isSure || !route.mayWrite) return { kind: 'notDone', ...notStarted.why };
      return this.overtake(workflowId, input, startedMs, notStarted.why);
    }
  }

  /**
   * The request to start a call got no answer, and may still be on its way. Its name is taken by a call that nobody makes: then that request comes too
   * late whenever it comes. Where it was first, it is waited for. When Temporal is away for longer than the permit lasts, nobody begins the call any more.
   */
  private async overtake(
    workflowId: string,
    input: CallInput,
    startedMs: number,
    why: NotStarted['why'],
  ): Promise<WorkflowHandle | NoAnswer> {
    const { client } = await this.open();
    const never = { ...input, times: { ...input.times, ...NEVER } };
    for (;;) {
      await this.tools.pause(LOOK_INTERVAL_MS);
      try {
        await this.startAs(workflowId, never, Buffer.alloc(0));
        return { kind: 'notDone', ...why };
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return client.workflow.getHandle(workflowId);
        if (this.isClosed || this.tools.nowMs() > startedMs + EDGE_WINDOW_MS) return { kind: 'unknown', ...why };
      }
    }
  }

  private async startAs(workflowId: string, input: CallInput, frame: Buffer): Promise<WorkflowHandle> {
    const { connection, client } = await this.open();
    const { firstTask, scheduleToStart, startToClose, heartbeat } = input.times;
    return connection.withDeadline(Date.now() + EDGE_TIMES.start, () =>
      client.workflow.start('edgeCallWorkflow', {
        workflowId,
        taskQueue: this.workflowQueue,
        args: [input, frame],
        // A name that was taken once is taken for good.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowTaskTimeout: EDGE_TIMES.task,
        workflowExecutionTimeout: Math.max(0, firstTask) + EDGE_TIMES.task + scheduleToStart + startToClose + heartbeat,
      }),
    );
  }

  private inputOf({ location, worker, summary, mayWrite, requestTimeoutMs }: FrameRoute): CallInput {
    const { firstTask, scheduleToStart, heartbeat } = EDGE_TIMES;
    const startToClose = startToCloseMs(mayWrite, requestTimeoutMs);
    return {
      queue: edgeQueue(this.tenant, location, worker),
      summary,
      times: { firstTask, scheduleToStart, startToClose, heartbeat },
    };
  }

  private async result(route: FrameRoute, handle: WorkflowHandle, startedMs: number): Promise<FrameEnd> {
    const limitMs = startedMs + limitOf(route);
    const away: NoAnswer = { kind: route.mayWrite ? 'unknown' : 'notDone', reason: 'away' };
    for (;;) {
      try {
        return answered(route, (await handle.result()) as Uint8Array);
      } catch (error) {
        if (error instanceof WorkflowFailedError) return this.endOf(route, error);
        if (error instanceof WorkflowNotFoundError) {
          // Temporal has lost what it knew, and whoever makes the call is told with the next beat, or hears nothing any more.
          if (route.mayWrite) await this.tools.pause(EDGE_TIMES.heartbeat);
          return away;
        }
        if (this.isClosed || this.tools.nowMs() > limitMs) return away;
      }
      await this.tools.pause(LOOK_INTERVAL_MS);
    }
  }

  private async endOf({ mayWrite, worker }: FrameRoute, { cause }: WorkflowFailedError): Promise<NoAnswer> {
    const reason = cause instanceof ApplicationFailure ? (cause.type ?? 'broken') : 'ended';
    if (NOT_DONE.has(reason))
      return { kind: 'notDone', reason: reason === 'noWorker' && worker !== undefined ? 'gone' : reason };
    if (!mayWrite) return { kind: 'notDone', reason };
    // Its worker notices that within the time in which it has to be heard.
    if (!IS_OVER.has(reason)) await this.tools.pause(EDGE_TIMES.heartbeat);
    return { kind: 'unknown', reason };
  }

  private open(): ReturnType<CallTools['open']> {
    this.opening ??= this.tools.open();
    return this.opening;
  }
}

/** Calls through the Temporal of a configuration. */
export function callToolsOf(temporal: TemporalConfig): CallTools {
  return {
    open: async () => {
      // What is repeated is decided here, with the knowledge of what it is.
      const connection = Connection.lazy({ ...(await temporalConnectionOptions(temporal)), interceptors: [] });
      return { connection, client: new Client({ connection, namespace: temporal.namespace }) };
    },
    pause,
    nowMs: () => performance.now(),
  };
}

/** A call was not started, or nobody knows. */
interface NotStarted {
  readonly isSure: boolean;
  readonly why: Pick<NoAnswer, 'reason' | 'detail'>;
}

function notStartedBecause(error: unknown): NotStarted {
  if (error instanceof NamespaceNotFoundError)
    return { isSure: true, why: { reason: 'refused', detail: `there is no namespace ${error.namespace}` } };
  const cause = error instanceof Error && !isGrpcServiceError(error) ? error.cause : error;
  if (!isGrpcServiceError(cause)) return { isSure: false, why: { reason: 'away' } };
  const code = Number(cause.code);
  const isSure = REFUSED.has(code);
  const isRefused = isSure || code === EXHAUSTED;
  return { isSure, why: isRefused ? { reason: 'refused', detail: cause.details } : { reason: 'away' } };
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
