import { execFile } from 'node:child_process';
import type { TestApi } from '../../api/support/api-server.js';

/** Runs a command of the built product against an API and returns all it prints. */
export function runAgainst(api: TestApi, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const remote = ['--url', api.running.url, '--token', api.token];
    execFile(process.execPath, ['dist/cli/main.js', ...args, ...remote], (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}
