import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { printJob } from '../../cli/plan/print-job.js';
import { childEnvironment } from '../../runtime/config.js';

/** Each command is a process of its own. */
const LIMIT_MS = 60_000;

const JOB = {
  id: 'j1',
  status: 'Finished with Error',
  planId: null,
  errorMessage: null,
  outcome: ['Cloud, user: Deletion executed: 3'],
  endedTargets: [],
  failedEntities: [],
};
const ROW = { systemName: 'HR', entity: 'user', action: 'Read' };
const COUNTS = { read: 60, created: 0, updated: 0, deleted: 0, skipped: 0, failed: 0, held: 0 };

/** What a command of the built product prints and how it ends. */
function muster(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const options = { env: childEnvironment(env) };
    execFile(process.execPath, ['dist/cli/main.js', ...args], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), text: (stdout + stderr).trim() });
    });
  });
}

describe('muster run', () => {
  it('says what was counted, which target was left out and why, and who failed', () => {
    const text = printJob(
      {
        ...JOB,
        endedTargets: [{ systemName: 'Wiki', reason: 'connection refused; check host and port' }],
        failedEntities: [{ entity: 'user', sourceKey: 'p7', systemName: 'Cloud', message: 'statusCode: 400' }],
      },
      { items: [{ ...ROW, ...COUNTS }] },
    );
    const lines = text.split('\n');
    expect(lines[0]).toBe('Job j1: Finished with Error');
    expect(text).toMatch(/HR +│ user +│ 60 /);
    expect(lines.slice(-3)).toEqual([
      'Cloud, user: Deletion executed: 3',
      'Wiki was left out: connection refused; check host and port',
      'Failed in Cloud: user p7: statusCode: 400',
    ]);
  });

  it('names the command that shows what is held', () => {
    const text = printJob({ ...JOB, status: 'Success', planId: 'p1' }, { items: [] });
    expect(text.split('\n').at(-1)).toBe('To be decided: muster show p1');
  });

  it.each([
    [404, '<!DOCTYPE html><p>Cannot GET'],
    [200, '<html>sign in</html>'],
    [404, '{"message":"Not Found"}'],
  ])(
    'a server that is not Muster and answers %s %s is told in one line',
    async (status, page) => {
      const server = createServer((_request, response) => response.writeHead(status).end(page));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
      const { code, text } = await muster(['run', 'HR', '--url', url, '--token', 'x']);
      server.close();
      expect(code).toBe(1);
      expect(text).toBe(
        `${url} does not answer as Muster does (HTTP ${String(status)}); give the address of the API, such as http://127.0.0.1:8080, as --url or MUSTER_URL`,
      );
    },
    LIMIT_MS,
  );
});

describe('what surroundings refuse is told without a stack', () => {
  it(
    'a database that does not answer, and a state folder that is a file',
    async () => {
      const database = await muster(['migrate'], { DATABASE_URL: 'postgres://muster:secret@127.0.0.1:1/muster' });
      expect(database).toEqual({
        code: 1,
        text: 'A server cannot be reached: connect ECONNREFUSED 127.0.0.1:1; check DATABASE_URL and TEMPORAL_ADDRESS',
      });
      const file = join(await mkdtemp(join(tmpdir(), 'muster-home-')), 'file');
      await writeFile(file, '');
      const folder = await muster(['up', '--home', file]);
      expect(folder.code).toBe(1);
      expect(folder.text).toBe(`ENOTDIR: not a directory, mkdir '${join(file, 'logs')}'`);
    },
    LIMIT_MS,
  );

  it('knows its version', async () => expect((await muster(['--version'])).text).toMatch(/^\d+\.\d+\.\d+$/), LIMIT_MS);
});
