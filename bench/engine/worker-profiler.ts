import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

/*
 * Preloaded into the worker with `--import` when a profile is wanted. SIGUSR2 starts the CPU profiler of the main thread, a second one
 * writes `worker-<n>.cpuprofile` into the folder that the address of this module names.
 */
const folder = new URL(import.meta.url).searchParams.get('folder') ?? '.';
const session = new Session();
session.connect();
let isRunning = false;
let written = 0;

process.on('SIGUSR2', () => {
  isRunning = !isRunning;
  if (isRunning) {
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 500 });
    session.post('Profiler.start');
    return;
  }
  session.post('Profiler.stop', (error, result) => {
    if (error !== null) return;
    written += 1;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `worker-${written}.cpuprofile`), JSON.stringify(result.profile));
  });
});
