import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isJsonObject } from '../../core/json.js';
import { remoteControl, type ScimSimulatorControl } from './control.js';
import type { SimulatorProcessOptions } from './process-options.js';

/** A simulator in a process of its own. */
export interface SimulatorProcess {
  readonly url: string;
  readonly tokenUrl: string;
  readonly pid: number;
  readonly control: ScimSimulatorControl;
  /** Ends the process and waits until it is gone. Idempotent. */
  stop(): Promise<void>;
}

/** How to start the process. */
export interface SpawnOptions {
  /** The compiled `simulators/main.js`; default: beside this file, else in `dist`. */
  readonly entry?: string;
  /** Words in front of the command, such as `['taskset', '-c', '1']` to pin it to a core. */
  readonly launcher?: readonly string[];
}

/** Starts a simulator process and waits until it is ready. Rejects with its error text when it ends before that. */
export async function spawnScimSimulator(
  options: SimulatorProcessOptions = {},
  { entry = compiledEntry(), launcher = [] }: SpawnOptions = {},
): Promise<SimulatorProcess> {
  const [command = process.execPath, ...rest] = [...launcher, process.execPath, entry, JSON.stringify(options)];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the simulator ended with code ${code}: ${errors.trim()}`)));
  });
  const ready: unknown = JSON.parse(line);
  const textOf = (name: string): string => {
    const value = isJsonObject(ready) ? ready[name] : undefined;
    return typeof value === 'string' ? value : '';
  };
  return {
    url: textOf('url'),
    tokenUrl: textOf('tokenUrl'),
    pid: child.pid ?? 0,
    control: remoteControl(textOf('controlUrl')),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function compiledEntry(): string {
  const candidates = ['../main.js', '../../dist/simulators/main.js'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error('simulators/main.js is not compiled; run "npm run build" first');
  return found;
}
