import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import { endedTargets } from '../../state/runs/target-end.js';
import { TestEngine } from '../support/engine.js';
import { person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const NO_RETRIES = { 'ips.failed.request.retry.attempts': '0' };

/** How a back end shows each kind that it can show with one answer. */
const FAULTS: Readonly<Record<string, FaultEffect>> = {
  throttled: { kind: 'status', status: 429, retryAfter: 1 },
  timeout: { kind: 'status', status: 408 },
  transient: { kind: 'drop' },
  badGateway: { kind: 'status', status: 502 },
  auth: { kind: 'status', status: 401 },
  forbidden: { kind: 'status', status: 403 },
  conflict: { kind: 'status', status: 409, scimType: 'uniqueness' },
  notFound: { kind: 'status', status: 404 },
  precondition: { kind: 'status', status: 412 },
  invalid: { kind: 'status', status: 400, scimType: 'invalidValue' },
  ambiguous: { kind: 'status', status: 400, scimType: 'tooMany' },
  unsupported: { kind: 'status', status: 405 },
  tooLarge: { kind: 'status', status: 413 },
  protocol: { kind: 'html' },
  fatal: { kind: 'status', status: 415 },
};

/** What no single answer shows: a stop (`stop.spec.ts`), a mark that is worth nothing any more (`read-modes.spec.ts`). */
const SHOWN_ELSEWHERE = ['cancelled', 'deltaLost'];

interface Row {
  readonly kinds: readonly string[];
  readonly reading: string;
  readonly writing: string;
  readonly advice: string;
}

/** The table of kinds, as administrators read it. */
function readTable(): Row[] {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| Kind \|.*\n\|[-|]+\|\n((?:\|.*\n)+)/.exec(page) ?? [];
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, kinds = '', reading = '', writing = '', , advice = '']) => ({
      kinds: [...kinds.matchAll(/`(\w+)`/g)].map(([, kind = '']) => kind),
      reading,
      writing,
      advice,
    }));
}

const ROWS = readTable();
const each = (column: 'reading' | 'writing'): [string, string][] =>
  ROWS.flatMap((row) => row.kinds.map((kind): [string, string] => [kind, row[column]])).filter(
    ([kind, text]) => kind in FAULTS && text !== '–',
  );

function removeAccount({ simulator: { store } }: WorldTarget, id: string): void {
  const account = store.snapshot().users.find((user) => user['userName'] === `${id}@example.com`);
  store.remove('User', String(account?.['id']));
}

/** Every text of the table of results, in the pieces between what differs from case to case or is said by somebody else. */
function resultTexts(): string[][] {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| Result of the entity \|.*\n\|[-|]+\|\n((?:\|.*\n)+)/.exec(page) ?? [];
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, text = '']) =>
    text
      .split(/…|: |"|\b(?:un)?assignGroup\b/)
      .map((piece) => piece.trim())
      .filter((piece) => /[a-z]{3}/.test(piece)),
  );
}

/** Everything that may say something of an entity. */
function sources(): string {
  const folders = ['../../activities/', '../../core/transform/', '../../connectors/http/'];
  return folders
    .flatMap((folder) =>
      readdirSync(new URL(folder, import.meta.url), { recursive: true, encoding: 'utf8' }).map((name) => folder + name),
    )
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
    .join('\n');
}

describe('docs/errors.md: the results of entities', () => {
  it('RTY-1: each text is one that is said, word for word', () => {
    const said = sources();
    const pieces = resultTexts().flat();
    expect(pieces.length).toBeGreaterThan(8);
    expect(pieces.filter((piece) => !said.includes(piece))).toEqual([]);
  });
});

describe('docs/errors.md: the kinds of errors', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { throttleBudgetMs: 300 } });
  });
  afterAll(() => engine.stop());

  it('tells of each kind what is done and what to do', () => {
    const told = ROWS.flatMap((row) => row.kinds);
    expect([...told].sort()).toEqual([...Object.keys(FAULTS), ...SHOWN_ELSEWHERE].sort());
    expect(ROWS.filter((row) => row.advice === '')).toEqual([]);
  });

  it('ORD-8, DEL-1: met while reading, each kind does what its row says', async () => {
    const cases = each('reading').map(async ([kind, text]) => {
      const world = await World.join(engine, {
        source: { users: [person('P'), person('Q')] },
        hr: { properties: NO_RETRIES },
      });
      const { simulator } = await world.addTarget('Cloud');
      await world.job();
      world.source.store.remove('User', 'Q');
      const effect = FAULTS[kind];
      if (effect === undefined) throw new Error(kind);
      world.source.faults.arm({ effect, match: { operations: ['list'] }, times: kind === 'throttled' ? 1 : 1_000 });
      const { job } = await engine.runJob(world.hr);
      const kept = simulator.store.snapshot().users.length;
      const names = job.errorMessage?.startsWith(world.hr.name) === true;
      await world.stop();
      return [kind, text.includes('the read ends') ? [job.status, names, kept] : [job.status, kept]];
    });
    const expected = each('reading').map(([kind, text]) => [
      kind,
      text.includes('the read ends') ? ['Finished with Error', true, 2] : ['Success', 1],
    ]);
    expect(await Promise.all(cases)).toEqual(expected);
  });

  it('ORD-7, RTY-1: met while writing, each kind does what its row says', async () => {
    const kinds = each('writing');
    const world = await World.join(engine, { source: { users: kinds.map(([kind]) => person(kind)) } });
    const targets = new Map<string, WorldTarget>();
    // What ends a target needs one of its own; everything else is told apart by the entity.
    const ownTarget = (text: string): boolean =>
      /target is left out|gate closes/.test(text) && !text.startsWith('the entity fails');
    const shared = await world.addTarget('Shared', {}, { properties: NO_RETRIES });
    for (const [kind, text] of kinds)
      targets.set(kind, ownTarget(text) ? await world.addTarget(kind, {}, { properties: NO_RETRIES }) : shared);
    await world.job();
    for (const [kind] of kinds) {
      world.source.store.update('User', kind, { title: 'Lead' });
      const key = targets.get(kind) === shared ? { key: `${kind}@example.com` } : {};
      const effect = FAULTS[kind];
      if (effect === undefined) throw new Error(kind);
      // Nothing else says so of an account.
      if (kind === 'notFound') removeAccount(shared, kind);
      else targets.get(kind)?.simulator.faults.arm({ effect, match: { methods: ['PUT'], ...key } });
    }
    const { runKey } = await world.job();
    const ended = await endedTargets(engine.pool, runKey);
    const log = await engine.pool.query<{ targetNo: number; kind: string; result: string; message: string | null }>(
      `select l.target_id as "targetNo", e.source_key as kind, l.result, l.message from entity_log l join entity e on e.entity_no = l.entity_no where l.run_key = $1`,
      [runKey],
    );
    const found = kinds.map(([kind]) => {
      const targetNo = targets.get(kind)?.system.no ?? 0;
      const reason = ended.get(targetNo)?.reason;
      if (reason !== undefined) return [kind, 'target out', reason.length > 10];
      const line = log.findLast((one) => one.targetNo === targetNo && one.kind === kind);
      return [kind, line?.result, (line?.message ?? '').length > 10];
    });
    await world.stop();
    expect(found).toEqual(
      kinds.map(([kind, text]) => {
        if (ownTarget(text)) return [kind, 'target out', true];
        return text.startsWith('update: created again') ? [kind, 'created', false] : [kind, 'failed', true];
      }),
    );
  });
});
