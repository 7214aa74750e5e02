import { afterEach, describe, expect, it } from '@jest/globals';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { withGroups } from '../support/engine.js';
import { person, summary, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** The default write transformation: told who is new, and closed in place of deleted. */
function scoped(): JsonObject {
  const document = withGroups('target');
  const { user } = document;
  const mappings = isJsonObject(user) ? user['mappings'] : undefined;
  if (!Array.isArray(mappings)) throw new Error('the default transformation has no mappings');
  mappings.push(
    { constant: 'new here', targetPath: '$.nickName', scope: 'createEntity' },
    { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id', scope: 'deleteEntity' },
    { sourcePath: '$.userName', targetPath: '$.userName', scope: 'deleteEntity' },
    { constant: false, targetPath: '$.active', scope: 'deleteEntity' },
  );
  return document;
}

/** Attributes that a write names, of PUT and of PATCH. */
function attributesOf(body: string | undefined): string[] {
  const parsed: unknown = JSON.parse(body ?? '{}');
  if (!isJsonObject(parsed)) return [];
  const { Operations } = parsed;
  if (!Array.isArray(Operations)) return Object.keys(parsed);
  return Operations.map((operation) => (isJsonObject(operation) ? String(operation['path']) : ''));
}

describe.each(['PUT', 'PATCH'])('scopes in a target that is updated with %s', (method) => {
  let world: World;
  afterEach(() => world.stop());

  async function start(): Promise<WorldTarget> {
    world = await World.start({ source: { users: [person('P', { title: 'a' }), person('Q')] } });
    const properties = { 'scim.support.patch.operation': String(method === 'PATCH') };
    const cloud = await world.addTarget(
      'Cloud',
      { journal: { keepBodies: true } },
      { properties, transformation: scoped() },
    );
    await world.engine.runJob(world.hr);
    expect(cloud.simulator.store.find('User', 'userName', 'P@example.com')[0]).toMatchObject({
      nickName: 'new here',
      active: true,
    });
    return cloud;
  }

  it('SCP-1, SCP-7: an update compares and sends only what mappings without scope give', async () => {
    const { simulator } = await start();
    const mark = simulator.journal.mark();
    world.source.store.update('User', 'P', { title: 'b' });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1' });
    const [update, ...more] = simulator.journal.writesSince(mark);
    expect([update?.method, more]).toEqual([method, []]);
    const attributes = attributesOf(update?.body);
    expect(attributes).toContain('title');
    expect(attributes).not.toContain('nickName');
    if (method === 'PATCH') expect(attributes).toEqual(['title']);
  });

  it('SCP-5, CONN-CORE-59: deleteEntity mappings update the account in place of deleting it', async () => {
    const { simulator } = await start();
    const mark = simulator.journal.mark();
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    expect(simulator.journal.writesSince(mark).map((record) => record.method)).toEqual([method]);
    expect(simulator.store.find('User', 'userName', 'P@example.com')[0]).toMatchObject({ active: false });
  });
});
