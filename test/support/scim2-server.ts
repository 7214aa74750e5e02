import { describe } from '@jest/globals';
import { ephemeralPort } from '../../runtime/ports.js';
import { startTiedProcess } from '../../runtime/tied-process.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { authorizationOf, type ForeignScimServer } from './foreign-scim.js';
import { pythonInterpreter } from './python-environment.js';
import { realServersRequired } from './servers.js';

const AUTH = { kind: 'bearer', token: 'scim2-server-test-token' } as const;
const START_MS = 20_000;
const MAIN = 'from scim2_server.testserver.cli import main; main()';

/** scim2-server of PyPI: a SCIM server in Python that nobody of this project wrote. */
export interface Scim2Server {
  /** Like jest's `describe`; without Python the suite is skipped by name, saying why. */
  readonly describe: (name: string, body: () => void) => void;
  start(): Promise<ForeignScimServer>;
}

/**
 * To be called at the top level of a suite.
 * @throws Error when there is no Python and `MUSTER_REQUIRE_REAL=1`.
 */
export function testScim2Server(): Scim2Server {
  const python = pythonInterpreter();
  if ('path' in python) return { describe: (name, body) => describe(name, body), start: () => start(python.path) };
  const { reason } = python;
  if (realServersRequired()) throw new Error(`MUSTER_REQUIRE_REAL=1, and there is no scim2-server: ${reason}`);
  return {
    describe: (name, body) => describe.skip(`${name} (no scim2-server: ${reason})`, body),
    start: () => Promise.reject(new Error(reason)),
  };
}

async function start(command: string): Promise<ForeignScimServer> {
  const port = await ephemeralPort();
  const lines: string[] = [];
  const process_ = await startTiedProcess({
    command,
    args: ['-c', MAIN, '--port', String(port), '--bearer-token', AUTH.token],
    signalOnParentDeath: 'SIGTERM',
    searchPath: process.env['PATH'] ?? '',
    onLine: (line) => lines.push(line),
  });
  const url = `http://127.0.0.1:${port}/v2`;
  const stop = async (): Promise<void> => {
    await process_.stop([
      { signal: 'SIGTERM', graceMs: 2_000 },
      { signal: 'SIGKILL', graceMs: 2_000 },
    ]);
  };
  const deadline = Date.now() + START_MS;
  while (!(await answers(`${url}/ServiceProviderConfig`))) {
    if (process_.isRunning() && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 50));
    else {
      await stop();
      throw new Error(`scim2-server did not start: ${lines.slice(-3).join(' | ')}`);
    }
  }
  return {
    name: 'scim2-server 0.8.3',
    url,
    auth: AUTH,
    snapshot: async () => ({ users: await readAll(`${url}/Users`), groups: await readAll(`${url}/Groups`) }),
    stop,
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { headers: { authorization: authorizationOf(AUTH) } }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function readAll(url: string): Promise<JsonObject[]> {
  const response = await fetch(`${url}?count=1000`, { headers: { authorization: authorizationOf(AUTH) } });
  const answer: unknown = await response.json();
  const resources = isJsonObject(answer) ? answer['Resources'] : undefined;
  return Array.isArray(resources) ? resources.filter(isJsonObject) : [];
}
