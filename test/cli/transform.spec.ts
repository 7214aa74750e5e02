import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runTransform } from '../../cli/transform/run-transform.js';
import type { TransformOptions } from '../../cli/transform/run-transform.js';

const CANARY = 'canary-31fe';
const READ = {
  user: {
    condition: "$.state == 'A' && $.uid > 0",
    mappings: [
      { sourcePath: '$.uid', targetVariable: 'entityIdSourceSystem' },
      { sourcePath: '$.login', targetPath: '$.userName', functions: [{ function: 'toUpperCaseString' }] },
      { sourcePath: '$.tel', targetPath: '$.tel', defaultValue: 'none' },
    ],
  },
};
const WRITE = {
  user: {
    mappings: [
      { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' },
      { sourcePath: '$.userName', targetPath: '$.account.name' },
      { constant: '%app.origin%', targetPath: '$.account.origin', scope: 'createEntity' },
      { constant: '%initial.password%', targetPath: '$.account.first', scope: 'createEntity' },
      { constant: false, targetPath: '$.active', scope: 'deleteEntity' },
    ],
  },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function run(options: Partial<TransformOptions>): { code: number; result: string; said: string } {
  const printed: string[] = [];
  const said: string[] = [];
  const code = runTransform(
    { type: 'user', property: [], credential: [], input: file('none.json', {}), ...options },
    { result: (text) => printed.push(text), say: (text) => said.push(text) },
  );
  return { code, result: printed.join('\n'), said: said.join('\n') };
}

const both = () => ({ read: file('read.json', READ), write: file('write.json', WRITE) });
const property = ['app.origin=imp=orted', `initial.password=${CANARY}`];

describe('muster transform', () => {
  it('TRF-2, SCP-1, PHL-1: prints common JSON and what create, update and delete would send', () => {
    const input = file('input.json', [{ uid: 7, login: 'ada', state: 'A' }]);
    const { code, result } = run({ ...both(), input, property, targetId: 't-1' });
    expect(code).toBe(0);
    expect(JSON.parse(result)).toEqual([
      {
        sourceId: '7',
        read: { outcome: 'mapped', result: { userName: 'ADA', tel: 'none' } },
        create: {
          outcome: 'mapped',
          result: { account: { name: 'ADA', origin: 'imp=orted', first: '••••••••' } },
        },
        update: { outcome: 'mapped', result: { id: 't-1', account: { name: 'ADA' } } },
        delete: { outcome: 'mapped', result: { active: false } },
      },
    ]);
    expect(result.split('\n').length).toBeGreaterThan(10);
  });

  it('TRF-4: one transformation alone, one entity without a list, another type', () => {
    const group = { mappings: [{ sourcePath: '$.displayName', targetPath: '$.cn' }] };
    const { code, result } = run({
      write: file('group.json', { group }),
      input: file('entity.json', '\uFEFF{ "displayName": "Staff" }'),
      type: 'group',
    });
    expect(code).toBe(0);
    expect(JSON.parse(result)).toEqual([
      {
        create: { outcome: 'mapped', result: { cn: 'Staff' } },
        update: { outcome: 'mapped', result: { cn: 'Staff' } },
      },
    ]);
  });

  it('ERR-1: exit code 2 when an entity failed, and the others are printed all the same; skipped is no failure', () => {
    const input = [
      { uid: 1, state: 'A' },
      { uid: 2, login: 'b', state: 'A' },
      { uid: 3, state: 'B' },
    ];
    const { code, result } = run({ ...both(), input: file('input.json', input), property });
    expect(code).toBe(2);
    const outcomes = JSON.parse(result).map((entity: { read: { outcome: string } }) => entity.read.outcome);
    expect(outcomes).toEqual(['failed', 'mapped', 'skipped']);
    expect(run({ ...both(), input: file('skipped.json', input.slice(2)), property }).code).toBe(0);
  });

  it('ERR-3: exit code 1 with every mistake of both files: place, text and remedy', () => {
    const read = file('bad-read.json', { user: { mappings: [{ sourcePath: '$.[', targetPath: '$.a' }] } });
    const write = file('bad-write.json', {
      user: { mappings: [{ constant: 1, targetPath: '$.a', functions: [{ function: 'toUperCaseString' }] }] },
    });
    const { code, said, result } = run({ read, write });
    expect([code, result]).toEqual([1, '']);
    expect(said).toContain(`${read}: error at /user/mappings/0/sourcePath\n`);
    expect(said).toContain('it says: $.[');
    expect(said).toContain(`${read}: error at /user/mappings\n`);
    expect(said).toMatch(/bad-write.json: error at .user.mappings.0.functions.0.function\n.*toUpperCaseString/);
  });

  it('ERR-3: warnings are told and stop nothing', () => {
    const { code, said } = run({
      write: file('w.json', { user: { mappings: [{ constant: '%x%', targetPath: '$.a' }] } }),
    });
    expect(code).toBe(0);
    expect(said).toContain('warning at /user/mappings/0/constant');
  });

  it('CND-2, EXP-14, FNC-1: --explain shows conditions, values, functions and where attributes come from', () => {
    const input = [
      { uid: 7, login: 'ada', state: 'A' },
      { uid: 8, state: 'B' },
    ];
    const { said } = run({ ...both(), input: file('input.json', input), property, explain: true });
    const lines = said.split('\n');
    expect(lines[0]).toBe('user 7');
    for (const line of [
      '├─ read: mapped',
      "│  ├─ if $.state == 'A' && $.uid > 0: true",
      "│  │  ├─ $.state == 'A': true",
      '│  ├─ /user/mappings/0  written  $.uid = 7  → ${entityIdSourceSystem}',
      '│  ├─ /user/mappings/1  written  $.login = "ada"  toUpperCaseString: "ADA"  → $.userName',
      '│  ├─ /user/mappings/2  written  $.tel  default: "none"  → $.tel',
      '│     ├─ /userName  from /user/mappings/1',
      '│  ├─ /user/mappings/4  not for this operation',
      "└─ read: skipped: Entity condition [$.state == 'A' && $.uid > 0] is not fulfilled",
      '      └─ $.uid > 0: true',
    ])
      expect(lines).toContain(line);
  });

  it('PHL-5, TRC-7: values of credentials are printed nowhere, by whatever option they come', () => {
    const write = file('w.json', {
      user: {
        mappings: [
          { constant: 'x %initial.password% %Password% %own%', targetPath: '$.a' },
          { sourcePath: '$.password', targetPath: '$.b' },
        ],
      },
    });
    const { result, said, code } = run({
      write,
      input: file('input.json', { password: `${CANARY}-entity` }),
      property: [...property, `Password=${CANARY}`],
      credential: ['own'],
      explain: true,
    });
    expect(code).toBe(0);
    expect(JSON.parse(result)[0].create.result).toEqual({ a: '••••••••', b: '••••••••' });
    expect(result + said).not.toContain(CANARY);
  });

  it.each<[string, () => Partial<TransformOptions>, RegExp]>([
    ['neither --read nor --write', () => ({}), /--read, --write, or both/],
    ['a file that is not there', () => ({ read: join(folder, 'gone.json') }), /gone\.json: cannot be read/],
    ['a file that is no JSON', () => ({ read: file('x.json', '{"a": ') }), /x\.json: is no valid JSON/],
    ['a transformation that is no object', () => ({ read: file('x.json', []) }), /a JSON object is needed/],
    ['an entity that is none', () => ({ ...both(), input: file('i.json', [{}, 5]) }), /element 1 is none/],
    ['an unknown type', () => ({ ...both(), type: 'usr' }), /--type usr: known are user/],
    ['a property without value', () => ({ ...both(), property: ['x'] }), /--property x: write it as name=value/],
  ])('exit code 1 and a sentence for %s', (_what, options, sentence) => {
    const { code, said } = run(options());
    expect(code).toBe(1);
    expect(said).toMatch(sentence);
  });

  it('works as a command', () => {
    const main = 'dist/cli/main.js';
    if (!existsSync(main)) throw new Error('The compiled product is missing: run npm run build first.');
    const { read, write } = both();
    const input = file('input.json', { uid: 1, state: 'A' });
    const ended = spawnSync(
      process.execPath,
      [
        main,
        'transform',
        '--read',
        read,
        '--write',
        write,
        '--input',
        input,
        '--property',
        'app.origin=a',
        '--explain',
      ],
      { encoding: 'utf8' },
    );
    expect(ended.status).toBe(2);
    expect(JSON.parse(ended.stdout)[0].read.reason).toBe('Attribute at path $.login is mandatory but missing');
    expect(ended.stderr).toContain('FAILED');
  });
});
