import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from '@jest/globals';
import type { Connector, ConnectorFactory } from '../../connectors/contract.js';
import { lostCallError } from '../../connectors/edge/lost-call.js';
import { EdgeServer } from '../../connectors/edge/edge-server.js';
import { openRemoteConnector } from '../../connectors/edge/remote-connector.js';
import type { EdgePortCall, EdgePortEnd } from '../../connectors/edge/remote-connector.js';
import { isConnectorError } from '../../connectors/errors.js';
import { EDGE_TIMES, EDGE_WINDOW_MS } from '../../core/edge/timing.js';
import { CallWorkflows } from '../../runtime/edge/call-workflow.js';
import type { CallTools } from '../../runtime/edge/call-workflow.js';
import { frameBytes } from '../../runtime/edge/frames.js';
import { generateEdgeKey } from '../../runtime/edge/keys.js';
import { CallOpener, CallSealer } from '../../runtime/edge/sealed-calls.js';
import { edgeClock } from '../../worker/edge/edge-clock.js';

const NOT_DONE_AWAY = { kind: 'notDone', reason: 'away' };
const UNKNOWN_AWAY = { kind: 'unknown', reason: 'away' };

describe('calls whose start, or end, Temporal says nothing of', () => {
  type Start = (workflowId: string, firstTask: number) => Promise<string>;
  const started = new Set<string>();
  const alreadyStarted = (id: string) => new WorkflowExecutionAlreadyStartedError('x', id, 'edgeCallWorkflow');
  const unavailable = new Error('14 UNAVAILABLE');

  /** A clock that goes on while it is paused, and a Temporal that starts calls like this and ends them like that. */
  function scene(start: Start, result: () => Promise<Uint8Array>) {
    let now = 0;
    const tools: CallTools = {
      open: async () => ({
        connection: { withDeadline: (_deadline, send) => send(), close: () => Promise.resolve() },
        client: {
          workflow: {
            start: (
              _type: unknown,
              options: { workflowId: string; args: [{ times: { firstTask: number } }, Buffer] },
            ) => start(options.workflowId, options.args[0].times.firstTask).then(() => ({ result })),
            getHandle: () => ({ result }),
          },
        } as unknown as Awaited<ReturnType<CallTools['open']>>['client'],
      }),
      pause: async (ms) => void (now += ms),
      nowMs: () => now,
    };
    const calls = new CallWorkflows(tools, 't.workflows');
    const route = { location: 'plant', worker: 'w', summary: 'create', requestTimeoutMs: 1_000 };
    const run = (mayWrite: boolean) => calls.run({ ...route, mayWrite }, Buffer.alloc(1), undefined);
    return { run, now: () => now };
  }
  const never = (): Promise<Uint8Array> => Promise.reject(new Error('nobody asked for it'));

  it('engine invariant 3: the name of a call whose start got lost is taken, so that it is never made, however late it arrives', async () => {
    const taken: number[] = [];
    const { run } = scene(async (id, firstTask) => {
      if (taken.push(firstTask) === 1) throw unavailable;
      started.add(id);
      return id;
    }, never);
    expect(await run(true)).toEqual(NOT_DONE_AWAY);
    // What has taken the name is too old for everybody who gets it.
    expect(taken).toEqual([EDGE_TIMES.firstTask, -1]);
  });

  it('CONN-CORE-53: a call that was started although nobody said so is waited for', async () => {
    const answer = Buffer.from(frameBytes({ kind: 'gone', worker: 'w' }));
    const { run } = scene(
      async (id, firstTask) => {
        if (firstTask > 0) throw unavailable;
        throw alreadyStarted(id);
      },
      () => Promise.resolve(answer),
    );
    expect(await run(true)).toMatchObject({ kind: 'answered' });
  });

  it('engine invariant 3: while Temporal is away the outcome is not told before nobody may begin the call any more', async () => {
    const { run, now } = scene(() => Promise.reject(unavailable), never);
    expect(await run(true)).toEqual(UNKNOWN_AWAY);
    expect(now()).toBeGreaterThanOrEqual(EDGE_WINDOW_MS);
  });

  it('engine invariant 3: where Temporal has lost a call, whoever makes it gets the time to notice', async () => {
    const lost = new WorkflowNotFoundError('gone', 'x', undefined);
    const { run, now } = scene(
      (id) => Promise.resolve(id),
      () => Promise.reject(lost),
    );
    expect(await run(true)).toEqual(UNKNOWN_AWAY);
    expect(now()).toBeGreaterThan(EDGE_TIMES.silence);
    expect(await run(false)).toEqual(NOT_DONE_AWAY);
  });

  it('what Temporal refuses was not started, and it is said why', async () => {
    const refused = Object.assign(new Error('3'), { code: 3, details: 'Blob data size exceeds limit.', metadata: {} });
    const { run, now } = scene(() => Promise.reject(new Error('failed', { cause: refused })), never);
    const detail = 'Blob data size exceeds limit.';
    expect(await run(true)).toEqual({ kind: 'notDone', reason: 'refused', detail });
    expect(now()).toBe(0);
  });

  it('CONN-CORE-91: an edge worker of another version is told from one that takes no calls of ours', async () => {
    const failed = new WorkflowFailedError(
      'x',
      ApplicationFailure.nonRetryable('x', 'otherVersion'),
      'NO_RETRY' as never,
    );
    const { run } = scene(
      (id) => Promise.resolve(id),
      () => Promise.reject(failed),
    );
    expect(await run(true)).toEqual({ kind: 'notDone', reason: 'otherVersion' });
  });
});

