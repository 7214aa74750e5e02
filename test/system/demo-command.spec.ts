import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { testTemporal } from '../support/temporal.js';

const temporal = await testTemporal();
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

temporal.describe('muster demo', () => {
  it('starts everything, runs its jobs, checks them, and tells a program what it did', async () => {
    const { code, stdout, stderr } = await demo(['--people', '60', '--json']);
    expect(stderr).toContain('Every job ended as it should');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const report: unknown = JSON.parse(stdout);
    const job = (status: string, type = 'READ') =>
      expect.objectContaining({ type, mode: 'Full Read', status, durationMs: expect.any(Number) });
    const reads = ['Success', 'Success', 'Success', 'Manually Terminated', 'Success', 'Success', 'Success'];
    expect(report).toEqual({
      jobs: [...reads.map((status) => job(status)), job('Success', 'APPLY'), job('Success'), job('Success')],
      urls: {
        api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        apiDocs: expect.stringMatching(/\/api\/docs$/),
        temporalUi: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      },
    });
    expect(report).toMatchObject({
      jobs: [
        { statistics: expect.arrayContaining([expect.objectContaining({ entity: 'user', created: 60 })]) },
        {},
        {},
        {},
        {},
        {},
        // People of the source are missing: all deletions are held, those of one department are approved and applied.
        { statistics: expect.arrayContaining([expect.objectContaining({ entity: 'user', held: 18, deleted: 0 })]) },
        {},
        {},
        {},
      ],
    });
  }, 120_000);

  it('refuses a number of people that is none', async () => {
    const { code, stdout, stderr } = await demo(['--people', 'many', '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('It must be a whole number from 20 to 100000.');
    expect(stdout).toBe('');
  });
});

/** Runs the compiled command to its end. */
function demo(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  if (!existsSync(MAIN)) throw new Error('dist/cli/main.js is missing; run "npm run build" first');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
