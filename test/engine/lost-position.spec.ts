import { afterEach, describe, expect, it } from '@jest/globals';
import { person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = Array.from({ length: 12 }, (_, n) => `P${n}`);

describe('a source that forgets where a read was', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function start(): Promise<void> {
    world = await World.start({ source: { dialect: 'cursor', users: PEOPLE.map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    await world.engine.setProperties(world.hr, {
      URL: world.source.url,
      Authentication: 'NoAuthentication',
      'scim.page.size': '5',
      'scim.paging.method': 'cursor',
      'ips.failed.request.retry.attempts': '0',
    });
  }

  const expiring = (times?: number): void => {
    world.source.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'expiredCursor' },
      match: { operations: ['list'], type: 'User' },
      skip: 1,
      ...(times === undefined ? {} : { times }),
    });
  };

  it('CONN-SCIM-24: the read begins again, and everybody is there once', async () => {
    await start();
    expiring(1);
    const { job, statistics } = await world.engine.runJob(world.hr, 'read');
    expect(job.status).toBe('Success');
    expect(summary(statistics)['Cloud user']).toBe('created 12');
    expect(userNames(cloud.simulator)).toHaveLength(12);
  });

  it('CONN-SCIM-24, DEL-1: one that forgets again and again fails the job, and nobody is deleted', async () => {
    await start();
    await world.engine.runJob(world.hr, 'read');
    expiring();
    const { job } = await world.engine.runJob(world.hr, 'read');
    expect(job.status).not.toBe('Success');
    expect(userNames(cloud.simulator)).toHaveLength(12);
  });
});
