import { readFile } from 'node:fs/promises';
import { strFromU8, unzipSync } from 'fflate';
import request from 'supertest';
import type { Response } from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../api/auth/password.js';
import { SqlPool } from '../../state/database.js';
import { fingerprint } from '../support/table-fingerprints.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

const CANARY = 'canary-4711';
const RANDOM_PASSWORD = {
  function: 'randomPassword',
  passwordLength: 12,
  minimumNumberOfLowercaseLetters: 1,
  minimumNumberOfUppercaseLetters: 1,
  minimumNumberOfDigits: 1,
  minimumNumberOfSpecialSymbols: 0,
};

let api: TestApi;
let number = 0;
let hr: string;
let crm: string;
/** Names of this test's systems. */
let names: { readonly hr: string; readonly crm: string };

beforeAll(async () => {
  api = await startTestApi({ launcher: new FakeLauncher() });
});
afterAll(() => api.stop());

beforeEach(async () => {
  number += 1;
  names = { hr: `HR ${number}`, crm: `CRM ${number}` };
  hr = await createSource(api, names.hr);
  crm = await createTarget(api, names.crm, [hr]);
});
afterEach(async () => {
  for (const id of [crm, hr]) await api.send('delete', `/api/v1/systems/${id}`);
});

const ID = { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' };

async function transform(system: string, document: object): Promise<void> {
  const saved = await api.send('put', `/api/v1/systems/${system}/transformation`, { transformation: document });
  if (saved.status !== 200) throw new Error(saved.text);
}

const binary = (response: Response): Buffer => {
  if (!Buffer.isBuffer(response.body)) throw new Error(`${response.status}: no file`);
  return response.body;
};

/** Sends a request whose answer is a file. */
function fetchFile(method: 'get' | 'post', path: string, body?: object, token = api.token): Promise<Response> {
  const call = request(api.running.url)[method](path).set('Authorization', `Bearer ${token}`).responseType('blob');
  return Promise.resolve(body === undefined ? call : call.send(body));
}

const path = (rest = ''): string => `/api/v1/systems/${hr}/validations${rest}`;

async function validate(files: { users?: string; groups?: string }): Promise<Record<string, string>> {
  const response = await fetchFile('post', path(), files);
  if (response.status !== 200) throw new Error(binary(response).toString());
  return unzip(binary(response));
}

function unzip(zip: Buffer): Record<string, string> {
  return Object.fromEntries(Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

async function mistakes(files: object): Promise<string[]> {
  const { status, body } = await api.send('post', path(), files);
  expect(status).toBe(400);
  return body.errors.map(({ pointer, message }: { pointer: string; message: string }) => `${pointer}: ${message}`);
}

describe('validating transformations with CSV files', () => {
  it('JOB-10, VAL-6, VAL-7, VAL-8, VAL-9: the example of docs/transformations.md', async () => {
    const text = await readFile(new URL('../../docs/transformations.md', import.meta.url), 'utf8');
    const block = (name: string): string => {
      const found = new RegExp(`<!-- validate: ${name} -->\n\`\`\`\\w+\n([^]*?)^\`\`\``, 'm').exec(text)?.[1];
      if (found === undefined) throw new Error(`docs/transformations.md has no block ${name}`);
      return found;
    };
    await transform(hr, JSON.parse(block('read')));
    await transform(crm, JSON.parse(block('write')));
    const files = await validate({ users: block('users') });
    expect(files).toEqual({
      [`${names.crm}_users.csv`]: block('result').replaceAll('\n', '\r\n'),
      'trace.log': block('trace').replaceAll('system HR', `system ${names.hr}`),
    });
  });

  it('VAL-1, VAL-2, VAL-5: headers are paths of the source; quotes tell an empty text from an absent attribute', async () => {
    const copy = ['a', 'b', 'c', 'name', 'list'].map((name) => ({
      sourcePath: `$.${name}`,
      preserveArrayWithSingleElement: true,
      targetPath: `$.${name}`,
      optional: true,
    }));
    const urn = { sourcePath: "$['urn:x:y']['grade']", targetPath: "$['urn:x:y']['grade']", optional: true };
    for (const [system, mappings] of [
      [hr, [ID, ...copy, urn]],
      [crm, [...copy, urn]],
    ] as const)
      await transform(system, { user: { mappings } });
    const head = "id,a,b,c,name.familyName,list[3].value,list[1].value,['urn:x:y']['grade']";
    const row = '1,"",true,"true","Re, ""x""\nsecond",third,first,7';
    const { [`${names.crm}_users.csv`]: csv, ...others } = await validate({ users: `\uFEFF${head}\r\n${row}\r\n` });
    expect(others).toEqual({});
    expect(csv).toBe(
      "source row,a,b,c,name.familyName,list[0].value,list[1].value,['urn:x:y'].grade\r\n" +
        '2,"",true,"true","Re, ""x""\nsecond",first,third,7\r\n',
    );
  });

  it('VAL-3: rows with another number of fields, and headers that name nothing, are refused all together; nothing is kept', async () => {
    expect(await mistakes({ users: 'L,M,N\nP,Q,\nP,Q\n1,2,3,4\n', groups: 'a,a,x[0],x.y,b[*],,__proto__\n' })).toEqual([
      '/users: row 3 has 2 fields, but there are 3 headers',
      '/users: row 4 has 4 fields, but there are 3 headers',
      '/groups: column 2: the header "a": another header gives the same attribute',
      expect.stringMatching(/^\/groups: column 4: the header "x\.y": another header has a value/),
      expect.stringMatching(/^\/groups: column 5: the header "b\[\*\]": a header names one attribute/),
      '/groups: column 6: the header "": the path is empty',
      expect.stringMatching(/^\/groups: column 7: the header "__proto__": an attribute must not be called/),
    ]);
    expect(await mistakes({ users: 'a\n"b' })).toEqual([expect.stringContaining('/users: is no CSV of RFC 4180')]);
    expect(await mistakes({})).toEqual([': give a file of users, of groups, or both']);
    expect((await api.send('get', path())).body.items).toEqual([]);
  });

  it('VAL-4, LIM-3: ten users and ten groups are tested, the rest is ignored with a note', async () => {
    for (const [system, mappings] of [
      [hr, [ID, { sourcePath: '$.id', targetPath: '$.key' }]],
      [crm, [{ sourcePath: '$.key', targetPath: '$.key' }]],
    ] as const)
      await transform(system, { user: { mappings }, group: { mappings } });
    const rows = (count: number): string => ['id', ...Array.from({ length: count }, (_, n) => `k${n}`)].join('\n');
    const files = await validate({ users: rows(13), groups: rows(10) });
    for (const type of ['users', 'groups'])
      expect(files[`${names.crm}_${type}.csv`]?.trim().split('\r\n').slice(1)).toEqual(
        Array.from({ length: 10 }, (_, n) => `${n + 2},k${n}`),
      );
    expect(files['trace.log']).toBe('note: 3 rows of the users are ignored, the first 10 are tested\n');
  });

  it('VAL-7: one file for each type and enabled target; a disabled target and one of another source have none', async () => {
    const others = [await createTarget(api, `B.X ${number}`, [hr]), await createTarget(api, `Off ${number}`, [hr])];
    const elsewhere = await createSource(api, `Other ${number}`);
    others.push(await createTarget(api, `Foreign ${number}`, [elsewhere]), elsewhere);
    await api.send('post', `/api/v1/systems/${others[1]}/disable`);
    const files = await validate({ users: 'id\n1\n', groups: 'id\n1\n' });
    expect(Object.keys(files).sort()).toEqual(
      ['users', 'groups']
        .flatMap((type) => [`B.X ${number}_${type}.csv`, `${names.crm}_${type}.csv`])
        .concat('trace.log')
        .sort(),
    );
    for (const id of [...others, crm]) await api.send('post', `/api/v1/systems/${id}/disable`);
    const refused = await api.send('post', path(), { users: 'id\n1\n' });
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:muster:problem:no-enabled-target']);
    for (const id of others) await api.send('delete', `/api/v1/systems/${id}`);
  });

  it('VAL-9, SKP-9: says who is skipped by a target, by skipOperations, or not processed at all; PHL-2: and what the compiler warns of', async () => {
    await transform(hr, { user: { mappings: [ID, { sourcePath: '$.n', targetPath: '$.n', optional: true }] } });
    await transform(crm, {
      user: {
        condition: '$.n == "1"',
        mappings: [{ constant: '%missing%', targetPath: '$.m', scope: 'createEntity' }],
      },
    });
    const lines = (await validate({ users: 'id,n\n7,2\n8,1\n', groups: 'id\n1\n' }))['trace.log']?.trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^warning, system ${names.crm}: /user/mappings/0/constant: .*missing`)),
      expect.stringMatching(
        new RegExp(`^group, row 2, id -, system ${names.hr}: skipped: The read transformation does not process`),
      ),
      `user, row 2, id 7, system ${names.crm}: skipped: Entity condition [$.n == "1"] is not fulfilled`,
    ]);
    await transform(crm, {
      user: { skipOperations: ['create'], mappings: [{ sourcePath: '$.n', targetPath: '$.n' }] },
    });
    expect((await validate({ users: 'id,n\n"7\n8",1\n' }))['trace.log']).toBe(
      `user, row 2, id 7 8, system ${names.crm}: skipped: Operation [create] is skipped in target transformation\n`,
    );
  });

  it('VAL-11: existing links resolve ids, others stay and are noted; credentials, passwords and secrets are masked', async () => {
    await api.send('put', `/api/v1/systems/${crm}/properties`, {
      properties: { URL: 'https://x.example' },
      credentials: { Password: CANARY },
    });
    await transform(hr, {
      user: {
        mappings: [
          ID,
          { sourcePath: '$.boss', targetPath: '$.boss' },
          { sourcePath: '$.pin', targetPath: '$.password' },
        ],
      },
    });
    await transform(crm, {
      user: {
        mappings: [
          {
            sourcePath: '$.boss',
            targetPath: '$.boss',
            functions: [{ function: 'resolveEntityIds', entityType: 'user' }],
          },
          { sourcePath: '$.password', targetPath: '$.password' },
          { constant: 'x%Password%', targetPath: '$.initial', scope: 'createEntity' },
          {
            constant: '',
            targetPath: '$.pin',
            scope: 'createEntity',
            functions: [RANDOM_PASSWORD],
          },
        ],
      },
    });
    const [source] = await api.sql('select no from system where id = $1', [hr]);
    const [target] = await api.sql('select no from system where id = $1', [crm]);
    await api.sql(
      `with e as (insert into entity (source_id, type, source_key, presence, read_seq) values ($1, 1, 'b-1', 1, 1) returning entity_no)
       insert into link (target_id, entity_no, type, state, target_key) select $2, entity_no, 1, 1, 'T-77' from e`,
      [Object(source).no, Object(target).no],
    );
    const files = await validate({ users: `id,boss,pin\n1,b-1,${CANARY}\n2,b-2,${CANARY}\n` });
    expect(files[`${names.crm}_users.csv`]?.split('\r\n').slice(0, 3)).toEqual([
      'source row,boss,password,initial,pin',
      '2,T-77,••••••••,••••••••,••••••••',
      '3,b-2,••••••••,••••••••,••••••••',
    ]);
    expect(files['trace.log']).toContain(
      `user, row 3, id 2, system ${names.crm}: note: user b-2 is not linked, its id of the source is kept\n`,
    );
    expect(JSON.stringify(files)).not.toContain(CANARY);
  });

  it('VAL-10, VAL-12, JOB-10: the ZIP is kept sealed for 24 hours, for the administrator who ran it and nobody else', async () => {
    const answer = await fetchFile('post', path(), { users: `id\n${CANARY}\n` });
    expect(answer.headers['content-disposition']).toMatch(
      new RegExp(`^attachment; filename="ips_validate_${names.hr}_\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d-\\d\\d\\.zip"$`),
    );
    const location = String(answer.headers['location']);
    const again = await fetchFile('get', location);
    expect([again.status, again.headers['content-disposition']]).toEqual([200, answer.headers['content-disposition']]);
    expect(binary(again).equals(binary(answer))).toBe(true);
    const { items } = (await api.send('get', path())).body;
    expect(items).toEqual([expect.objectContaining({ id: location.split('/').at(-1) })]);
    expect(Date.parse(items[0].expiresAt) - Date.parse(items[0].createdAt)).toBe(24 * 3_600_000);
    const [stored] = await api.sql('select content from validation');
    expect(Buffer.from(Object(stored).content).includes('PK')).toBe(false);

    await api.sql('insert into admin_user (name, password_hash) values ($1, $2)', [
      'second',
      await hashPassword('pw-of-second'),
    ]);
    const { body } = await request(api.running.url)
      .post('/api/v1/auth/tokens')
      .send({ user: 'second', password: 'pw-of-second' });
    expect((await fetchFile('get', location, undefined, body.token)).status).toBe(404);
    const theirs = await request(api.running.url).get(path()).set('Authorization', `Bearer ${body.token}`);
    expect(theirs.body.items).toEqual([]);

    await api.sql("update validation set created_at = now() - interval '24 hours 1 second'");
    expect((await fetchFile('get', location)).status).toBe(404);
    expect((await api.send('get', path())).body.items).toEqual([]);
    await validate({ users: 'id\n1\n' });
    expect(await api.sql('select 1 from validation')).toHaveLength(1);
    await api.send('delete', `/api/v1/systems/${hr}`);
    expect(await api.sql('select 1 from validation')).toHaveLength(0);
  });

  it('JOB-14, LOG-1: runs while a Read runs and another job is queued; it is in no job log, and nothing else is changed', async () => {
    const jobs = `/api/v1/systems/${hr}/jobs`;
    expect((await api.send('post', jobs, { type: 'READ' })).status).toBe(201);
    expect((await api.send('post', jobs, { type: 'RESYNC' })).status).toBe(202);
    const pool = new SqlPool(api.database.url, { maxConnections: 1 });
    const { validation: _none, ...before } = await fingerprint(pool);
    expect(Object.keys(await validate({ users: 'id\n1\n' }))).toContain(`${names.crm}_users.csv`);
    const { validation: kept, ...after } = await fingerprint(pool);
    await pool.close();
    expect(kept).toMatch(/^1 /);
    expect(after).toEqual(before);
    const { items } = (await api.send('get', `/api/v1/jobs?system=${hr}`)).body;
    expect(items.map((job: { type: string }) => job.type).sort()).toEqual(['READ', 'RESYNC']);
    await api.sql("update run set state = 'finished', status = 'Success'");
  });
});
