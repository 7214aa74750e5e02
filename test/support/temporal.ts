import { describe } from '@jest/globals';
import { askForServer, realServersRequired } from './servers.js';

/** The Temporal dev server of this test run. */
export interface TestTemporal {
  /** `host:port`; an empty text when there is no server (then no test of {@link describe} runs). */
  readonly address: string;
  /** Always `default`. Use a task queue and workflow ids of your own: all suites share the server. */
  readonly namespace: string;
  /** Like jest's `describe`; without a server the suite is skipped by name, saying why. */
  readonly describe: (name: string, body: () => void) => void;
}

/**
 * The Temporal dev server, started on first use. Call it at the top level of a suite:
 * `const temporal = await testTemporal(); temporal.describe('Read job', () => { … temporal.address … });`
 * @throws Error when there is no server and `MUSTER_REQUIRE_REAL=1`.
 */
export async function testTemporal(): Promise<TestTemporal> {
  const server = await askForServer('temporal');
  if (server.state === 'ready') {
    return { address: server.address, namespace: 'default', describe: (name, body) => describe(name, body) };
  }
  if (realServersRequired()) throw new Error(`MUSTER_REQUIRE_REAL=1, and there is no Temporal: ${server.reason}`);
  const { reason } = server;
  return {
    address: '',
    namespace: 'default',
    describe: (name, body) => describe.skip(`${name} (no Temporal server: ${reason})`, body),
  };
}
