import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { EDGE_TIMES } from '../../core/edge/timing.js';
import { unlessAborted } from '../../core/unless-aborted.js';
import type { CallOptions, Connector, ConnectorContext, ConnectorFactory, ReadPageRequest } from '../contract.js';
import { ConnectorError } from '../errors.js';
import { errorOf, greetingSchema, isWrite, needsPermit } from './messages.js';
import type { EdgeAnswer, EdgeCallMessage, EdgeOperation } from './messages.js';
import { argsToSend, resultOf } from './operations.js';
import { lostCallError } from './lost-call.js';
import type { LostEnd } from './lost-call.js';
import { ReplacedError, WriteWorker } from './write-worker.js';
import type { FoundWorker, Permit } from './write-worker.js';

/** One call to the edge workers of a location. */
export interface EdgePortCall {
  readonly message: EdgeCallMessage;
  /** A certain worker; absent: any. */
  readonly worker?: string | undefined;
  readonly mayWrite: boolean;
  readonly requestTimeoutMs: number;
  /** Called right before it is sent, after all waiting. */
  readonly beforeSend?: (() => void) | undefined;
  /** Asked right before that. */
  readonly permit?: (() => Permit) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** How it ended; see `EdgeCallEnd` (runtime/edge/channel.ts). */
export type EdgePortEnd = { readonly kind: 'answered'; readonly answer: EdgeAnswer; readonly worker: string } | LostEnd;

/** The way to the edge workers of one location. */
export interface EdgePort {
  readonly location: string;
  /** What the edge workers know this installation by: for messages. */
  readonly centralKey: string;
  /** Rejects with what `beforeSend` throws, and for defects. */
  call(call: EdgePortCall): Promise<EdgePortEnd>;
}

/** How a system is spoken to through an edge worker. */
export interface RemoteOptions {
  readonly factory: ConnectorFactory;
  readonly context: ConnectorContext;
  readonly port: EdgePort;
  /** Of the connector itself: limit for one of its requests, milliseconds. */
  readonly requestTimeoutMs: number;
  /** The position of a read hangs on a connection, and so on one worker. */
  readonly isReadBound: boolean;
}

/** Giving connections up is a courtesy: the worker does it by itself, later. */
const CLOSE_LIMIT_MS = 2_000;
/** A write that nobody has begun is sent so often; then it is for the engine to say. */
const WRITE_ATTEMPTS = 3;

type Invoke = (operation: EdgeOperation, args: readonly unknown[], options: CallOptions) => Promise<unknown>;

/**
 * A connector whose calls are made by an edge worker (CONN-CORE-91). It has the methods that the connector of this system would have here, and they
 * behave alike: the same results and errors, and a write whose answer is lost has an unknown outcome. The permission to write is asked for once, before the
 * call: `requestTimeoutMs` of the capabilities has to cover the rest ({@link EDGE_TIMES}).
 */
export function openRemoteConnector(options: RemoteOptions): Connector {
  // Opens no connection: it says which methods there are, and what is known without asking.
  const local = options.factory.open(options.context);
  const calls = new RemoteCalls(options);
  const invoke: Invoke = (operation, args, callOptions) => calls.invoke(operation, args, callOptions);
  const remote: Connector = {
    testConnection: (o) => invoke('testConnection', [o], o) as ReturnType<Connector['testConnection']>,
    readPage: (request) => calls.readPage(request),
    readOne: (...args) => invoke('readOne', args, args[2]) as ReturnType<Connector['readOne']>,
    create: (...args) => invoke('create', args, args[2]) as ReturnType<Connector['create']>,
    update: (...args) => invoke('update', args, args[3]) as ReturnType<Connector['update']>,
    delete: (...args) => invoke('delete', args, args[2]) as ReturnType<Connector['delete']>,
    resolveExisting: (...args) => invoke('resolveExisting', args, args[3]) as ReturnType<Connector['resolveExisting']>,
    uniqueKeys: (type) => local.uniqueKeys(type),
    close: async () => {
      await Promise.all([local.close(), calls.close()]);
    },
  };
  return { ...remote, ...optionalMethods(local, invoke) };
}

/** Those that not every connector has. */
function optionalMethods(local: Connector, invoke: Invoke): Partial<Connector> {
  const optional: Partial<Connector> = {
    readPresent: (...args) => invoke('readPresent', args, args[2]) as ReturnType<NonNullable<Connector['readPresent']>>,
    completeCreate: async (...args) => void (await invoke('completeCreate', args, args[3])),
    changeMembers: (...args) =>
      invoke('changeMembers', args, args[2]) as ReturnType<NonNullable<Connector['changeMembers']>>,
    matchExisting: (...args) =>
      invoke('matchExisting', args, args[3]) as ReturnType<NonNullable<Connector['matchExisting']>>,
    findHolders: (...args) => invoke('findHolders', args, args[3]) as ReturnType<NonNullable<Connector['findHolders']>>,
    probe: (o) => invoke('probe', [o], o) as ReturnType<NonNullable<Connector['probe']>>,
  };
  return Object.fromEntries(Object.entries(optional).filter(([name]) => local[name as keyof Connector] !== undefined));
}

class RemoteCalls {
  private readonly instance = randomUUID();
  private readonly system: EdgeCallMessage['system'];
  private readonly workers = new Set<string>();
  private readWorker: string | undefined;
  private readonly writeWorker = new WriteWorker(
    (worker) => this.greet(worker),
    () => performance.now(),
  );

