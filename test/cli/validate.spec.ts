import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../api/support/api-server.js';
import type { TestApi } from '../api/support/api-server.js';
import { createSource, createTarget } from '../api/support/fixtures.js';
import { runAgainst } from './support/against-api.js';

describe('muster validate', () => {
  let api: TestApi;
  let folder: string;
  beforeAll(async () => {
    api = await startTestApi();
    folder = await mkdtemp(join(tmpdir(), 'muster-validate-'));
    await createTarget(api, 'CRM', [await createSource(api, 'HR')]);
  });
  afterAll(async () => {
    await api?.stop();
    await rm(folder, { recursive: true });
  });

  it('JOB-10, VAL-7, VAL-12: sends the files, writes the ZIP and says where it is', async () => {
    const users = join(folder, 'users.csv');
    const output = join(folder, 'result.zip');
    await writeFile(users, 'id,userName\n1,Zoë\n');
    expect(await runAgainst(api, 'validate', 'HR', '--users', users, '--output', output)).toBe(`${output}\n`);
    const files = unzipSync(await readFile(output));
    expect(strFromU8(files['CRM_users.csv'] ?? new Uint8Array())).toContain('Zoë');
  }, 60_000);

  it('VAL-1, VAL-3: what cannot be read is told, and no file is written', async () => {
    const latin = join(folder, 'latin.csv');
    const odd = join(folder, 'odd.csv');
    await writeFile(latin, Buffer.from('id,userName\n1,Zo\xeb\n', 'latin1'));
    await writeFile(odd, 'L,M,N\nP,Q\n');
    const output = join(folder, 'none.zip');
    const [encoding, fields, missing, neither] = await Promise.all([
      runAgainst(api, 'validate', 'HR', '--users', latin, '--output', output),
      runAgainst(api, 'validate', 'HR', '--groups', odd, '--output', output),
      runAgainst(api, 'validate', 'HR', '--users', join(folder, 'nothing.csv'), '--output', output),
      runAgainst(api, 'validate', 'HR', '--output', output),
    ]);
    expect(encoding).toBe(`${latin}: is not UTF-8; save it as "CSV UTF-8"\n`);
    expect(fields).toBe('/groups: row 2 has 2 fields, but there are 3 headers\n');
    expect(missing).toContain('nothing.csv: cannot be read');
    expect(neither).toContain('give a file of users, of groups, or both');
    await expect(readFile(output)).rejects.toThrow('ENOENT');
  }, 60_000);
});
