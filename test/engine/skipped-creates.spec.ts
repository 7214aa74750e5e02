import { afterEach, describe, expect, it } from '@jest/globals';
import { withGroups } from '../support/engine.js';
import { person, summary, userNames, World } from '../support/world.js';

describe('creates that the transformation skips', () => {
  let world: World;
  afterEach(() => world.stop());

  it('SKP-6, CONN-CORE-52: nobody is created; who is there already is found by the unique attribute, linked and updated', async () => {
    world = await World.start({ source: { users: [person('P', { title: 'Lead' }), person('Q')] } });
    const document = withGroups('target');
    const transformation = { ...document, user: { ...Object(document['user']), skipOperations: ['create'] } };
    const { simulator } = await world.addTarget('Cloud', { users: [person('P', { id: 'old' })] }, { transformation });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1, skipped 1' });
    expect(simulator.store.get('User', 'old')).toMatchObject({ title: 'Lead' });
    expect(simulator.journal.since(0).filter(({ method }) => method === 'POST')).toEqual([]);
    world.source.store.update('User', 'P', { title: 'Expert' });
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1, skipped 1' });
    // It existed before: who leaves the source leaves it as it is.
    world.source.store.remove('User', 'P');
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'skipped 1' });
    expect(userNames(simulator)).toEqual(['P@example.com']);
  });
});