  constructor(private readonly options: RemoteOptions) {
    const { factory, context } = options;
    const { properties, secretNames = [] } = context.config;
    const secrets = secretNames.flatMap((name) => {
      const value = context.config.secret(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    this.system = {
      typeName: factory.descriptor.typeName,
      properties: { ...properties },
      secrets: Object.fromEntries(secrets),
      ...(context.limits?.requestTimeoutMs !== undefined && {
        limits: { requestTimeoutMs: context.limits.requestTimeoutMs },
      }),
    };
  }

  async readPage(request: ReadPageRequest): ReturnType<Connector['readPage']> {
    const { isReadBound } = this.options;
    const worker = isReadBound && request.cursor !== null ? this.readWorker : undefined;
    return (await this.invoke('readPage', [request], request, worker)) as Awaited<ReturnType<Connector['readPage']>>;
  }

  async invoke(
    operation: EdgeOperation,
    args: readonly unknown[],
    options: CallOptions,
    worker?: string,
  ): Promise<unknown> {
    const { pace } = this.options.context;
    if (options.signal?.aborted === true) throw this.lost(operation, { kind: 'notDone', reason: 'cancelled' }, options);
    const leave = pace === undefined ? undefined : await this.entered(operation, pace, options);
    try {
      return await this.ask(operation, args, options, worker);
    } finally {
      leave?.();
    }
  }

  /** Tells the workers that nothing more will come. Never throws. */
  async close(): Promise<void> {
    const workers = [...this.workers];
    this.workers.clear();
    const closing = workers.map((worker) => this.call('close', [{}], { worker, signal: undefined }));
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_LIMIT_MS)));
    await Promise.race([Promise.allSettled(closing), limit]);
    clearTimeout(timer);
  }

  private async ask(
    operation: EdgeOperation,
    args: readonly unknown[],
    options: CallOptions,
    worker: string | undefined,
  ): Promise<unknown> {
    const { signal } = options;
    const end = needsPermit(operation)
      ? await this.askToWrite(operation, args, options)
      : await this.call(operation, args, { worker, signal });
    if (end.kind !== 'answered') throw this.lost(operation, end, options);
    this.workers.add(end.worker);
    if (operation === 'readPage') this.readWorker = end.worker;
    const { answer } = end;
    await this.payForRequests(answer.requests, signal);
    switch (answer.end) {
      case 'value':
        return resultOf(operation, answer.value);
      case 'error':
        throw errorOf(answer.error);
      case 'tooLate':
        throw tooLate(operation, answer.sent);
      case 'defect':
        throw new Error(`an edge worker of location ${this.options.port.location} failed with ${answer.name}`);
    }
  }

