import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { loadConfig } from '../../../runtime/config.js';
import { registerSearchAttributes } from '../../../runtime/search-attributes.js';

const RETENTION_SECONDS = 24 * 60 * 60;
const POLL_MS = 100;
const TIMEOUT_MS = 30_000;

/**
 * Makes a Temporal namespace with our search attributes and resolves when workflows can be started in it. The product has one name for
 * each task queue, so suites that share a server live in namespaces of their own: none takes the other's tasks.
 */
export async function makeNamespace(address: string): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: RETENTION_SECONDS as never },
    });
    const giveUpAt = Date.now() + TIMEOUT_MS;
    for (;;) {
      try {
        await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
        break;
      } catch (error) {
        if (Date.now() > giveUpAt) throw error;
      }
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  } finally {
    await connection.close();
  }
  await registerSearchAttributes(loadConfig({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }).temporal);
  return namespace;
}
