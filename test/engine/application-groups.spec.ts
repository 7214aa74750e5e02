import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import { listResults } from '../../state/runs/index.js';
import { documentedResult } from '../support/documented-result.js';
import { group, person, summary, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const EXTENSION = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';

describe('groups that belong to an application', () => {
  let world: World;
  afterEach(() => world.stop());

  const owned = (supportedOperations: string, members: string[], change: JsonObject = {}): JsonObject => ({
    ...group('G', members),
    [EXTENSION]: { applicationId: 'app', supportedOperations },
    ...change,
  });

  async function start(supportedOperations: string, existing: boolean): Promise<WorldTarget> {
    world = await World.start({
      source: {
        users: ['P', 'Q', 'R'].map((id) => person(id)),
        groups: [{ ...group('N', []), displayName: 'Nested' }, owned(supportedOperations, ['P'])],
      },
    });
    const groups = [{ id: 'there', displayName: 'Group G', externalId: 'of the application', members: [] }];
    return world.addTarget(
      'Cloud',
      { groups: existing ? groups : [] },
      { properties: { 'ips.application.id': 'app' } },
    );
  }

  function found({ simulator }: WorldTarget): JsonObject {
    return simulator.store.find('Group', 'displayName', 'Group G')[0] ?? {};
  }

  function names({ simulator }: WorldTarget): string[] {
    const all = [...simulator.store.snapshot().users, ...simulator.store.snapshot().groups];
    const members = found({ simulator } as WorldTarget)['members'];
    return (Array.isArray(members) ? members : [])
      .map((one) => all.find(({ id }) => isJsonObject(one) && id === one['value']))
      .map((one) => String(one?.['userName'] ?? one?.['displayName']))
      .sort();
  }

  function change(supportedOperations: string): void {
    world.source.store.update('Group', 'G', {
      ...owned(supportedOperations, [], { externalId: 'of the source' }),
      members: [
        { value: 'Q', type: 'User' },
        { value: 'N', type: 'Group' },
      ],
    });
  }

  it.each([
    ['readWrite', ['Nested', 'Q@example.com'], 'of the source'],
    ['membership', ['Nested', 'Q@example.com'], 'of the application'],
    ['userOnlyMembership', ['Q@example.com'], 'of the application'],
  ])(
    'WRT-8, SKP-2: %s: the existing group is adopted and updated as far as that goes',
    async (operations, members, externalId) => {
      const cloud = await start(operations, true);
      const first = await world.engine.runJob(world.hr);
      expect(summary(first.statistics)).toMatchObject({ 'Cloud group': 'created 1, updated 1' });
      expect(names(cloud)).toEqual(['P@example.com']);
      change(operations);
      const second = await world.engine.runJob(world.hr);
      expect(summary(second.statistics)).toMatchObject({ 'Cloud group': 'updated 1' });
      expect(names(cloud)).toEqual(members);
      expect(found(cloud)['externalId']).toBe(externalId);
    },
  );

  it('WRT-8: readOnly: neither created nor updated, and skipped in every job', async () => {
    const cloud = await start('readOnly', false);
    for (let run = 0; run < 2; run += 1) {
      const { job, statistics } = await world.engine.runJob(world.hr);
      expect(job.status).toBe('Success');
      expect(summary(statistics)).toMatchObject({ 'Cloud group': run === 0 ? 'created 1, skipped 1' : 'skipped 1' });
    }
    expect(found(cloud)).toEqual({});
  });

  it('WRT-8: readOnly: what was writable before stays as it is', async () => {
    const cloud = await start('readWrite', false);
    await world.engine.runJob(world.hr);
    change('readOnly');
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud group': 'skipped 1' });
    expect(names(cloud)).toEqual(['P@example.com']);
  });

  it('WRT-8: a group that should be updated but is gone fails, and is not created again', async () => {
    const cloud = await start('membership', true);
    await world.engine.runJob(world.hr);
    cloud.simulator.store.remove('Group', 'there');
    change('membership');
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud group': 'failed 1' });
    const { results } = await listResults(world.engine.pool, job.runKey, { limit: 10 });
    expect(results.map(({ message }) => message)).toEqual([
      'The application-specific group does not exist in the target any more; it is the application that has to create it again',
    ]);
    expect(documentedResult(results[0]?.message).whatHappened).toBe('WRT-8');
    expect(found(cloud)).toEqual({});
  });
});
