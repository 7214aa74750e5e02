import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from '@jest/globals';
import type { EdgeServer } from '../../connectors/edge/edge-server.js';
import { openRemoteConnector } from '../../connectors/edge/remote-connector.js';
import { WriteWorker } from '../../connectors/edge/write-worker.js';
import type { ConnectorFactory } from '../../connectors/contract.js';
import { EDGE_WINDOW_MS } from '../../core/edge/timing.js';
import { CallWorkflows } from '../../runtime/edge/call-workflow.js';
import type { CallTools, FrameEnd, FrameRoute } from '../../runtime/edge/call-workflow.js';
import { EdgeCalls } from '../../runtime/edge/channel.js';
import type { EdgeChannel } from '../../runtime/edge/channel.js';
import { EdgeConversation } from '../../runtime/edge/conversation.js';
import { frameBytes, messagesOf, parseAnswer, parseRequest } from '../../runtime/edge/frames.js';
import { generateEdgeKey } from '../../runtime/edge/keys.js';
import { CallOpener, CallSealer } from '../../runtime/edge/sealed-calls.js';
import { portOf } from '../../worker/central-edge.js';
import { createEdgeActivity } from '../../worker/edge/edge-activity.js';
import { edgeClock } from '../../worker/edge/edge-clock.js';

const [central, edge] = [generateEdgeKey(), generateEdgeKey()];
/** Batches of writes that are under way at a time. */
const LANES = 4;

describe('the time of a permit (ADR 0096)', () => {
  it('the clock of an edge worker goes no faster for being read often', () => {
    let now = 0;
    const clock = edgeClock({ monotonicMs: () => now, wallMs: () => 1_000_000 + Math.floor(now) });
    const before = clock();
    while (now < 10_000) {
      now += 0.4;
      clock();
    }
    expect(clock() - before).toBeLessThan(10_010);
  });

  it('nor slower than its wall clock, however small the steps are by which that is set', () => {
    let [now, wall] = [0, 0];
    const clock = edgeClock({ monotonicMs: () => now, wallMs: () => wall });
    const before = clock();
    for (let n = 0; n < 1_000; n += 1) {
      now += 10;
      wall += 12;
      clock();
    }
    expect(clock() - before).toBeGreaterThan(11_990);
  });

  it('engine invariant 3: a process that stands still between the permission to write and the permit makes none that lasts longer', async () => {
    let now = 0;
    const permits: (string | undefined)[] = [];
    const calls = new EdgeCalls({
      run: async (_route: FrameRoute, frame: Buffer): Promise<FrameEnd> => {
        const { head } = parseRequest(frame);
        if (head.kind === 'calls') permits.push(...head.calls.map(({ permit }) => permit));
        return { kind: 'notDone', reason: 'gone' };
      },
    });
    await calls.call({
      id: randomUUID(),
      location: 'plant',
      worker: 'a',
      summary: 'create',
      mayWrite: true,
      requestTimeoutMs: 1,
      sealed: Buffer.alloc(1),
      beforeSend: () => void (now += 60_000),
      permit: () => String(now + EDGE_WINDOW_MS),
      signal: undefined,
    });
    expect(permits).toEqual([String(EDGE_WINDOW_MS)]);
  });

  it('engine invariant 3: of a job of a day no permit is too long, whatever the rates of the clocks', async () => {
    let now = 0;
    const edgeNow = (): number => now * 0.9995;
    const asked: (string | undefined)[] = [];
    const worker = new WriteWorker(
      async (name) => {
        asked.push(name);
        return { worker: 'a', clockMs: edgeNow(), heardMs: now };
      },
      () => now,
    );
    for (; now < 86_400_000; now += 60_000) {
      const { beginByMs } = worker.permit(await worker.current());
      expect(beginByMs - edgeNow()).toBeLessThan(EDGE_WINDOW_MS + 1_000);
    }
    // It stays the same worker, which keeps the limit of writes.
    expect([...new Set(asked)]).toEqual([undefined, 'a']);
  });

  it('an edge worker that is gone when it is asked for its clock gives way to another one', async () => {
    let now = 0;
    const worker = new WriteWorker(
      async (name) => {
        if (name !== undefined) throw new Error('gone');
        return { worker: now === 0 ? 'a' : 'b', clockMs: 0, heardMs: now };
      },
      () => now,
    );
    expect((await worker.current()).worker).toBe('a');
    now = 3_600_000;
    expect((await worker.current()).worker).toBe('b');
  });
});

