import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTiedProcess } from '../tied-process.js';

/** What to fetch, and where to put it. */
export interface TemporalFetch {
  /** Without a `v`. */
  readonly version: string;
  /** File name of the program when it is complete. */
  readonly target: string;
  readonly searchPath: string;
  readonly onProgress: (text: string) => void;
}

/** No internet shows as silence: nothing has arrived after this time. */
const SILENCE_LIMIT_MS = 10_000;
const TOTAL_LIMIT_MS = 300_000;
const POLL_MS = 500;

/**
 * Lets the Temporal SDK download the program, in a process of its own: the SDK can neither be told a time limit nor be
 * stopped. Given up when no byte arrives for 10 s, and after 5 minutes.
 * @throws Error saying what went wrong; nothing is left behind.
 */
export async function downloadTemporal(fetch: TemporalFetch): Promise<void> {
  const folder = `${fetch.target}.download`;
  mkdirSync(folder, { recursive: true });
  try {
    fetch.onProgress(`downloading temporal ${fetch.version} (gives up after 10 s without an answer)`);
    const lines: string[] = [];
    const download = await startTiedProcess({
      command: process.execPath,
      args: [fileURLToPath(new URL('./temporal-download-process.js', import.meta.url)), fetch.version, folder],
      signalOnParentDeath: 'SIGTERM',
      searchPath: fetch.searchPath,
      onLine: (line) => lines.push(line),
    });
    const givenUp = await watch(() => download.isRunning(), folder, fetch.onProgress);
    if (givenUp !== undefined) {
      await download.stop([{ signal: 'SIGKILL', graceMs: 5000 }]);
      throw new Error(givenUp);
    }
    await download.exited;
    const program = readdirSync(folder).find((name) => !name.endsWith('.downloading'));
    if (program === undefined) throw new Error(lines.at(-1) ?? 'nothing was downloaded');
    chmodSync(join(folder, program), 0o755);
    mkdirSync(dirname(fetch.target), { recursive: true });
    renameSync(join(folder, program), fetch.target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Watches the folder grow until the process ends; the reason to give up, if there is one. */
async function watch(
  isRunning: () => boolean,
  folder: string,
  onProgress: (text: string) => void,
): Promise<string | undefined> {
  const start = Date.now();
  let lastGrowth = start;
  let lastSize = 0;
  let toldMiB = 0;
  while (isRunning()) {
    await new Promise((wake) => setTimeout(wake, POLL_MS));
    const size = sizeOf(folder);
    if (size > lastSize) lastGrowth = Date.now();
    lastSize = size;
    const mib = Math.floor(size / 1024 / 1024);
    if (mib >= toldMiB + 10) onProgress(`downloading temporal: ${(toldMiB = mib)} MiB`);
    if (Date.now() - lastGrowth > SILENCE_LIMIT_MS) return 'nothing arrived for 10 s';
    if (Date.now() - start > TOTAL_LIMIT_MS) return 'not complete after 5 minutes';
  }
  return undefined;
}

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
