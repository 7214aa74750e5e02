import type { ServerState } from './server-broker.js';

const POLL_MS = 100;

/** True when missing servers are a failure and not a reason to skip (`MUSTER_REQUIRE_REAL=1`). */
export function realServersRequired(): boolean {
  return process.env['MUSTER_REQUIRE_REAL'] === '1';
}

/**
 * Asks the broker of this test run for a server, which starts it on first use, and waits until it is there: the first
 * time a Temporal program has to be built this takes minutes.
 */
export async function askForServer(
  name: 'postgres' | 'temporal',
): Promise<Exclude<ServerState, { state: 'starting' }>> {
  const broker = process.env['TEST_SERVERS_URL'];
  if (broker === undefined) throw new Error('TEST_SERVERS_URL is not set: run the suite with the jest configuration.');
  let told = '';
  for (;;) {
    const response = await fetch(`${broker}/${name}`);
    const answer = serverState(await response.json());
    if (answer.state !== 'starting') return answer;
    if (answer.progress !== told && answer.progress !== 'starting') process.stderr.write(`${answer.progress}\n`);
    told = answer.progress;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

function serverState(value: unknown): ServerState {
  if (typeof value === 'object' && value !== null) {
    if ('progress' in value && typeof value.progress === 'string')
      return { state: 'starting', progress: value.progress };
    if ('address' in value && typeof value.address === 'string') return { state: 'ready', address: value.address };
    if ('reason' in value && typeof value.reason === 'string') return { state: 'failed', reason: value.reason };
  }
  throw new Error('The broker of the test servers answers something else.');
}
