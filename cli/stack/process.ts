import { fileURLToPath } from 'node:url';
import { childEnvironment, configEnvironment } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { startNodeChild } from '../../runtime/node-child.js';
import type { NodeChild } from '../../runtime/node-child.js';
import type { StackOptions } from '../stack.js';
import { LogFile } from './log-file.js';

/** The compiled command, also when this file runs from its TypeScript source in a test. */
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url)).replace(
  /(?<!\/dist)\/cli\/main\.js$/,
  '/dist/cli/main.js',
);

/**
 * Starts `muster api` or `muster worker` as a child with this configuration. Its log lines go to `<home>/logs/<name>.log`,
 * the messages of errors also to `options.say`; anything else it prints goes to `options.print`. The line with the
 * password of a first start goes nowhere: the child hands the password over when it is ready.
 */
export async function startProcess(name: 'api' | 'worker', config: Config, options: StackOptions): Promise<NodeChild> {
  const file = new LogFile(config.home, name);
  try {
    const child = await startNodeChild({
      name,
      script: MAIN,
      args: [name],
      env: childEnvironment(configEnvironment(config)),
      searchPath: config.searchPath,
      onLine: (line) => {
        const entry = logEntry(line);
        if (entry === undefined) options.print(line);
        else if (!('bootstrapPassword' in entry)) file.write(line);
        if (isError(entry)) options.say(`${name}: ${entry.msg} (see ${file.path})`);
      },
    });
    void child.exited.then(() => file.close());
    return child;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The line as an object, when it is a line of a logger. */
function logEntry(line: string): object | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'level' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

function isError(entry: object | undefined): entry is { msg: string } {
  if (entry === undefined || !('level' in entry) || !('msg' in entry)) return false;
  return typeof entry.msg === 'string' && (entry.level === 'error' || entry.level === 'fatal');
}
