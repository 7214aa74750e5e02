import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import type { EngineProcess } from '../support/engine.js';
import { person, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = Array.from({ length: 12 }, (_, n) => `P${n}`);
const LIMIT_MS = 400;
/** The largest wait that a server is granted, with the random part (CONN-CORE-72). */
const LONGEST_PAUSE_MS = 601_000;

/*
 * A source that has delivered everybody goes wrong in one way after the other. Whatever it does, nobody is deleted from the target, and
 * when it is well again everything goes on.
 */
describe('hostile SCIM sources', () => {
  let world: World;
  let cloud: WorldTarget;
  let process: EngineProcess;

  beforeAll(async () => {
    world = await World.start({ source: { users: PEOPLE.map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    await world.engine.setProperties(world.hr, {
      URL: world.source.url,
      Authentication: 'NoAuthentication',
      'scim.page.size': '5',
      'scim.discovery': 'off',
      'ips.failed.request.retry.attempts': '0',
      'ips.failed.request.retry.attempts.interval': '1',
    });
    process = world.engine.newProcess({
      decorateFactory: (factory) => ({
        ...factory,
        open: (context) => factory.open({ ...context, limits: { requestTimeoutMs: LIMIT_MS } }),
      }),
    });
    expect((await job()).status).toBe('Success');
    expect(userNames(cloud.simulator)).toHaveLength(PEOPLE.length);
  });
  afterAll(async () => {
    await process.activities.close();
    await world.stop();
  });

  async function job() {
    const run = await world.engine.request(world.hr);
    await world.engine.workThrough(run.runKey, process);
    return (await world.engine.finished(run.jobId)).job;
  }

  async function nobodyIsGone(): Promise<void> {
    expect(userNames(cloud.simulator)).toHaveLength(PEOPLE.length);
    expect(cloud.simulator.journal.writesSince(0).filter(({ operation }) => operation === 'delete')).toEqual([]);
  }

  const onSecondPage = { operations: ['list'], minStartIndex: 2 } as const;
  const onAnyPage = { operations: ['list'] } as const;
  const faults: readonly (readonly [string, FaultEffect, object?])[] = [
    ['hangs', { kind: 'hang' }],
    ['hangs on the second page', { kind: 'hang' }, onSecondPage],
    ['resets the connection', { kind: 'drop' }],
    ['resets the connection on the second page', { kind: 'drop' }, onSecondPage],
    ['truncates its answer', { kind: 'truncatedJson' }],
    ['truncates the second page', { kind: 'truncatedJson' }, onSecondPage],
    ['sends a gigabyte', { kind: 'hugeBody', bytes: 1_000_000_000 }],
    ['repeats the same person in a page', { kind: 'duplicateId' }],
    ['gives the page before once more', { kind: 'repeatPage' }, onSecondPage],
    ['says that there are fewer people', { kind: 'wrongTotal', total: 5 }],
    ['says that there is nobody', { kind: 'wrongTotal', total: 0 }],
    ['says that there are more people', { kind: 'wrongTotal', total: 1_000 }],
    ['says fewer from the second page on', { kind: 'shrinkTotal', by: 5 }, onSecondPage],
    ['gives an empty page', { kind: 'emptyPage' }, onSecondPage],
    ['gives empty pages only', { kind: 'emptyPage' }],
    ['gives fewer than it promises', { kind: 'shortPage', entities: 1 }],
    ['gives somebody without an id', { kind: 'missingId' }],
    ['answers with HTML and 200', { kind: 'html' }],
    ['answers the second page with HTML and 200', { kind: 'html' }, onSecondPage],
    ['answers 404 for its list', { kind: 'status', status: 404 }],
    ['refuses the credentials', { kind: 'status', status: 401 }],
  ];
  it.each(faults)('DEL-1, DEL-23: a source that %s: nobody is deleted', async (_, effect, match = onAnyPage) => {
    const struck = world.source.faults.hits(effect.kind);
    world.source.faults.arm({ effect, match });
    await job();
    expect(world.source.faults.hits(effect.kind)).toBeGreaterThan(struck);
    await nobodyIsGone();
    world.source.faults.clear();
    expect((await job()).status).toBe('Success');
    await nobodyIsGone();
  });

  it.each(['999999999999', '1e400', '-1', 'Fri, 31 Dec 9999 23:59:59 GMT', 'tomorrow'])(
    'CONN-CORE-72: 429 with Retry-After %s: the read waits ten minutes at most, and nobody is deleted',
    async (retryAfter) => {
      world.source.faults.arm({ effect: { kind: 'status', status: 429, retryAfter }, match: onAnyPage });
      const run = await world.engine.request(world.hr);
      await process.activities.openRun({ runKey: run.runKey });
      const stop = setTimeout(() => world.source.faults.clear(), 1_500);
      const { pauseMs = 0 } = await process.activities.intakeChunk({ runKey: run.runKey, type: 'user' });
      clearTimeout(stop);
      expect(pauseMs).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
      world.source.faults.clear();
      await world.engine.workThrough(run.runKey, process);
      expect((await world.engine.finished(run.jobId)).job.status).toBe('Success');
      await nobodyIsGone();
    },
  );
});
