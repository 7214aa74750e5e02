import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';

/** Workflow code as one script for the sandbox of the worker. */
export type WorkflowBundle = Pick<WorkflowBundleWithSourceMap, 'code'>;

/** Where the bundler tells of its work; nothing is told by default. */
export type BundleLog = (message: string) => void;

const here = dirname(fileURLToPath(import.meta.url));
/** The folders whose code ends up in the bundle. */
const SOURCES = ['workflows', 'core'].map((folder) => join(here, '..', folder));
const STAMP = '// sources: ';

/** The module whose exports are the workflow types: TypeScript under jest, JavaScript in the compiled product. */
export function workflowsPath(): string {
  const compiled = join(here, '..', 'workflows', 'index.js');
  return existsSync(compiled) ? compiled : join(here, '..', 'workflows', 'index.ts');
}

/**
 * The bundle for the worker: the file that the build left beside this module when it fits the workflow code that is there now, else
 * one that is made on the spot (about a second). Never writes a file.
 * @throws Error with the list of culprits when a workflow imports something that is not deterministic.
 */
export async function loadWorkflowBundle(log: BundleLog = () => {}): Promise<WorkflowBundle> {
  const stamp = await stampOfSources();
  const built = await readFile(bundleFile(), 'utf8').catch(() => undefined);
  if (built?.startsWith(stamp) === true) return { code: built };
  if (built !== undefined) log('the workflow bundle is older than the workflow code: bundling again');
  return makeBundle(stamp);
}

/** Makes the bundle and leaves it beside this module for {@link loadWorkflowBundle}; a step of the build. Returns the file. */
export async function writeWorkflowBundle(): Promise<string> {
  const { code } = await makeBundle(await stampOfSources());
  const file = bundleFile();
  await writeFile(`${file}.${process.pid}`, code);
  // Whole or not at all: a worker may be starting now.
  await rename(`${file}.${process.pid}`, file);
  return file;
}

function bundleFile(): string {
  return join(here, 'workflow-bundle.js');
}

async function makeBundle(stamp: string): Promise<WorkflowBundle> {
  const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
  const { code } = await bundleWorkflowCode({ workflowsPath: workflowsPath(), logger: quiet });
  return { code: `${stamp}${code}` };
}

/** First line of a bundle: what it was made of, the SDK included. */
async function stampOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const sdk: unknown = createRequire(import.meta.url)('@temporalio/workflow/package.json');
  hash.update(JSON.stringify(sdk));
  for (const folder of SOURCES) {
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(js|ts)$/.test(name)).sort();
    for (const name of names) hash.update(`${name}\n`).update(await readFile(join(folder, name)));
  }
  return `${STAMP}${hash.digest('hex')}\n`;
}
