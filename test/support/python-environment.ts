import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = join(fileURLToPath(new URL('../..', import.meta.url)), 'scripts/python-environment.js');

/** The interpreter whose packages are those of `python-requirements.txt`, or why there is none. */
export type PythonInterpreter = { readonly path: string } | { readonly reason: string };

/** Makes the environment on first use, which takes half a minute. */
export function pythonInterpreter(): PythonInterpreter {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  return status === 0 ? { path: stdout.trim() } : { reason: stderr.trim() };
}
