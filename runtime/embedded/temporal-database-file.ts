import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../logger.js';

/** The database and the two files SQLite keeps beside it. */
const PARTS = ['', '-wal', '-shm'];

/**
 * The database file of the dev server in `dataDir`. A file that another version of the program wrote is renamed to
 * `temporal.db.before-<time>` and a new one is begun: the schema differs, and nothing is lost, because unfinished runs
 * are restarted from PostgreSQL.
 */
export function databaseFileFor(dataDir: string, version: string, log: Logger): string {
  const file = join(dataDir, 'temporal.db');
  const stamp = join(dataDir, 'temporal.version');
  const writtenBy = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : undefined;
  if (existsSync(file) && writtenBy !== version) {
    const aside = `${file}.before-${new Date().toISOString().replaceAll(':', '')}`;
    for (const part of PARTS) {
      if (existsSync(file + part)) renameSync(file + part, aside + part);
    }
    log.warn({ writtenBy, version, aside }, 'the Temporal program changed: its database is begun anew');
  }
  writeFileSync(stamp, `${version}\n`);
  return file;
}
