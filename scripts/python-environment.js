/**
 * Makes the Python environment of test/support/python-requirements.txt, once for each state of that list, and prints its interpreter.
 * Fails with one line on standard error where there is no Python.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const requirements = join(root, 'test/support/python-requirements.txt');
const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
const folder = join(root, 'node_modules/.cache/muster-python', version);

if (!existsSync(folder)) {
  // Whole or not at all: the interpreter finds its packages wherever the folder is moved to.
  const draft = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    run('python3', ['-m', 'venv', draft]);
    run(join(draft, 'bin/python'), ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements]);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(folder)) {
      console.error(error.message);
      process.exit(1);
    }
  }
}
console.log(join(folder, 'bin/python'));

function run(program, args) {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program}: ${error.code ?? error.message}`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}
