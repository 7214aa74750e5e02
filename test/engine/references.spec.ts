import { afterEach, describe, expect, it } from '@jest/globals';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { listResults } from '../../state/runs/index.js';
import { withUserMappings } from '../support/engine.js';
import { group, person, summary, World, writesSince } from '../support/world.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** The manager as an id of the target. */
const MANAGER = {
  sourcePath: `$['${ENTERPRISE}'].manager.value`,
  targetPath: `$['${ENTERPRISE}'].manager.value`,
  optional: true,
  functions: [{ type: 'resolveEntityIds' }],
};

const reportsTo = (value: string): JsonObject => ({ [ENTERPRISE]: { manager: { value } } });

describe('references between entities', () => {
  let world: World;
  afterEach(() => world.stop());

  async function resultsOf(runKey: string): Promise<string[]> {
    const { results } = await listResults(world.engine.pool, runKey, { limit: 100 });
    return results.flatMap(({ sourceKey, message }) => (message === null ? [] : [`${sourceKey}: ${message}`]));
  }

  it('ORD-5, FNC-37: managers who come later, and each other, are resolved in the same job, whoever else is written once', async () => {
    world = await World.start({
      source: {
        users: [person('A', reportsTo('Z')), person('B', reportsTo('A')), person('C'), person('Z', reportsTo('A'))],
      },
    });
    const { simulator } = await world.addTarget('Cloud', {}, { transformation: withUserMappings([MANAGER]) });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect([job.status, job.outcome]).toEqual(['Success', []]);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 4', 'Cloud user': 'created 4' });
    const { users } = simulator.store.snapshot();
    const idOf = (name: string) => users.find((user) => user['userName'] === `${name}@example.com`)?.['id'];
    const managers = users.map((user) => {
      const extension = user[ENTERPRISE];
      const manager = isJsonObject(extension) ? extension['manager'] : undefined;
      return isJsonObject(manager) ? manager['value'] : undefined;
    });
    expect(managers).toEqual([idOf('Z'), idOf('A'), undefined, idOf('A')]);
    const writes = writesSince(simulator, 0);
    expect(writes.filter((line) => line.includes('C@example.com'))).toHaveLength(1);
    expect(writes.length).toBeLessThanOrEqual(7);
    const again = await world.engine.runJob(world.hr);
    expect(summary(again.statistics)).toEqual({ 'HR user': 'read 4' });
  });

  it('WRT-7, CHG-4, CONN-CORE-58: a group is written without members that are not provisioned, which are named; it heals by itself', async () => {
    world = await World.start({
      source: {
        users: ['P', 'Q', 'R'].map((id) => person(id)),
        groups: [group('G', ['P', 'Q', 'X']), group('H', ['P'])],
      },
    });
    const { simulator } = await world.addTarget('Cloud');
    const refusal = simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { operations: ['create'], key: 'Q@example.com' },
    });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toMatchObject({
      'Cloud user': 'created 2, failed 1',
      'Cloud group': 'created 2',
    });
    expect(first.job.outcome).toEqual(['Cloud, group: 1 entities refer to 2 that are not in the target']);
    expect(await resultsOf(first.job.runKey)).toContain(
      'G: Written without 2 references that are not in the target: user Q, user X',
    );
    simulator.faults.disarm(refusal);
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toMatchObject({ 'Cloud user': 'created 1', 'Cloud group': 'updated 1' });
    expect(second.job.outcome).toEqual(['Cloud, group: 1 entities refer to 1 that are not in the target']);
    const third = await world.engine.runJob(world.hr);
    expect(third.job.outcome).toEqual(second.job.outcome);
    world.source.store.add('User', person('X'));
    const last = await world.engine.runJob(world.hr);
    expect([last.job.outcome, await resultsOf(last.job.runKey)]).toEqual([[], []]);
    expect(simulator.store.find('Group', 'displayName', 'Group G')[0]?.['members']).toHaveLength(3);
  });
});
