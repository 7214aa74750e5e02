/**
 * Runs as a process of its own: `node temporal-download-process.js <version> <folder>`. Starts a Temporal test server
 * once, because that is how the SDK is told to download the program, and ends. The last line of output says what failed.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { errorMessage } from '../error-code.js';

const [version = '', downloadDir = ''] = process.argv.slice(2);
try {
  const executable = { type: 'cached-download' as const, version: `v${version}`, downloadDir };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
} catch (error) {
  const text = errorMessage(error);
  process.stderr.write(`${text.split(':').slice(0, 3).join(':')}: ${text.split(':').at(-1)?.trim() ?? ''}\n`);
  process.exitCode = 1;
}
