import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { loadConfig } from '../../runtime/config.js';
import { SEARCH_ATTRIBUTES, registerSearchAttributes } from '../../runtime/search-attributes.js';
import { testTemporal } from '../support/temporal.js';

const temporal = await testTemporal();

temporal.describe('registerSearchAttributes', () => {
  it('adds what is missing in a namespace, and is harmless twice', async () => {
    const namespace = `search-attributes-${randomUUID()}`;
    const connection = await Connection.connect({ address: temporal.address });
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    const config = loadConfig({ TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: namespace });
    await registerSearchAttributes(config.temporal);
    await registerSearchAttributes(config.temporal);
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    await connection.close();
    expect(Object.keys(known.customAttributes ?? {})).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
  });
});
