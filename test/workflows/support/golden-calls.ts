import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection, Worker } from '@temporalio/worker';
import { loadWorkflowBundle } from '../../../worker/build-bundle.js';

/** Behaviours of a call that crosses to an edge worker; `answer` undefined: nobody is there to answer. */
export const GOLDEN_CALLS: readonly {
  readonly name: string;
  readonly answer: (() => Promise<Uint8Array>) | undefined;
}[] = [
  { name: '2026-11-answered', answer: async () => Buffer.from('sealed answer') },
  {
    name: '2026-11-failed',
    answer: () => Promise.reject(new Error('nobody foresaw it')),
  },
  { name: '2026-11-no-worker', answer: undefined },
];

/** Makes one call on a queue of its own and returns its history. */
export async function recordCall(address: string, answer: (() => Promise<Uint8Array>) | undefined): Promise<string> {
  const tenant = `test-${randomUUID()}`;
  const connection = await NativeConnection.connect({ address });
  const workflows = await Worker.create({
    connection,
    taskQueue: `${tenant}.workflows`,
    workflowBundle: await loadWorkflowBundle(),
  });
  const edge =
    answer === undefined
      ? undefined
      : await Worker.create({ connection, taskQueue: `connectors.${tenant}.plant`, activities: { edgeCall: answer } });
  const clientConnection = await Connection.connect({ address });
  try {
    const record = async (): Promise<string> => {
      const times = { firstTask: 10_000, scheduleToStart: 2_000, startToClose: 10_000, heartbeat: 5_000 };
      const handle = await new Client({ connection: clientConnection }).workflow.start('edgeCallWorkflow', {
        workflowId: `edge-${tenant}`,
        taskQueue: `${tenant}.workflows`,
        args: [{ queue: `connectors.${tenant}.plant`, summary: 'readPage', times }, Buffer.from('sealed call')],
      });
      await handle.result().catch(() => undefined);
      return historyToJSON(await handle.fetchHistory());
    };
    return await workflows.runUntil(edge === undefined ? record : edge.runUntil(record));
  } finally {
    await clientConnection.close();
    await connection.close();
  }
}
