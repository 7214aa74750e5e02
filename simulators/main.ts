import { startControlServer } from './scim/control-server.js';
import { parseProcessOptions } from './scim/process-options.js';
import { startScimSimulator } from './scim/simulator.js';
import { commandRunner } from './scim/control.js';

/*
 * A simulated SCIM server as a process of its own:
 *
 *   node dist/simulators/main.js '{"dialect":"standard","populate":{"people":1000,"groups":40,"seed":1}}'
 *
 * Prints one line of JSON when it is ready: {"url":…,"tokenUrl":…,"controlUrl":…,"pid":…}. Ends on SIGTERM, SIGINT, or when its
 * standard input is closed, so that it does not outlive the process that started it.
 */
async function main(): Promise<void> {
  const { populate, ...options } = parseProcessOptions(process.argv[2] ?? '{}');
  const simulator = await startScimSimulator(options);
  const control = await startControlServer(simulator);
  if (populate !== undefined) await commandRunner(simulator)('populate', [populate]);

  const stop = async (): Promise<void> => {
    await Promise.all([simulator.stop(), control.stop()]);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  process.stdin.once('end', () => void stop()).resume();

  const { url, tokenUrl } = simulator;
  process.stdout.write(`${JSON.stringify({ url, tokenUrl, controlUrl: control.url, pid: process.pid })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`simulator: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
