/**
 * Runs once before all suites, in the process of jest, without its transforms: the broker and the launchers are
 * compiled into a cache folder with the compiler of the suites. Takes a few hundredths of a second; the servers
 * themselves start when the first suite asks.
 */
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from '@swc/core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache/muster-test');

export default async function globalSetup() {
  await replace(join(cache, 'package.json'), '{ "type": "module" }\n');
  const runtime = await readdir(join(root, 'runtime'), { recursive: true });
  const sources = runtime.filter((name) => name.endsWith('.ts')).map((name) => join(root, 'runtime', name));
  const others = ['core/issue-text.ts', 'test/support/server-broker.ts'].map((name) => join(root, name));
  await Promise.all([...sources, ...others].map(compile));
  const { startServerBroker } = await import(pathToFileURL(join(cache, 'test/support/server-broker.js')).href);
  const broker = await startServerBroker();
  process.env.TEST_SERVERS_URL = broker.url;
  process.env.TEST_RUN_FOLDER = broker.folder;
  globalThis.testServerBroker = broker;
}

async function compile(source) {
  const { code } = await transform(await readFile(source, 'utf8'), {
    filename: source,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  await replace(join(cache, relative(root, source).replace(/\.ts$/, '.js')), code);
}

/** Whole or not at all: several test runs may share the cache folder. */
async function replace(target, text) {
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, target);
}
