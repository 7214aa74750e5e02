import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { testTemporal } from '../support/temporal.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';

const temporal = await testTemporal();

async function readyToStart(temporalAddress?: string): Promise<{ api: TestApi; hr: string }> {
  const api = await startTestApi(temporalAddress === undefined ? {} : { temporalAddress });
  const hr = await createSource(api, 'HR');
  await createTarget(api, 'CRM', [hr]);
  return { api, hr };
}

describe('without Temporal', () => {
  it('a start answers 503 within seconds, with Retry-After, and makes no job', async () => {
    const { api, hr } = await readyToStart();
    try {
      const response = await api.send('post', `/api/v1/systems/${hr}/jobs`, { type: 'READ' });
      expect(response.body).toMatchObject({ status: 503, type: 'urn:muster:problem:unavailable' });
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
      expect(await api.sql('select from run')).toHaveLength(0);
    } finally {
      await api.stop();
    }
  }, 15_000);
});

temporal.describe('with Temporal', () => {
  let connection: Connection;
  let client: Client;
  let api: TestApi;
  let hr: string;
  let workflowId: string;

  beforeAll(async () => {
    connection = await Connection.connect({ address: temporal.address });
    client = new Client({ connection });
    ({ api, hr } = await readyToStart(temporal.address));
  });
  afterEach(() => client.workflow.getHandle(workflowId).terminate('end of the test'));
  afterAll(async () => {
    await api.stop();
    await connection.close();
  });

  it('a job starts its workflow, with nothing personal in it, and a stop asks it to end', async () => {
    const started = await api.send('post', `/api/v1/systems/${hr}/jobs`, { type: 'RESYNC' });
    expect(started.status).toBe(201);
    const [row] = await api.sql(`select 'resync/${hr}/' || run_key as id from run`);
    workflowId = row !== undefined && 'id' in row ? String(row.id) : '';
    const handle = client.workflow.getHandle(workflowId);
    expect(await handle.describe()).toMatchObject({ type: 'resyncJobWorkflow', status: { name: 'RUNNING' } });
    expect((await api.send('get', '/api/v1/health/ready')).body.status).toBe('ready');

    await api.send('post', `/api/v1/jobs/${started.body.id}/stop`);
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes)).toBe(true);
  });
});
