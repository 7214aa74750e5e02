import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  TemporalBinaryError,
  cachedTemporalPath,
  findInstalledTemporal,
  findTemporalBinary,
} from '../../runtime/embedded/temporal-binary.js';
import { databaseFileFor } from '../../runtime/embedded/temporal-database-file.js';
import { createLogger } from '../../runtime/logger.js';

/** A program that answers `--version`. */
function writeProgram(path: string, answer: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${answer}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the temporal program', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-temporal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const search = (cliPath?: string) => ({
    cliPath,
    searchPath: join(folder, 'bin'),
    cacheDir: join(folder, 'cache'),
    onProgress: () => undefined,
  });

  it('is looked for in TEMPORAL_CLI_PATH, then on the PATH, then in the cache', async () => {
    const inCache = writeProgram(cachedTemporalPath(join(folder, 'cache')), 'echo 3');
    expect(await findTemporalBinary(search())).toEqual({ path: inCache, way: 'cache', version: '3' });
    const onPath = writeProgram(join(folder, 'bin/temporal'), 'echo 2');
    expect(await findTemporalBinary(search())).toEqual({ path: onPath, way: 'path', version: '2' });
    const named = writeProgram(join(folder, 'mine'), 'echo 1');
    expect(await findTemporalBinary(search(named))).toEqual({ path: named, way: 'configured', version: '1' });
  });

  it('is refused when TEMPORAL_CLI_PATH names something that does not run', async () => {
    writeProgram(cachedTemporalPath(join(folder, 'cache')), 'echo 3');
    const broken = writeProgram(join(folder, 'mine'), 'exit 1');
    await expect(findTemporalBinary(search(broken))).rejects.toThrow(TemporalBinaryError);
    await expect(findTemporalBinary(search(join(folder, 'nothing')))).rejects.toThrow(/TEMPORAL_CLI_PATH is/);
  });

  it('on the PATH is passed over when it does not run', async () => {
    writeProgram(join(folder, 'bin/temporal'), 'exit 1');
    const failures: string[] = [];
    expect(await findInstalledTemporal(search(), failures)).toBeUndefined();
    expect(failures).toEqual([expect.stringMatching(/PATH: .* does not run/), expect.stringMatching(/cache: no /)]);
  });
});

describe('the database file of the Temporal dev server', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-temporal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const log = createLogger({ logLevel: 'silent' }, {});

  it('is kept while the program stays the same', () => {
    const file = databaseFileFor(folder, 'temporal version 1', log);
    writeFileSync(file, 'data');
    expect(databaseFileFor(folder, 'temporal version 1', log)).toBe(file);
    expect(existsSync(file)).toBe(true);
  });

  it('is put aside with its companions when the program changed', () => {
    const file = databaseFileFor(folder, 'temporal version 1', log);
    for (const part of ['', '-wal', '-shm']) writeFileSync(file + part, 'data');
    const warnings: string[] = [];
    const loud = createLogger({ logLevel: 'warn' }, {}, { write: (line) => warnings.push(line) });
    expect(databaseFileFor(folder, 'temporal version 2', loud)).toBe(file);
    expect(['', '-wal', '-shm'].map((part) => existsSync(file + part))).toEqual([false, false, false]);
    const { aside } = JSON.parse(warnings[0] ?? '{}') as { aside: string };
    expect(['', '-wal', '-shm'].map((part) => existsSync(aside + part))).toEqual([true, true, true]);
  });
});
