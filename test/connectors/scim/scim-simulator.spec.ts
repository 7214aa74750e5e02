import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { errorOf, idsOf, openScim, person, readAll, type OpenOptions } from '../support/scim.js';
import type { Connector } from '../../../connectors/contract.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function given(
  server: ScimSimulatorOptions,
  options: OpenOptions = {},
): Promise<{ simulator: ScimSimulator; connector: Connector }> {
  const simulator = await startScimSimulator(server);
  const connector = openScim(simulator.url, options);
  closing.push(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, connector };
}

const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));

describe('SCIM connector against simulated servers', () => {
  it('CONN-SCIM-20: a server that caps pages but echoes the requested size loses nobody', async () => {
    const { connector } = await given({ dialect: 'caps-page', users: people(120) });
    const pages = await readAll(connector, { type: 'user' });
    expect(new Set(idsOf(pages)).size).toBe(120);
    expect(pages.map(({ items }) => items.length)).toEqual([50, 50, 20]);
    expect(pages.at(-1)?.watermark).toBeDefined();
  });

  it('CONN-SCIM-22: a server that ignores startIndex ends the read with protocol', async () => {
    const { connector } = await given({ dialect: 'ignores-start-index', users: people(250) });
    const error = await errorOf(readAll(connector, { type: 'user' }));
    expect(error.kind).toBe('protocol');
    expect(error.safeMessage).toContain('server does not page');
  });

  it('CONN-TCK-09: a second create conflicts, and the existing entity is found by its key', async () => {
    const { connector, simulator } = await given({});
    const created = await connector.create('user', person(1), {});
    expect(created.applied).toBe('created');
    expect(created.createdAt).toMatch(/Z$/);
    const error = await errorOf(connector.create('user', person(1), {}));
    expect(error).toMatchObject({ kind: 'conflict', scope: 'entity', outcome: 'not-applied', status: 409 });
    const found = await connector.resolveExisting('user', person(1), connector.uniqueKeys('user'), {});
    expect(found).toMatchObject({ outcome: 'one', entity: { id: created.id } });
    expect(simulator.statistics().users).toBe(1);
  });

  it('DEL-23: readOne gives null for 404 and for an entity outside the filter', async () => {
    const { connector } = await given(
      { users: [person(1), person(2, { active: false })] },
      { properties: { 'scim.user.filter': 'active eq true' } },
    );
    const all = idsOf(await readAll(connector, { type: 'user' }));
    expect(all).toHaveLength(1);
    const [id = ''] = all;
    expect((await connector.readOne('user', id, { withFilter: true }))?.id).toBe(id);
    expect(await connector.readOne('user', 'nobody', {})).toBeNull();
    expect(await connector.readOne('user', 'nobody', { withFilter: true })).toBeNull();
  });
});
