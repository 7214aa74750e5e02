import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HISTORIES = fileURLToPath(new URL('../../histories', import.meta.url));

/** The file of a recorded history. */
export function goldenFile(workflow: string, name: string): string {
  return join(HISTORIES, workflow, `${name}.json`);
}

/** All recorded histories as `workflow/name`. */
export function listGoldenHistories(): string[] {
  return readdirSync(HISTORIES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) =>
      readdirSync(join(HISTORIES, folder.name)).map((file) => `${folder.name}/${file.replace(/\.json$/, '')}`),
    )
    .sort();
}

export function readGoldenHistory(name: string): unknown {
  return JSON.parse(readFileSync(join(HISTORIES, `${name}.json`), 'utf8'));
}

/** Writes a history that does not exist yet; false when it does: golden histories are never made anew. */
export function writeGoldenHistory(file: string, json: string): boolean {
  if (existsSync(file)) return false;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(JSON.parse(json, scrubbed), null, 1)}\n`);
  return true;
}

/** Without the names and paths of the machine that recorded it (`<pid>@<host>`, stack traces); replay looks at neither. */
function scrubbed(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return typeof value === 'string' ? value.replace(/^\d+@[\w.-]+$/, 'recorder') : value;
}
