import { AsyncLocalStorage } from 'node:async_hooks';
import type { ConnectorFactory, ConnectorLog } from '../contract.js';
import type { ReachGuard } from '../reach-guard.js';
import { ConnectorError, isConnectorError } from '../errors.js';
import { EdgeInstances } from './edge-instances.js';
import type { EdgeInstance } from './edge-instances.js';
import { edgeCallSchema, errorFields, isWrite, needsPermit } from './messages.js';
import type { EdgeAnswer, EdgeCallMessage, EdgeOperation } from './messages.js';
import { perform } from './operations.js';
import type { Places } from './places.js';

/** What an edge worker stands on. */
export interface EdgeServerDependencies {
  /** Of this process, and of no other one. */
  readonly worker: string;
  /** Goes on while the process stands still, and is never set back: milliseconds. Permits are compared with it. */
  readonly clockMs: () => number;
  readonly find: (typeName: string) => ConnectorFactory | undefined;
  readonly guard: ReachGuard;
  /** Opens a credential that was sealed for this worker; undefined for one that was not. */
  readonly openCredential: (propertyName: string, sealed: string) => string | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly log: ConnectorLog;
}

/** What the caller knows of one call while it goes on. */
export interface EdgeCallWatch {
  /** Who may make the call, and when; see `CallPermit` (runtime/edge/sealed-calls.ts). */
  readonly permit: { readonly worker: string; readonly beginByMs: number } | undefined;
  /** Aborted when the call is cancelled, or nobody waits for it any more, or the worker ends. */
  readonly signal: AbortSignal;
  /** False: a request that writes may not begin any more. */
  mayBegin(): boolean;
  /** The worker ends: what it breaks off was not cancelled by anybody. */
  isEnding(): boolean;
}

/** Clocks may differ by so much; a call that is older is an old one. */
const MAX_AGE_MS = 10 * 60_000;

/** A request that writes was to begin too late. */
class TooLateError extends Error {
  override readonly name = 'TooLateError';

  constructor(readonly isPermitOver: boolean) {
    super('too late');
  }
}

/** What one call has done so far. */
interface CallState {
  requests: number;
  sent: boolean;
}

/** Calls of connectors, made in the private network: opens the connectors that the installation asks for, and keeps them while they are used. */
export class EdgeServer {
  private readonly instances: EdgeInstances;
  private readonly calls = new AsyncLocalStorage<CallState>();
  private readonly seen = new Map<string, number>();

  constructor(private readonly deps: EdgeServerDependencies) {
    this.instances = new EdgeInstances(deps, () => {
      const call = this.calls.getStore();
      if (call !== undefined) call.requests += 1;
    });
  }

  /** Answers one call, whatever comes of it. `id`: each is served once. */
  async serve(id: string, message: unknown, watch: EdgeCallWatch): Promise<EdgeAnswer> {
    const state: CallState = { requests: 0, sent: false };
    try {
      const call = edgeCallSchema.parse(message);
      this.demandPermit(call, watch);
      this.demandFresh(id, call);
      if (needsPermit(call.operation) && this.isOver(watch)) throw new TooLateError(true);
      const { worker, clockMs } = this.deps;
      if (call.operation === 'hello') return done({ worker, clockMs: clockMs() });
      if (call.operation === 'close') {
        await this.instances.close(call.instance);
        return done(null);
      }
      const value = await this.instances.use(call, (instance) =>
        this.calls.run(state, () => this.perform(instance, call, state, watch)),
      );
      return { end: 'value', value, requests: state.requests };
    } catch (error) {
      return failure(error, state, watch);
    }
  }

  /** Closes connections that nobody has used for a while. */
  sweep(): Promise<void> {
    return this.instances.sweep();
  }

  close(): Promise<void> {
    return this.instances.closeAll();
  }

  private async perform(
    { connector, writes }: EdgeInstance,
    { operation, args }: EdgeCallMessage,
    state: CallState,
    watch: EdgeCallWatch,
  ): Promise<unknown> {
    const beforeWrite = (): void => {
      if (this.isOver(watch)) throw new TooLateError(true);
      if (!watch.mayBegin()) throw new TooLateError(false);
      state.sent = true;
    };
    // A probe writes with a permission of its own, which is among its arguments.
    const { signal } = watch;
    if (!isWrite(operation)) return perform(connector, operation, args, { signal });
    const leave = await turnOf(writes, signal);
    try {
      return await perform(connector, operation, args, { signal, beforeWrite });
    } finally {
      leave();
    }
  }

  /** What another worker was asked for, or at another time, is not for this one: whoever has copied or kept a call gets nothing by it. */
  private demandPermit({ operation }: EdgeCallMessage, watch: EdgeCallWatch): void {
    if (!needsPermit(operation) || watch.permit?.worker === this.deps.worker) return;
    throw repeated(operation, 'the call was made for another edge worker, or for this one before it was started anew');
  }

  private isOver({ permit }: EdgeCallWatch): boolean {
    return permit === undefined || this.deps.clockMs() >= permit.beginByMs;
  }

  /** What somebody has copied out of a history is not done again. */
  private demandFresh(id: string, { operation, issuedAtMs }: EdgeCallMessage): void {
    const now = this.deps.nowMs();
    for (const [known, atMs] of this.seen) {
      if (atMs > now - 2 * MAX_AGE_MS) break;
      this.seen.delete(known);
    }
    const isRepeated = this.seen.has(id);
    this.seen.set(id, now);
    if (isRepeated) throw repeated(operation, 'the call was made before');
    if (Math.abs(now - issuedAtMs) <= MAX_AGE_MS) return;
    const safeMessage =
      'the clocks of the installation and of the edge worker differ by more than 10 minutes; set them';
    throw new ConnectorError({ kind: 'fatal', scope: 'system', outcome: 'not-applied', safeMessage });
  }
}

function done(value: unknown): EdgeAnswer {
  return { end: 'value', value, requests: 0 };
}

/** Whoever waits for the call must not take this for its end: it was made, or is being made. */
function repeated(operation: EdgeOperation, safeMessage: string): ConnectorError {
  const outcome = isWrite(operation) ? 'unknown' : 'not-applied';
  return new ConnectorError({ kind: 'protocol', scope: 'system', outcome, safeMessage });
}

async function turnOf(writes: Places, signal: AbortSignal): Promise<() => void> {
  try {
    return await writes.take(signal);
  } catch {
    throw new ConnectorError({ kind: 'cancelled', scope: 'entity', outcome: 'not-applied', safeMessage: 'stopped' });
  }
}

function failure(error: unknown, { requests, sent }: CallState, watch: EdgeCallWatch): EdgeAnswer {
  if (error instanceof TooLateError) return { end: 'tooLate', sent, isPermitOver: error.isPermitOver, requests };
  if (!isConnectorError(error)) {
    const name = error instanceof Error ? error.constructor.name : typeof error;
    return { end: 'defect', name, sent, requests };
  }
  const fields = errorFields(error);
  if (error.kind !== 'cancelled' || !watch.isEnding()) return { end: 'error', error: fields, requests };
  const safeMessage = 'the edge worker was stopped while it worked';
  return { end: 'error', error: { ...fields, kind: 'transient', safeMessage, adminMessage: safeMessage }, requests };
}