describe('writes whose edge worker is gone', () => {
  it('CONN-CORE-91: those that wait for their turn go to the next one, without another wait for the one that is gone', async () => {
    const opener = new CallOpener(edge, central.publicKey);
    const frames: string[] = [];
    let tell = (): void => undefined;
    const isGone = new Promise<void>((resolve) => (tell = resolve));
    const run = async ({ worker }: FrameRoute, frame: Buffer): Promise<FrameEnd> => {
      const { head, body } = parseRequest(frame);
      if (head.kind !== 'calls') throw new Error('nobody foresaw this frame');
      frames.push(worker ?? 'anybody');
      if (worker === 'a') {
        await isGone;
        return { kind: 'notDone', reason: 'gone' };
      }
      const greeting = { worker: frames.includes('a') ? 'b' : 'a', clockMs: 0 };
      const value = worker === undefined ? greeting : null;
      const sealed =
        messagesOf(
          body,
          head.calls.map(({ size }) => size),
        ) ?? [];
      const answers = await Promise.all(
        head.calls.map(async ({ id }, index) => {
          const call = await opener.open(id, sealed[index] ?? Buffer.alloc(0));
          if (typeof call === 'string') throw new Error(call);
          return call.seal({ end: 'value', value, requests: 1 });
        }),
      );
      const bytes = frameBytes(
        { kind: 'answers', worker: 'x', sizes: answers.map(({ length }) => length) },
        Buffer.concat(answers),
      );
      const answered = parseAnswer(bytes);
      if (answered === undefined) throw new Error('no answer');
      return { kind: 'answered', frame: answered };
    };
    const channel = { calls: () => new EdgeCalls({ run }) } as unknown as EdgeChannel;
    const factory = {
      descriptor: { typeName: 'x' },
      open: () => ({ close: () => Promise.resolve() }),
    } as unknown as ConnectorFactory;
    const connector = openRemoteConnector({
      factory,
      context: {
        config: { properties: {}, secret: () => undefined, secretNames: [] },
        clock: () => new Date(),
        log: { debug: () => undefined, warn: () => undefined },
      },
      port: portOf(new EdgeConversation(channel, 'plant', central, edge.publicKey)),
      requestTimeoutMs: 1,
      isReadBound: false,
    });
    const deleting: Promise<unknown>[] = [];
    for (let n = 0; n < 12; n += 1) {
      deleting.push(connector.delete('user', String(n), {}));
      // Each of the first goes by itself, so that the others find all lanes taken.
      while (n < LANES && frames.filter((worker) => worker === 'a').length <= n) await pause(1);
    }
    // All of them are sealed by then.
    await pause(50);
    tell();
    await Promise.all(deleting);
    expect(frames.filter((worker) => worker === 'a')).toHaveLength(LANES);
    expect(frames.filter((worker) => worker === 'anybody')).toHaveLength(2);
  });
});

describe('calls that Temporal has too much for', () => {
  it('engine invariant 3: a proxy that gives up a start which it has passed on is no proof that nothing was started', async () => {
    const exhausted = Object.assign(new Error('8'), { code: 8, details: 'Bandwidth exhausted', metadata: {} });
    const started: number[] = [];
    const tools: CallTools = {
      open: async () => ({
        connection: { withDeadline: (_deadline, send) => send(), close: () => Promise.resolve() },
        client: {
          workflow: {
            start: async (_type: unknown, { args }: { args: [{ times: { firstTask: number } }] }) => {
              if (started.push(args[0].times.firstTask) === 1) throw new Error('failed', { cause: exhausted });
            },
          },
        } as unknown as Awaited<ReturnType<CallTools['open']>>['client'],
      }),
      pause: () => Promise.resolve(),
      nowMs: () => 0,
    };
    const route = { location: 'plant', worker: 'a', summary: 'create', mayWrite: true, requestTimeoutMs: 1 };
    const end = await new CallWorkflows(tools, 't.workflows').run(route, Buffer.alloc(1), undefined);
    expect(end).toEqual({ kind: 'notDone', reason: 'refused', detail: 'Bandwidth exhausted' });
    // Its name is taken, so that it is never made.
    expect(started.at(-1)).toBe(-1);
  });
});

describe('calls that cross together', () => {
  it('engine invariant 3: the answer of one that cannot be sent is not told while another may still begin a request', async () => {
    const sealer = new CallSealer(central, edge.publicKey);
    const ended: string[] = [];
    const server = {
      serve: async (id: string) => {
        for (let turn = 0; id === ids[1] && turn < 20; turn += 1) await new Promise((go) => setImmediate(go));
        ended.push(id);
        return { end: 'value', value: id === ids[0] ? 1n : null, requests: 1 };
      },
    } as unknown as EdgeServer;
    const { edgeCall } = createEdgeActivity({
      server,
      opener: new CallOpener(edge, central.publicKey),
      worker: 'a',
      beat: async () => 'goesOn',
      nowMs: () => 0,
    });
    const ids = [randomUUID(), randomUUID()];
    const sealed = await Promise.all(ids.map((id) => sealer.seal(id, { operation: 'create' })));
    const calls = ids.map((id, index) => ({ id, size: sealed[index]?.length ?? 0 }));
    const frame = frameBytes({ kind: 'calls', batch: randomUUID(), calls }, Buffer.concat(sealed));
    await expect(
      new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') }).run(edgeCall, frame),
    ).rejects.toThrow();
    expect(ended).toEqual(ids);
  });
});
