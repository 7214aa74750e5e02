import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment, loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { createLogger } from '../../runtime/logger.js';
import { startStack } from '../stack.js';
import type { RunningStack, StackUrls } from '../stack.js';
import { LogFile } from '../stack/log-file.js';
import { ApiClient } from './api-client.js';
import { configure } from './configure.js';
import { DemoFailure } from './expectation.js';
import { startForeignLandscape } from './foreign-landscape.js';
import type { Landscape, LandscapeSize } from './landscape.js';
import { MissingPeople } from './missing-people.js';
import { durationMs, resultTable, seconds } from './result-table.js';
import type { ShownJob } from './result-table.js';
import { startSimulatedLandscape } from './simulated-landscape.js';
import type { Terminal } from './terminal.js';

/** What the demo shows. */
export interface DemoOptions {
  /** People in the HR directory; groups scale with them. */
  readonly people: number;
  /** Servers that nobody of this project wrote in place of the simulated ones. */
  readonly foreign: boolean;
  /** Stay up until `signal` is aborted. */
  readonly keep: boolean;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What the demo did, for programs. */
export interface DemoReport {
  readonly jobs: readonly {
    readonly type: string;
    readonly mode: string | null;
    readonly status: string;
    readonly durationMs: number;
    readonly statistics: ShownJob['job']['statistics'];
  }[];
  readonly urls: { readonly api: string; readonly apiDocs: string; readonly temporalUi: string | null };
}

const PEOPLE_PER_GROUP = 25;
const MOST_CONCURRENT_WRITES = 16;
/** So many people keep one more request busy: few people on many connections would leave no half way to stop at. */
const PEOPLE_PER_CONNECTION = 40;

/** What has to be stopped, in the order of starting. */
type Stops = (() => Promise<void>)[];

/**
 * Shows Muster at work on people who do not exist: starts everything in a state folder of its own, which is removed afterwards, runs the
 * jobs and checks each result. Whatever happens, all that was started is stopped.
 * @throws DemoFailure when a job does not end as it should; the state folder with the logs then stays.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { terminal } = options;
  const home = mkdtempSync(join(tmpdir(), 'muster-demo-'));
  const stops: Stops = [];
  try {
    const report = await play(options, home, stops);
    terminal.line('\nstopping …');
    await stopAll(stops);
    rmSync(home, { recursive: true, force: true });
    terminal.line(options.keep ? 'stopped' : 'stopped; with --keep everything stays up');
    return report;
  } catch (error) {
    if (options.signal.aborted) terminal.line('\nstopping …');
    await stopAll(stops);
    if (options.signal.aborted) rmSync(home, { recursive: true, force: true });
    else terminal.line(`\nThe logs are in ${join(home, 'logs')}.`);
    throw error;
  }
}

async function play(options: DemoOptions, home: string, stops: Stops): Promise<DemoReport> {
  const { terminal, people, signal } = options;
  const size: LandscapeSize = {
    people,
    groups: Math.max(3, Math.round(people / PEOPLE_PER_GROUP)),
    concurrentWrites: Math.max(1, Math.min(MOST_CONCURRENT_WRITES, Math.floor(people / PEOPLE_PER_CONNECTION))),
  };
  const startedAtMs = Date.now();
  terminal.line('Muster demo: an HR directory feeds two targets.\n');
  const landscape = await (options.foreign ? startForeignLandscape(size) : startSimulatedLandscape(size));
  stops.push(() => landscape.stop());
  describeLandscape(terminal, landscape);

  const config = isolatedConfig(home);
  const stack = await startParts(config, options);
  stops.push(() => stack.stop());
  const password = stack.bootstrapPassword ?? '';
  const api = await ApiClient.signIn(stack.urls.api, 'admin', password, signal);
  const sourceId = await configure(api, landscape);
  terminal.line(`Everything runs and is configured after ${seconds(Date.now() - startedAtMs)}. While it does, look at`);
  describeAddresses(terminal, stack.urls);

  const scenes = new MissingPeople(api, sourceId, landscape, size.concurrentWrites, terminal);
  await scenes.firstLoad();
  await scenes.changes();
  await scenes.nothingToDo('Nothing to do', 'Nothing has happened since. A read looks at everybody and sends nothing.');
  await scenes.stopAndResume();
  await scenes.nothingToDo('Proof', 'Is anything left to send? One more read.');
  if (scenes.isPossible) await scenes.play();

  terminal.line();
  for (const target of landscape.targets) {
    terminal.line(`${landscape.source.name} → ${target.name} (${target.description})`);
    terminal.line(resultTable(scenes.jobs, landscape.source.name, target.name));
  }
  terminal.line(`\nEvery job ended as it should, ${seconds(Date.now() - startedAtMs)} after the start.`);
  describeAddresses(terminal, stack.urls);
  if (options.keep) await stay(options, stack, api, password);
  return reportOf(scenes.jobs, stack.urls);
}

/**
 * A configuration that shares nothing with `npm start`: a state folder of its own, embedded servers even where others are configured, so
 * that the people of the demo never get into a real installation.
 */
function isolatedConfig(home: string): Config {
  const notConfigured = Object.fromEntries(
    [
      ...['DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'TEMPORAL_TLS'],
      ...['TEMPORAL_TLS_SERVER_NAME', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'],
      ...['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
      ...['MUSTER_TEMPORAL_UI_URL', 'MUSTER_API_HOST', 'MUSTER_API_PORT', 'MUSTER_MASTER_KEY_FILE'],
    ].map((name) => [name, '']),
  );
  // PostgreSQL may have to run as another user inside.
  chmodSync(home, 0o711);
  return loadConfig(childEnvironment({ ...notConfigured, MUSTER_HOME: home }));
}

async function startParts(config: Config, { terminal, signal }: DemoOptions): Promise<RunningStack> {
  const file = new LogFile(config.home, 'demo');
  const log = createLogger(config, { process: 'demo' }, { write: (line) => file.write(line.trimEnd()) });
  const say = (text: string): void => terminal.line(`  ${text}`);
  return startStack({ config, log, say, print: say, signal });
}

function describeLandscape(terminal: Terminal, { source, targets }: Landscape): void {
  const width = Math.max(...[source, ...targets].map((system) => system.name.length));
  for (const [role, system] of [['source', source] as const, ...targets.map((target) => ['target', target] as const)]) {
    terminal.line(`  ${role}  ${system.name.padEnd(width)}  ${system.description}`);
  }
  terminal.line();
}

function describeAddresses(terminal: Terminal, urls: StackUrls): void {
  terminal.line(`  API docs         ${urls.apiDocs}`);
  terminal.line(`  Temporal Web UI  ${urls.temporalUi ?? 'not known'}`);
}

async function stay(
  { terminal, signal }: DemoOptions,
  { urls }: RunningStack,
  api: ApiClient,
  password: string,
): Promise<void> {
  terminal.line(
    [
      '',
      'Everything stays up (--keep). Sign in as admin; people, password and token are gone after Ctrl-C.',
      `  API              ${urls.api}/api/v1`,
      `  password         ${password}`,
      `  token            ${api.token}`,
    ].join('\n'),
  );
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function reportOf(jobs: readonly ShownJob[], urls: StackUrls): DemoReport {
  return {
    jobs: jobs.map(({ job }) => ({
      type: job.type,
      mode: job.readMode,
      status: job.status,
      durationMs: durationMs(job),
      statistics: job.statistics,
    })),
    urls: { api: urls.api, apiDocs: urls.apiDocs, temporalUi: urls.temporalUi ?? null },
  };
}

/** The last one started first; one that fails does not keep the others running. */
async function stopAll(stops: Stops): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.splice(0).reverse()) await stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be stopped.');
}

/** True for a failure whose message is for the user. */
export function isDemoFailure(error: unknown): error is DemoFailure {
  return error instanceof DemoFailure;
}
