import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { Connector, ConnectorContext } from '../../connectors/contract.js';
import { ldapServerFactory } from '../../connectors/ldap/ldap.factory.js';
import { scimSystemFactory } from '../../connectors/scim/scim.factory.js';
import type { NodeChild } from '../../runtime/node-child.js';
import { ldifOf } from '../../simulators/directories/ldif.js';
import { startSlapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { slapdProperties } from '../connectors/support/ldap.js';
import { describeSlapd } from '../support/directories.js';
import { EdgeStage } from '../support/edge.js';
import { testTemporal } from '../support/temporal.js';
import { forward, freePort } from '../workflows/support/network.js';
import { startEdgeProcess } from '../system/support/edge-process.js';
import { startHoldingProxy } from './holding-proxy.js';
import type { HoldingProxy } from './holding-proxy.js';

const temporal = await testTemporal();
const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada' };

async function errorOf(call: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await call.then(
    (value) => new Error(`no error, but ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!isConnectorError(error)) throw error;
  return error;
}

function contextOf(properties: Record<string, string>, secrets: Record<string, string>): ConnectorContext {
  return {
    config: { properties, secret: (name) => secrets[name], secretNames: Object.keys(secrets) },
    clock: () => new Date(),
    log: { debug: () => undefined, warn: () => undefined },
  };
}

temporal.describe('edge worker processes that are killed, or stand still', () => {
  let stage: EdgeStage;
  let scim: ScimSimulator;
  let proxy: HoldingProxy;
  let processes: NodeChild[] = [];

  beforeAll(async () => {
    stage = await EdgeStage.start(temporal.address);
    scim = await startScimSimulator({ auth: { kind: 'oauth', clientId: 'muster', clientSecret: 's3cret' } });
    proxy = await startHoldingProxy(scim.port);
  }, 60_000);
  afterEach(async () => {
    proxy.release();
    for (const { pid, stop } of processes) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It is gone.
      }
      await stop();
    }
    processes = [];
    scim.reset();
  }, 60_000);
  afterAll(async () => {
    await stage?.stop();
    await proxy?.stop();
    await scim?.stop();
  }, 60_000);

  const startProcess = async (port = proxy.port, temporalAddress = temporal.address): Promise<NodeChild> => {
    const { edgeConfigFile, searchPath } = await stage.config([{ host: '127.0.0.1', port }]);
    const child = await startEdgeProcess({
      temporalAddress,
      namespace: 'default',
      configFile: edgeConfigFile,
      folder: stage.folder,
      searchPath,
    });
    processes.push(child);
    return child;
  };
  const open = (): Connector =>
    stage.open(
      scimSystemFactory,
      contextOf(
        {
          URL: `http://127.0.0.1:${proxy.port}/scim/v2`,
          ProxyType: 'OnPremise',
          Authentication: 'BasicAuthentication',
          User: 'muster',
          OAuth2TokenServiceURL: scim.tokenUrl.replace(String(scim.port), String(proxy.port)),
        },
        { Password: 's3cret' },
      ),
    );
  const kill = async (child: NodeChild): Promise<void> => {
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    proxy.drop();
  };

  it.each([
    ['before the system got the request', 'request', 0],
    ['after the system got it, before its answer was told', 'answer', 1],
  ] as const)(
    'CONN-CORE-53: killed during a create, %s: the outcome is unknown, and the look-up tells',
    async (_when, what, made) => {
      const edge = await startProcess();
      const connector = open();
      const held = proxy.hold(what, 'POST /scim/v2/Users');
      const creating = errorOf(connector.create('user', user, {}));
      await held;
      await kill(edge);
      const error = await creating;
      expect([error.kind, error.scope, error.outcome]).toEqual(['transient', 'system', 'unknown']);
      expect(scim.store.size('User')).toBe(made);
      await startProcess();
      const found = await connector.resolveExisting('user', user, ['userName'], {});
      expect(found.outcome).toBe(made === 0 ? 'none' : 'one');
      await connector.close();
    },
    120_000,
  );

  it('engine invariant 3: one that stood still when it was about to write sends nothing when it goes on', async () => {
    const frozen = await startProcess();
    const connector = open();
    // It waits for a token, and then the request that writes would follow.
    const held = proxy.hold('answer', 'POST /oauth/token');
    const creating = errorOf(connector.create('user', user, {}));
    await held;
    process.kill(frozen.pid, 'SIGSTOP');
    proxy.release();
    expect((await creating).outcome).toBe('unknown');
    await startProcess();
    const again = open();
    await createAsTheEngineDoes(again);
    process.kill(frozen.pid, 'SIGCONT');
    await expectOneCreate(again);
    await Promise.all([connector.close(), again.close()]);
  }, 240_000);

  it('engine invariant 3: one that was cut off from Temporal when it was about to write sends nothing any more', async () => {
    const port = await freePort();
    let link = await forward(port, temporal.address);
    await startProcess(proxy.port, `127.0.0.1:${port}`);
    const connector = open();
    const held = proxy.hold('answer', 'POST /oauth/token');
    const creating = errorOf(connector.create('user', user, {}));
    await held;
    link.close();
    expect((await creating).outcome).toBe('unknown');
    // It could write now, and cannot know that nobody waits for it.
    proxy.release();
    await startProcess();
    const again = open();
    await createAsTheEngineDoes(again);
    link = await forward(port, temporal.address);
    await expectOneCreate(again);
    await Promise.all([connector.close(), again.close()]);
    link.close();
  }, 240_000);

  /** Both workers take calls now: by the time that some are answered, each of them has gone on with what it had in hand. */
  async function expectOneCreate(connector: Connector): Promise<void> {
    for (let n = 0; n < 40; n += 1) await connector.readOne('user', 'nobody', {});
    const sent = scim.journal.since(0).filter(({ method, path }) => method === 'POST' && path.includes('Users'));
    expect(sent.map(({ method, path, status }) => `${method} ${path} ${status}`)).toHaveLength(1);
    expect(scim.store.size('User')).toBe(1);
  }

  /** Looks before each attempt: a worker that stands still goes on taking calls until Temporal misses it, and none of them may be made later. */
  async function createAsTheEngineDoes(connector: Connector): Promise<void> {
    for (;;) {
      try {
        const found = await connector.resolveExisting('user', user, ['userName'], {});
        if (found.outcome === 'one') return;
        await connector.create('user', user, {});
      } catch (error) {
        if (!isConnectorError(error) || error.kind !== 'transient') throw error;
      }
    }
  }

  describeSlapd('with OpenLDAP', () => {
    it('a read stays with the edge worker whose connection it hangs on, and breaks off with it', async () => {
      const slapd = await startSlapd({
        ldif: ldifOf(
          Array.from({ length: 40 }, (_, n) => [
            `uid=p${n},ou=people,dc=example,dc=org`,
            { objectClass: 'inetOrgPerson', uid: `p${n}`, cn: `p${n}`, sn: `p${n}` },
          ]),
        ),
      });
      try {
        const edges = [await startProcess(slapd.port), await startProcess(slapd.port)];
        const properties = { ...slapdProperties(slapd), 'ldap.page.size': '5' };
        const connector = stage.open(ldapServerFactory, contextOf(properties, { 'ldap.password': slapd.rootPassword }));
        const ids = new Set<string>();
        let page = await connector.readPage({ type: 'user', cursor: null, mode: 'full' });
        for (; page.next !== null; page = await connector.readPage({ type: 'user', cursor: page.next, mode: 'full' }))
          for (const { id } of page.items) ids.add(id);
        for (const { id } of page.items) ids.add(id);
        expect(ids.size).toBe(40);

        page = await connector.readPage({ type: 'user', cursor: null, mode: 'full' });
        for (const edge of edges) await kill(edge);
        await startProcess(slapd.port);
        const error = await errorOf(connector.readPage({ type: 'user', cursor: page.next, mode: 'full' }));
        expect([error.kind, error.scope]).toEqual(['transient', 'page']);
        const anew = await connector.readPage({ type: 'user', cursor: null, mode: 'full' });
        expect(anew.items).toHaveLength(5);
        await connector.close();
      } finally {
        await slapd.stop();
      }
    }, 120_000);
  });
});
