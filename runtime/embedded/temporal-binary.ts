import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorMessage } from '../error-code.js';
import { waitForLock } from '../file-lock.js';
import { findProgram, isExecutableFile } from '../find-program.js';
import { buildTemporal } from './temporal-build.js';
import { downloadTemporal } from './temporal-download.js';

/** The version of the Temporal CLI that is downloaded or built. From 1.6 on `go install` refuses its go.mod. */
export const TEMPORAL_CLI_VERSION = '1.5.1';

/** How the binary was come by, in the order in which the ways are tried. */
export type TemporalBinaryWay = 'configured' | 'path' | 'cache' | 'download' | 'go-install';

/** A `temporal` program that answers. */
export interface TemporalBinary {
  readonly path: string;
  readonly way: TemporalBinaryWay;
  /** What `temporal --version` prints. */
  readonly version: string;
}

/** Where to look, and whom to tell. */
export interface TemporalBinarySearch {
  /** `TEMPORAL_CLI_PATH`. */
  readonly cliPath: string | undefined;
  readonly searchPath: string;
  readonly cacheDir: string;
  /** Called with a line of text for the user, from time to time while something takes long. */
  readonly onProgress: (text: string) => void;
}

/** No usable `temporal` program; the message lists each way and why it failed. */
export class TemporalBinaryError extends Error {
  override readonly name = 'TemporalBinaryError';
}

/** The file that a download or a build ends up in. */
export function cachedTemporalPath(cacheDir: string): string {
  return join(cacheDir, `temporal-${TEMPORAL_CLI_VERSION}`, 'temporal');
}

/**
 * Finds a `temporal` program: `TEMPORAL_CLI_PATH`, the PATH, the cache folder, the download of the Temporal SDK (given
 * up when nothing arrives for 10 s), `go install` (Go 1.25 or later; minutes the first time, 20 at most). Both of the
 * last two fill the cache folder; only one process at a time does so, others wait for it.
 * @throws TemporalBinaryError when no way works, or when `TEMPORAL_CLI_PATH` names something that does not run.
 */
export async function findTemporalBinary(search: TemporalBinarySearch): Promise<TemporalBinary> {
  const failures: string[] = [];
  const installed = await findInstalledTemporal(search, failures);
  if (installed !== undefined) return installed;
  const lock = await waitForLock(`${cachedTemporalPath(search.cacheDir)}.lock`, ({ pid }) =>
    search.onProgress(`another process (pid ${pid}) is fetching the temporal program; waiting for it`),
  );
  try {
    return (await cached(search)) ?? (await fetchTemporal(search, failures));
  } finally {
    lock.release();
  }
}

/**
 * The ways that take no time: `TEMPORAL_CLI_PATH`, PATH, cache folder. Undefined when none has the program; the reasons
 * are added to `failures`.
 * @throws TemporalBinaryError when `TEMPORAL_CLI_PATH` names something that does not run.
 */
export async function findInstalledTemporal(
  search: Pick<TemporalBinarySearch, 'cliPath' | 'searchPath' | 'cacheDir'>,
  failures: string[] = [],
): Promise<TemporalBinary | undefined> {
  if (search.cliPath !== undefined) {
    const version = await versionOf(search.cliPath);
    if (version !== undefined) return { path: search.cliPath, way: 'configured', version };
    throw new TemporalBinaryError(`TEMPORAL_CLI_PATH is ${search.cliPath}, which is not a temporal program that runs.`);
  }
  const onPath = findProgram('temporal', search.searchPath);
  const version = onPath === undefined ? undefined : await versionOf(onPath);
  if (onPath !== undefined && version !== undefined) return { path: onPath, way: 'path', version };
  failures.push(onPath === undefined ? 'PATH: no temporal program' : `PATH: ${onPath} does not run`);
  const fromCache = await cached(search);
  if (fromCache === undefined) failures.push(`cache: no ${cachedTemporalPath(search.cacheDir)}`);
  return fromCache;
}

async function cached(search: Pick<TemporalBinarySearch, 'cacheDir'>): Promise<TemporalBinary | undefined> {
  const path = cachedTemporalPath(search.cacheDir);
  const version = await versionOf(path);
  return version === undefined ? undefined : { path, way: 'cache', version };
}

async function fetchTemporal(search: TemporalBinarySearch, failures: string[]): Promise<TemporalBinary> {
  const path = cachedTemporalPath(search.cacheDir);
  const ways = [
    { way: 'download', fetch: downloadTemporal },
    { way: 'go-install', fetch: buildTemporal },
  ] as const;
  for (const { way, fetch } of ways) {
    try {
      await fetch({ ...search, version: TEMPORAL_CLI_VERSION, target: path });
      const version = await versionOf(path);
      if (version !== undefined) return { path, way, version };
      failures.push(`${way}: the program does not run`);
    } catch (error) {
      const reason = errorMessage(error);
      search.onProgress(`${way}: ${reason}`);
      failures.push(`${way}: ${reason}`);
    }
  }
  throw new TemporalBinaryError(
    `No temporal program for the embedded dev server:\n${failures.map((failure) => `  ${failure}`).join('\n')}\n` +
      'Set TEMPORAL_CLI_PATH to one, or TEMPORAL_ADDRESS to a Temporal service.',
  );
}

async function versionOf(path: string): Promise<string | undefined> {
  if (!isExecutableFile(path)) return undefined;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