  /**
   * What a worker was gone for, or did not get to, is not done, and asked for again: under a permission of its own each time. What still waited for its turn
   * when its worker was given up was not sent at all.
   */
  private async askToWrite(
    operation: EdgeOperation,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<EdgePortEnd> {
    const { signal, beforeWrite } = options;
    for (let attemptsLeft = WRITE_ATTEMPTS - 1; ;) {
      const found = await unlessAborted(this.writeWorker.current(), signal, undefined);
      if (found === undefined) return { kind: 'notDone', reason: 'cancelled' };
      const call = this.call(operation, args, {
        worker: found.worker,
        signal,
        permit: () => this.writeWorker.permit(found),
        ...(isWrite(operation) && { beforeSend: beforeWrite }),
      });
      const end = await call.catch(replacedOrThrow);
      if (end === undefined) continue;
      const late = end.kind === 'answered' && end.answer.end === 'tooLate' ? end.answer : undefined;
      if (end.kind !== 'answered' || late?.isPermitOver === true) await this.writeWorker.replace(found);
      const mayRepeat = (end.kind === 'notDone' && end.reason === 'gone') || late?.sent === false;
      if (!mayRepeat || attemptsLeft === 0) return end;
      attemptsLeft -= 1;
    }
  }

  /** Finds an edge worker that is there, or asks this one for its clock. Throws ConnectorErrors. */
  private async greet(worker: string | undefined): Promise<FoundWorker> {
    const greeting = greetingSchema.parse(await this.ask('hello', [{}], {}, worker));
    return { ...greeting, heardMs: performance.now() };
  }

  private call(
    operation: EdgeOperation,
    args: readonly unknown[],
    options: Pick<EdgePortCall, 'worker' | 'signal' | 'beforeSend' | 'permit'>,
  ): ReturnType<EdgePort['call']> {
    const { port, context, requestTimeoutMs } = this.options;
    return port.call({
      message: {
        v: 2,
        issuedAtMs: context.clock().getTime(),
        instance: this.instance,
        system: this.system,
        isPaced: context.pace !== undefined,
        operation,
        args: argsToSend(args),
      },
      mayWrite: isWrite(operation),
      requestTimeoutMs,
      ...options,
    });
  }

  private lost(operation: EdgeOperation, end: LostEnd, options: CallOptions): Error {
    const { location, centralKey } = this.options.port;
    const isStopped = options.signal?.aborted === true;
    return lostCallError({ operation, location, centralKey, isStopped }, end);
  }

  private async entered(
    operation: EdgeOperation,
    pace: NonNullable<ConnectorContext['pace']>,
    options: CallOptions,
  ): Promise<() => void> {
    try {
      return await pace(options.signal);
    } catch (error) {
      if (options.signal?.aborted !== true) throw error;
      throw this.lost(operation, { kind: 'notDone', reason: 'cancelled' }, options);
    }
  }

  /** A limit for each minute counts requests: those that the call has made beyond its first are waited for now. */
  private async payForRequests(requests: number, signal: AbortSignal | undefined): Promise<void> {
    const { pace } = this.options.context;
    if (pace === undefined) return;
    // What was done counts, stopped or not.
    for (let paid = 1; paid < requests && signal?.aborted !== true; paid += 1) {
      const leave = await pace(signal).catch(() => undefined);
      leave?.();
    }
  }
}

function replacedOrThrow(error: unknown): undefined {
  if (!(error instanceof ReplacedError)) throw error;
}

function tooLate(operation: EdgeOperation, sent: boolean): ConnectorError {
  const seconds = EDGE_TIMES.writing / 1_000;
  return sent
    ? new ConnectorError({
        kind: 'tooLarge',
        scope: 'entity',
        outcome: 'unknown',
        safeMessage: `${operation}: a part was written; the requests for one entity may take ${seconds} s through an edge worker`,
      })
    : new ConnectorError({
        kind: 'transient',
        scope: 'entity',
        outcome: 'not-applied',
        safeMessage: `${operation}: the edge worker did not get to it in time`,
      });
}
