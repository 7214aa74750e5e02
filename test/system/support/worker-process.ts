import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { childEnvironment, configEnvironment } from '../../../runtime/config.js';
import { startNodeChild } from '../../../runtime/node-child.js';
import type { NodeChild } from '../../../runtime/node-child.js';
import type { TestMuster } from './muster.js';

/** A worker as `muster worker` starts it, compiled: a process of its own, so that it can be killed. */
export async function startWorkerProcess({ config }: TestMuster): Promise<NodeChild> {
  const script = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
  if (!existsSync(script)) throw new Error('dist/cli/main.js is missing; run "npm run build" first');
  return startNodeChild({
    name: 'worker',
    script,
    args: ['worker'],
    env: childEnvironment({ ...configEnvironment(config), MUSTER_API_PORT: '' }),
    searchPath: config.searchPath,
    onLine: () => undefined,
  });
}