describe('what an edge worker does with a call', () => {
  const id = '5f2a3c1e-0000-4000-8000-000000000001';
  let now = 0;
  const created: string[] = [];
  const connector = {
    create: async (_type: string, _body: unknown, options: { beforeWrite(): void }) => {
      options.beforeWrite();
      created.push('one');
      return { id: '1', applied: 'created' };
    },
    close: () => Promise.resolve(),
  } as unknown as Connector;
  const server = new EdgeServer({
    worker: 'own',
    clockMs: () => now,
    find: () => ({ open: () => connector, capabilities: () => ({ maxConcurrentWrites: 1 }) }) as never,
    guard: () => undefined,
    openCredential: () => undefined,
    nowMs: () => 1_800_000_000_000,
    log: { debug: () => undefined, warn: () => undefined },
  });
  const call = (operation: string) => ({
    v: 2,
    issuedAtMs: 1_800_000_000_000,
    instance: id,
    system: { typeName: 'x', properties: {}, secrets: {} },
    isPaced: false,
    operation,
    args: ['user', {}, {}],
  });
  const serve = (callId: string, operation: string, permit?: { worker: string; beginByMs: number }) =>
    server.serve(callId, call(operation), {
      permit,
      signal: new AbortController().signal,
      mayBegin: () => true,
      isEnding: () => false,
    });

  it('CONN-CORE-53: a write that comes again is not made again, and its outcome is not told', async () => {
    created.length = 0;
    const permit = { worker: 'own', beginByMs: now + 1 };
    expect(await serve('a', 'create', permit)).toMatchObject({ end: 'value' });
    const again = await serve('a', 'create', permit);
    expect(again).toMatchObject({ end: 'error', error: { outcome: 'unknown', kind: 'protocol' } });
    // Not even when its time is over: that would say that it was not made.
    now += 10;
    expect(await serve('a', 'create', permit)).toMatchObject({ end: 'error', error: { outcome: 'unknown' } });
    expect(created).toHaveLength(1);
  });

  it.each(['create', 'update', 'delete', 'changeMembers', 'completeCreate', 'probe'])(
    'CONN-CORE-93: %s is made by nobody but the worker that it was given to',
    async (operation) => {
      created.length = 0;
      for (const permit of [undefined, { worker: 'other', beginByMs: now + 1_000 }]) {
        const answer = await serve(randomUUID(), operation, permit);
        expect(answer).toMatchObject({ end: 'error', error: { kind: 'protocol' } });
      }
      expect(created).toEqual([]);
    },
  );

  it('engine invariant 3: a write that arrives when its permit is over is not made, and that is known', async () => {
    created.length = 0;
    const permit = { worker: 'own', beginByMs: now };
    expect(await serve('late', 'create', permit)).toEqual({
      end: 'tooLate',
      sent: false,
      isPermitOver: true,
      requests: 0,
    });
    expect(created).toEqual([]);
  });

  it('reads need none, and it says who it is', async () => {
    expect(await serve('hello', 'hello')).toMatchObject({ end: 'value', value: { worker: 'own', clockMs: now } });
  });

  it('engine invariant 3: neither a suspended machine nor a clock that is set makes a permit last longer', () => {
    const clocks = { monotonic: 100, wall: 5_000 };
    const clock = edgeClock({ monotonicMs: () => clocks.monotonic, wallMs: () => clocks.wall });
    const before = clock();
    clocks.monotonic += 10;
    clocks.wall += 70_000;
    expect(clock() - before).toBe(70_000);
    clocks.monotonic += 10;
    clocks.wall -= 70_000;
    expect(clock() - before).toBe(70_010);
  });
});

