import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Connector } from '../../connectors/contract.js';
import { scimSystemFactory } from '../../connectors/scim/scim.factory.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import type { WorkerGroup } from '../../worker/shutdown.js';
import { EdgeStage } from '../support/edge.js';
import { testTemporal } from '../support/temporal.js';

const temporal = await testTemporal();
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];

temporal.describe('several edge workers at one location', () => {
  let stage: EdgeStage;
  let scim: ScimSimulator;
  let connection: Connection;
  let client: Client;
  let workers: WorkerGroup[] = [];

  beforeAll(async () => {
    stage = await EdgeStage.start(temporal.address);
    scim = await startScimSimulator({ latency: { create: { fixedMs: 30 } } });
    connection = await Connection.connect({ address: temporal.address });
    client = new Client({ connection });
  }, 60_000);
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    workers = [];
    scim.reset();
  }, 60_000);
  afterAll(async () => {
    await stage?.stop();
    await scim?.stop();
    await connection?.close();
  }, 60_000);

  const startWorkers = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) workers.push(await stage.edgeWorker());
  };
  const open = (properties: Readonly<Record<string, string>> = {}): Connector =>
    stage.open(scimSystemFactory, {
      config: {
        properties: { URL: scim.url, ProxyType: 'OnPremise', Authentication: 'NoAuthentication', ...properties },
        secret: () => undefined,
        secretNames: [],
      },
      clock: () => new Date(),
      log: { debug: () => undefined, warn: () => undefined },
    });
  const posts = (): number => scim.journal.since(0).filter(({ method }) => method === 'POST').length;

  it('CONN-CORE-91: the limit for writes of a connector holds for all of them together', async () => {
    await startWorkers(3);
    const connector = open({ 'scim.max.concurrent.writes': '2' });
    const creating: Promise<unknown>[] = [];
    // Each of these goes by itself, so that every worker gets some.
    for (let n = 0; n < 24; n += 1) {
      creating.push(connector.create('user', { schemas, userName: `p${n}` }, {}));
      await pause(5);
    }
    await Promise.all(creating);
    expect(scim.store.size('User')).toBe(24);
    expect(scim.statistics().maxInFlight).toBeLessThanOrEqual(2);
    await connector.close();
  }, 60_000);

  it('CONN-CORE-93: a write that was copied out of a history is made by no other worker, nor by one that was started anew', async () => {
    await startWorkers(1);
    const connector = open();
    const made = await connector.create('user', { schemas, userName: 'ada' }, {});
    const copies = await copiedCalls();
    await connector.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    scim.store.remove('User', made.id);
    await startWorkers(1);
    expect(copies.length).toBeGreaterThan(0);
    for (const [input, frame] of copies) {
      const handle = await client.workflow.start('edgeCallWorkflow', {
        workflowId: `copy-${randomUUID()}`,
        taskQueue: stage.workflowQueue,
        args: [{ ...input, queue: `connectors.${stage.tenant}.plant` }, frame],
      });
      await handle.result().catch(() => undefined);
    }
    expect(posts()).toBe(1);
    expect(scim.store.size('User')).toBe(0);
  }, 60_000);

  it('CONN-CORE-91: a call of a program that says things otherwise is refused as that, and not as a death', async () => {
    await startWorkers(1);
    const times = { firstTask: 10_000, scheduleToStart: 10_000, startToClose: 10_000, heartbeat: 10_000 };
    const calling = client.workflow.execute('edgeCallWorkflow', {
      workflowId: `other-${randomUUID()}`,
      taskQueue: stage.workflowQueue,
      args: [{ queue: `connectors.${stage.tenant}.plant`, summary: 'create', times }, Buffer.from('something else')],
    });
    const error: unknown = await calling.catch((thrown: unknown) => thrown);
    expect(error instanceof WorkflowFailedError && error.cause).toMatchObject({ type: 'otherVersion' });
  }, 60_000);

  /** What the calls so far were started with, as whoever reads Temporal sees it. */
  async function copiedCalls(): Promise<[Record<string, unknown>, Uint8Array][]> {
    const copies: [Record<string, unknown>, Uint8Array][] = [];
    const seen = async (): Promise<boolean> => {
      for await (const { workflowId } of client.workflow.list({ query: `TaskQueue = "${stage.workflowQueue}"` })) {
        const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
        const [input, frame] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
        if (!input?.data || !frame?.data || !Buffer.from(frame.data).includes('"kind":"calls"')) continue;
        copies.push([JSON.parse(Buffer.from(input.data).toString()) as Record<string, unknown>, frame.data]);
      }
      return copies.some(([{ summary }]) => summary === 'create');
    };
    const giveUpAt = Date.now() + 20_000;
    while (!(await seen())) {
      if (Date.now() > giveUpAt) throw new Error('the create is not listed');
      copies.length = 0;
      await pause(100);
    }
    return copies;
  }
});
