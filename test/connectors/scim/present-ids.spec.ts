import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../connectors/contract.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import { startScimmy } from '../../support/foreign-scim.js';
import { sendJson, startServer } from '../support/http-server.js';
import type { Responder } from '../support/http-server.js';
import { closedAfterEach, openScim, person } from '../support/scim.js';

const people = Array.from({ length: 40 }, (_, n) => ({ ...person(n), id: `id-${n}`, active: n % 2 === 0 }));
const GONE = ['gone-1', 'gone-2'];

describe('DEL-23: several entities asked for with one request', () => {
  const closing = closedAfterEach();

  async function ask(connector: Connector, ids: readonly string[]): Promise<readonly string[] | null> {
    const present = (await connector.readPresent?.('user', ids, {})) ?? null;
    return present && [...present].sort();
  }

  it('SCIMMY and the simulator tell exactly who is there, also under a filter', async () => {
    const scimmy = await startScimmy({ people });
    const simulator = await startScimSimulator({ users: people });
    closing(
      () => scimmy.stop(),
      () => simulator.stop(),
    );
    if (scimmy.auth.kind !== 'basic') throw new Error('SCIMMY has another authentication');
    const credentials = { Authentication: 'BasicAuthentication', User: scimmy.auth.user };
    const secrets = { Password: scimmy.auth.password };
    const asked = [...people.slice(0, 4).map(({ id }) => id), ...GONE];
    for (const { url, properties } of [
      { url: scimmy.url, properties: credentials },
      { url: simulator.url, properties: {} },
    ]) {
      const plain = openScim(url, { properties, secrets });
      const filtered = openScim(url, { properties: { ...properties, 'scim.user.filter': 'active eq true' }, secrets });
      closing(
        () => plain.close(),
        () => filtered.close(),
      );
      expect(await ask(plain, asked)).toEqual(['id-0', 'id-1', 'id-2', 'id-3']);
      expect(await ask(filtered, asked)).toEqual(['id-0', 'id-2']);
    }
  });

  const ANSWERS: readonly [string, object | 'invalidFilter'][] = [
    ['does not take the filter', 'invalidFilter'],
    ['takes no notice of it', { totalResults: 3, Resources: ['a', 'b', 'stranger'].map((id) => ({ id })) }],
    ['cuts its answer', { totalResults: 3, Resources: [{ id: 'a' }, { id: 'b' }] }],
    ['does not say how many there are', { Resources: [{ id: 'a' }] }],
    ['repeats itself', { totalResults: 2, Resources: [{ id: 'a' }, { id: 'a' }] }],
    ['gives somebody without an id', { totalResults: 2, Resources: [{ id: 'a' }, { userName: 'b' }] }],
  ];
  it.each(ANSWERS)('a server that %s says nothing of anybody', async (_, answer) => {
    const responder: Responder = (_request, response) =>
      answer === 'invalidFilter'
        ? sendJson(response, 400, { status: '400', scimType: 'invalidFilter', detail: 'no or' })
        : answer;
    const server = await startServer(responder);
    const connector = openScim(server.url);
    closing(
      () => server.stop(),
      () => connector.close(),
    );
    expect(await ask(connector, ['a', 'b', 'c'])).toBeNull();
  });

  it('CONN-CORE-10: offered where a single question is a search too, or where the profile says so, and never without free filters', () => {
    const typesOf = (profile: object, filter?: string): string[] =>
      Object.keys(
        scimSystemFactory.capabilities(
          { 'scim.profile': JSON.stringify(profile), ...(filter !== undefined && { 'scim.user.filter': filter }) },
          'source',
        ).confirmsTogether ?? {},
      );
    expect(typesOf({})).toEqual([]);
    expect(typesOf({}, 'active eq true')).toEqual(['user']);
    expect(typesOf({ confirmations: 'single' }, 'active eq true')).toEqual([]);
    expect(typesOf({ confirmations: 'together' })).toEqual(['user', 'group']);
    expect(typesOf({ confirmations: 'together', filter: 'eq-only' })).toEqual([]);
  });
});