describe('what is sealed with a call', () => {
  const [central, edge] = [generateEdgeKey(), generateEdgeKey()];
  const [one, other] = [randomUUID(), randomUUID()];
  const sealer = new CallSealer(central, edge.publicKey);
  const opener = new CallOpener(edge, central.publicKey);
  const permit = { worker: 'w', beginByMs: 7 };

  it('CONN-CORE-93: a permit is for one call, and made by the installation', async () => {
    const sealed = await sealer.seal(one, {});
    const permitOf = async (text: string | undefined): Promise<unknown> => {
      const opened = await opener.open(one, sealed, text);
      return typeof opened === 'string' ? opened : opened.permit;
    };
    expect(await permitOf(sealer.permit(one, permit))).toEqual(permit);
    const stranger = new CallSealer(generateEdgeKey(), edge.publicKey);
    for (const forged of [undefined, '', 'AAAA', sealer.permit(other, permit), stranger.permit(one, permit)])
      expect(await permitOf(forged)).toBeUndefined();
  });

  it('CONN-CORE-91: a call of another version is refused as that', async () => {
    const sealed = await sealer.seal(one, {});
    sealed[0] = 77;
    expect(await opener.open(one, sealed)).toBe('otherVersion');
  });
});

describe('the edge worker that writes for a connector', () => {
  const greeting = (worker: string): EdgePortEnd => ({
    kind: 'answered',
    worker,
    answer: { end: 'value', value: { worker, clockMs: 0 }, requests: 0 },
  });
  const made: EdgePortEnd = { kind: 'answered', worker: 'b', answer: { end: 'value', value: null, requests: 1 } };
  const gone: EdgePortEnd = { kind: 'notDone', reason: 'gone' };

  /** A connector whose calls end like this, one after the other. */
  function scene(ends: readonly EdgePortEnd[]) {
    const calls: EdgePortCall[] = [];
    const port = {
      location: 'plant',
      centralKey: 'k',
      call: async (call: EdgePortCall) => {
        call.beforeSend?.();
        const end = ends[calls.push(call) - 1];
        if (end === undefined) throw new Error('nobody foresaw this call');
        return end;
      },
    };
    const factory = {
      descriptor: { typeName: 'x' },
      open: () => ({ close: () => Promise.resolve() }),
    } as unknown as ConnectorFactory;
    const context = {
      config: { properties: {}, secret: () => undefined, secretNames: [] },
      clock: () => new Date(),
      log: { debug: () => undefined, warn: () => undefined },
    };
    const connector = openRemoteConnector({ factory, context, port, requestTimeoutMs: 1, isReadBound: false });
    const asked = () => calls.map(({ message, worker }) => `${message.operation} ${worker ?? 'anybody'}`);
    return { connector, asked };
  }

  it('is looked for once, and another one takes the place of one that is gone; the permission is asked for anew', async () => {
    const { connector, asked } = scene([greeting('a'), made, gone, greeting('b'), made, made]);
    let permissions = 0;
    const options = { beforeWrite: () => void (permissions += 1) };
    for (let n = 0; n < 3; n += 1) await connector.delete('user', '1', options);
    expect(asked()).toEqual(['hello anybody', 'delete a', 'delete a', 'hello anybody', 'delete b', 'delete b']);
    expect(permissions).toBe(4);
  });

  it('CONN-CORE-53: a write whose end is not known is not sent to anybody else, and the next one is', async () => {
    const silent: EdgePortEnd = { kind: 'unknown', reason: 'silent' };
    const { connector, asked } = scene([greeting('a'), silent, greeting('b'), made]);
    const error: unknown = await connector.delete('user', '1', {}).catch((thrown: unknown) => thrown);
    expect(isConnectorError(error) && error.outcome).toBe('unknown');
    await connector.delete('user', '1', {});
    expect(asked()).toEqual(['hello anybody', 'delete a', 'hello anybody', 'delete b']);
  });

  const late = (isPermitOver: boolean, sent = false): EdgePortEnd => ({
    kind: 'answered',
    worker: 'a',
    answer: { end: 'tooLate', sent, isPermitOver, requests: 0 },
  });

  it('the clock of a worker that finds a permit over too soon is asked for again', async () => {
    const { connector, asked } = scene([greeting('a'), late(true), greeting('a'), made]);
    await connector.delete('user', '1', {});
    expect(asked()).toEqual(['hello anybody', 'delete a', 'hello anybody', 'delete a']);
  });

  it('a write that did not get its turn in a slow system is no failure: it is sent again, to the worker that keeps the limit', async () => {
    const { connector, asked } = scene([greeting('a'), late(false), late(false), made]);
    await connector.delete('user', '1', {});
    expect(asked()).toEqual(['hello anybody', 'delete a', 'delete a', 'delete a']);
  });

  it('CONN-CORE-53: what was begun is not sent again, and nothing for ever', async () => {
    const begun = scene([greeting('a'), late(false, true)]);
    const never = scene([greeting('a'), late(false), late(false), late(false)]);
    const outcomes = [begun, never].map(async ({ connector }) => {
      const error: unknown = await connector.delete('user', '1', {}).catch((thrown: unknown) => thrown);
      return isConnectorError(error) ? error.outcome : error;
    });
    expect(await Promise.all(outcomes)).toEqual(['unknown', 'not-applied']);
  });
});

describe('what an administrator is told', () => {
  const call = { operation: 'create', location: 'plant', centralKey: 'KEY', isStopped: false } as const;
  it.each([
    ['noWorker', 'transient', 'start one in its network ("muster edge"); where one runs, compare location, tenant'],
    ['otherKey', 'fatal', 'register the one that "muster edge key" shows there, or give it the file of the registered'],
    ['notOurs', 'fatal', 'set "central" in its configuration to KEY, and start it again'],
    ['otherVersion', 'fatal', 'install the same program on both'],
    ['refused', 'transient', 'Temporal does not take the call: Blob data size exceeds limit.'],
  ])('CONN-CORE-91: of %s: what has to be done', (reason, kind, text) => {
    const error = lostCallError(call, { kind: 'notDone', reason, detail: 'Blob data size exceeds limit.' });
    expect([error.kind, error.outcome]).toEqual([kind, 'not-applied']);
    expect(error.safeMessage).toContain(text);
  });
});
