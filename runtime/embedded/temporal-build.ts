import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../config.js';
import { findProgram } from '../find-program.js';
import { settledWithin, startTiedProcess } from '../tied-process.js';
import type { TemporalFetch } from './temporal-download.js';

const MODULE = 'github.com/temporalio/cli/cmd/temporal';
/** What the go.mod of the CLI asks for. */
const LOWEST_GO = { major: 1, minor: 25 };
const TOTAL_LIMIT_MS = 20 * 60_000;
const PROGRESS_EVERY_MS = 5_000;

/**
 * Builds the program with `go install` into the folder of `target`: about three minutes on two cores with nothing
 * cached, given up after 20.
 * @throws Error when Go is missing or older than 1.25, or with the last lines of a build that failed.
 */
export async function buildTemporal(fetch: TemporalFetch): Promise<void> {
  const go = await findGo(fetch.searchPath);
  const folder = `${fetch.target}.build`;
  mkdirSync(folder, { recursive: true });
  try {
    await goInstall(go, folder, fetch);
    mkdirSync(dirname(fetch.target), { recursive: true });
    renameSync(join(folder, 'temporal'), fetch.target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function goInstall(go: string, folder: string, fetch: TemporalFetch): Promise<void> {
  const start = Date.now();
  let packages = 0;
  const lastLines: string[] = [];
  fetch.onProgress(`building temporal ${fetch.version} with Go; the first time this takes some minutes`);
  const build = await startTiedProcess({
    command: go,
    args: ['install', '-v', `${MODULE}@v${fetch.version}`],
    env: childEnvironment({ GOBIN: folder }),
    signalOnParentDeath: 'SIGTERM',
    searchPath: fetch.searchPath,
    onLine: (line) => {
      if (!line.startsWith('go: ')) packages++;
      lastLines.push(line);
      if (lastLines.length > 10) lastLines.shift();
    },
  });
  while (!(await settledWithin(build.exited, PROGRESS_EVERY_MS))) {
    const seconds = Math.round((Date.now() - start) / 1000);
    fetch.onProgress(`building temporal: ${packages} packages compiled, ${seconds} s`);
    if (Date.now() - start > TOTAL_LIMIT_MS) {
      await build.stop([{ signal: 'SIGKILL', graceMs: 5000 }]);
      throw new Error('go install did not end within 20 minutes');
    }
  }
  const { code } = await build.exited;
  if (code !== 0) throw new Error(`go install failed (code ${String(code)}): ${lastLines.join(' | ')}`);
}

async function findGo(searchPath: string): Promise<string> {
  const go = findProgram('go', searchPath) ?? findProgram('go', '/usr/local/go/bin:/usr/lib/go/bin');
  if (go === undefined) throw new Error('Go is not installed');
  const { stdout } = await promisify(execFile)(go, ['version'], { timeout: 10_000 });
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const isNewEnough =
    Number(major) > LOWEST_GO.major || (Number(major) === LOWEST_GO.major && Number(minor) >= LOWEST_GO.minor);
  if (!isNewEnough) throw new Error(`Go 1.25 or later is needed, found: ${stdout.trim()}`);
  return go;
}
