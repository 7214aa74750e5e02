import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../../runtime/config.js';
import { startNodeChild } from '../../../runtime/node-child.js';
import type { NodeChild } from '../../../runtime/node-child.js';

/** What an edge worker process is given. */
export interface EdgeProcessOptions {
  readonly temporalAddress: string;
  readonly namespace: string;
  /** Path of its configuration; a module that knows names of the private network is put beside it. */
  readonly configFile: string;
  readonly folder: string;
  readonly searchPath: string;
}

/** Names that end like this are known in the private network only, that is in edge worker processes. */
export const PRIVATE_NAMES = '.plant.internal';

/** Nobody but the process that loads this finds the private names: who reached a system under one was an edge worker. */
const NAMES_MODULE = `
const dns = require('node:dns');
const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith('${PRIVATE_NAMES}') ? '127.0.0.1' : name, ...rest);
require('node:module').syncBuiltinESMExports();
`;

/** `muster edge`, compiled: a process of its own that can be killed. It has no database. */
export async function startEdgeProcess(options: EdgeProcessOptions): Promise<NodeChild> {
  const names = join(options.folder, 'names.cjs');
  await writeFile(names, NAMES_MODULE);
  return startNodeChild({
    name: 'edge',
    script: fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url)),
    args: ['edge'],
    env: childEnvironment({
      NODE_OPTIONS: `--require=${names}`,
      DATABASE_URL: '',
      TEMPORAL_ADDRESS: options.temporalAddress,
      TEMPORAL_NAMESPACE: options.namespace,
      MUSTER_HOME: options.folder,
      MUSTER_EDGE_CONFIG: options.configFile,
      MUSTER_LOG_LEVEL: 'info',
    }),
    searchPath: options.searchPath,
    onLine: () => undefined,
  });
}
