import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { Connector, ConnectorContext } from '../../connectors/contract.js';
import { ldapServerFactory } from '../../connectors/ldap/ldap.factory.js';
import { scimSystemFactory } from '../../connectors/scim/scim.factory.js';
import { generateEdgeKey } from '../../runtime/edge/keys.js';
import { sealCredential } from '../../runtime/edge/sealed-credential.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import type { WorkerGroup } from '../../worker/shutdown.js';
import { EdgeStage } from '../support/edge.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../system/support/until.js';

const temporal = await testTemporal();
const PASSWORD = 'p-a-s-s-w-o-r-d';
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const ada = { schemas, userName: 'ada.lovelace@secret.example' };

type Values = Readonly<Record<string, string>>;

function contextOf(
  url: string,
  {
    properties,
    secrets = { Password: PASSWORD },
    ...more
  }: Partial<ConnectorContext> & { properties?: Values; secrets?: Values } = {},
): ConnectorContext {
  const given = { URL: url, ProxyType: 'OnPremise', Authentication: 'BasicAuthentication', User: 'muster' };
  return {
    config: {
      properties: { ...given, ...properties },
      secret: (name) => secrets[name],
      secretNames: Object.keys(secrets),
    },
    clock: () => new Date(),
    log: { debug: () => undefined, warn: () => undefined },
    ...more,
  };
}

async function errorOf(call: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isConnectorError(error)) throw new Error(`no ConnectorError: ${String(error)}`);
  return error;
}

function fieldsOf({
  kind,
  scope,
  outcome,
  safeMessage,
  adminMessage,
  retryAfterMs,
  status,
  vendorCode,
}: ConnectorError) {
  return { kind, scope, outcome, safeMessage, adminMessage, retryAfterMs, status, vendorCode };
}

temporal.describe('calls that cross to an edge worker', () => {
  let stage: EdgeStage;
  let scim: ScimSimulator;
  let client: Client;
  let connection: Connection;

  beforeAll(async () => {
    stage = await EdgeStage.start(temporal.address);
    scim = await startScimSimulator({ auth: { kind: 'basic', user: 'muster', password: PASSWORD } });
    connection = await Connection.connect({ address: temporal.address });
    client = new Client({ connection });
    await stage.edgeWorker();
  }, 60_000);
  afterEach(() => scim.reset());
  afterAll(async () => {
    await stage?.stop();
    await scim?.stop();
    await connection?.close();
  }, 60_000);

  const open = (more: Parameters<typeof contextOf>[1] = {}): Connector =>
    stage.open(scimSystemFactory, contextOf(scim.url, more));

  it('CONN-CORE-90, CONN-CORE-93: a create, a read and a deletion; histories hold ciphertext and are closed at once', async () => {
    const connector = open();
    const made = await connector.create('user', ada, {});
    expect(made.applied).toBe('created');
    expect((await connector.readOne('user', made.id, {}))?.body['userName']).toBe(ada.userName);
    const page = await connector.readPage({ type: 'user', cursor: null, mode: 'full' });
    expect(page.items.map(({ id }) => id)).toEqual([made.id]);
    expect((await connector.delete('user', made.id, {})).applied).toBe('deleted');
    expect(await connector.readOne('user', made.id, {})).toBeNull();
    await connector.close();

    // Five calls and the end of the connector; the list of workflows is a moment behind.
    const calls = await listed(6);
    for (const workflowId of calls) {
      const handle = client.workflow.getHandle(workflowId);
      expect((await handle.describe()).status.name).toBe('COMPLETED');
      const history = bytesOf(await handle.fetchHistory());
      // What is not sealed is seen, so what is not seen is sealed.
      expect(history).toContain('"kind":"calls"');
      for (const secret of ['ada.lovelace', PASSWORD, 'userName', scim.url]) expect(history).not.toContain(secret);
    }
  });

  /** Ids of the workflows of this stage, as soon as there are that many. */
  async function listed(count: number): Promise<string[]> {
    const giveUpAt = Date.now() + 20_000;
    for (;;) {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: `TaskQueue = "${stage.workflowQueue}"` }))
        ids.push(workflowId);
      if (ids.length >= count) return ids;
      if (Date.now() > giveUpAt) throw new Error(`only ${ids.length} of ${count} workflows are listed`);
      await pause(100);
    }
  }

  it.each<[string, FaultEffect]>([
    ['throttled', { kind: 'status', status: 429, retryAfter: 7 }],
    ['transient', { kind: 'status', status: 503, retryAfter: 3 }],
    ['badGateway', { kind: 'status', status: 502 }],
    ['auth', { kind: 'status', status: 401 }],
    ['forbidden', { kind: 'status', status: 403 }],
    ['conflict', { kind: 'status', status: 409, scimType: 'uniqueness' }],
    ['invalid', { kind: 'status', status: 400, scimType: 'invalidValue', detail: 'no' }],
    ['tooLarge', { kind: 'status', status: 413 }],
    ['protocol', { kind: 'html' }],
    ['a lost answer', { kind: 'applyThenDrop' }],
  ])('CONN-CORE-91: an error arrives as a connector here would throw it: %s', async (_kind, effect) => {
    const thrown: ConnectorError[] = [];
    for (const connector of [scimSystemFactory.open(contextOf(scim.url)), open()]) {
      scim.reset();
      scim.faults.arm({ effect, match: { operations: ['create'] } });
      thrown.push(await errorOf(connector.create('user', ada, {})));
      await connector.close();
    }
    const [local, remote] = thrown;
    expect(local && fieldsOf(local)).toEqual(remote && fieldsOf(remote));
  });

  it('CONN-CORE-93: pages, entities and calls that no payload could hold arrive whole', async () => {
    const connector = open();
    // Nothing that could be compressed: 3 MB each way.
    const photo = randomBytes(2_250_000).toString('base64');
    const made = await connector.create('user', { ...ada, displayName: photo }, {});
    expect(scim.store.size('User')).toBe(1);
    const page = await connector.readPage({ type: 'user', cursor: null, mode: 'full' });
    expect(page.items[0]?.body['displayName'] === photo).toBe(true);
    expect((await connector.readOne('user', made.id, {}))?.body['displayName'] === photo).toBe(true);
    await connector.close();
  }, 30_000);

  it('writes that are made at the same time cross together, and each gets an answer of its own', async () => {
    const connector = open({ properties: { 'scim.max.concurrent.writes': '8' } });
    await connector.create('user', { schemas, userName: 'taken' }, {});
    const before = await executionsOf();
    const names = Array.from({ length: 40 }, (_, n) => (n % 4 === 0 ? 'taken' : `person-${n}`));
    const ends = await Promise.all(
      names.map((userName) =>
        connector.create('user', { schemas, userName }, {}).then(
          ({ entity }) => entity?.['userName'],
          (error: unknown) => (isConnectorError(error) ? error.kind : 'unexpected'),
        ),
      ),
    );
    expect(ends).toEqual(names.map((name) => (name === 'taken' ? 'conflict' : name)));
    expect((await executionsOf()) - before).toBeLessThan(15);
    expect(scim.statistics().maxInFlight).toBeLessThanOrEqual(8);
    await connector.close();
  });

  it('CONN-CORE-23: a stop reaches the edge worker, which gives the request up', async () => {
    scim.faults.arm({ effect: { kind: 'hang' }, match: { operations: ['list'] } });
    const connector = open();
    const stop = new AbortController();
    const reading = errorOf(connector.readPage({ type: 'user', cursor: null, mode: 'full', signal: stop.signal }));
    await until(() => scim.statistics().inFlight === 1);
    stop.abort();
    expect((await reading).kind).toBe('cancelled');
    await until(() => scim.statistics().inFlight === 0, 10_000);
    expect((await errorOf(connector.create('user', ada, { signal: stop.signal }))).kind).toBe('cancelled');
    await connector.close();
  }, 30_000);

  it('STP-2: a write that is under way when the job is stopped may end, and its outcome is known', async () => {
    scim.faults.arm({ effect: { kind: 'delay', ms: 3_000 }, match: { operations: ['create'] } });
    const connector = open();
    const stop = new AbortController();
    const creating = connector.create('user', ada, { signal: stop.signal });
    await until(() => scim.statistics().inFlight === 1);
    stop.abort();
    expect((await creating).applied).toBe('created');
    await connector.close();
  }, 30_000);

  it('CONN-CORE-75: the requests of a call are paid for, and never more are in flight than there are places', async () => {
    let [taken, most, passed] = [0, 0, 0];
    const pace = async (): Promise<() => void> => {
      passed += 1;
      most = Math.max(most, (taken += 1));
      return () => void (taken -= 1);
    };
    const connector = open({ pace });
    // Each of them asks for the schemas first, or tries more than one thing.
    await connector.testConnection({});
    const requests = scim.statistics().requests;
    expect(requests).toBeGreaterThan(1);
    expect(passed).toBe(requests);
    await connector.close();
  });

  it('an edge worker that is stopped ends a read as a lost connection would, not as a stop', async () => {
    const other = await EdgeStage.start(temporal.address);
    const worker = await other.edgeWorker();
    try {
      scim.faults.arm({ effect: { kind: 'hang' }, match: { operations: ['list'] } });
      const connector = other.open(scimSystemFactory, contextOf(scim.url));
      const reading = errorOf(connector.readPage({ type: 'user', cursor: null, mode: 'full' }));
      await until(() => scim.statistics().inFlight === 1);
      await worker.stop();
      expect(fieldsOf(await reading)).toMatchObject({ kind: 'transient', outcome: 'not-applied' });
    } finally {
      await other.stop();
    }
  }, 60_000);

  it('CONN-CORE-91: without an edge worker the connection test says which one is missing, and nothing waits for ever', async () => {
    const empty = await EdgeStage.start(temporal.address);
    try {
      const connector = empty.open(scimSystemFactory, contextOf(scim.url));
      const [tested, written] = await Promise.all([
        errorOf(connector.testConnection({})),
        errorOf(connector.create('user', ada, {})),
      ]);
      for (const error of [tested, written])
        expect(fieldsOf(error)).toMatchObject({ kind: 'transient', scope: 'system', outcome: 'not-applied' });
      expect(tested.safeMessage).toContain('no edge worker for location plant');
      expect(scim.statistics().requests).toBe(0);
    } finally {
      await empty.stop();
    }
  }, 60_000);

  it('CONN-CORE-92: a credential that is sealed for the edge worker works, and only as what it was sealed for', async () => {
    const sealed = sealCredential(await stage.publicKey(), 'Password', PASSWORD);
    const connector = open({ secrets: { Password: sealed } });
    expect((await connector.testConnection({})).ok).toBe(true);
    const wrong = [
      sealCredential(await stage.publicKey(), 'ldap.password', PASSWORD),
      sealCredential(generateEdgeKey().publicKey, 'Password', PASSWORD),
    ];
    for (const password of wrong) {
      const error = await errorOf(open({ secrets: { Password: password } }).testConnection({}));
      expect(fieldsOf(error)).toMatchObject({ kind: 'fatal', outcome: 'not-applied' });
      expect(error.safeMessage).toContain('muster edge seal');
    }
    await connector.close();
  });

  it('CONN-CORE-93: another key than the registered one, and another installation, are refused with what has to be set', async () => {
    const context = contextOf(scim.url);
    const otherKey = stage.open(scimSystemFactory, context, stage.port(stage.central, generateEdgeKey()));
    const other = generateEdgeKey();
    const stranger = stage.open(scimSystemFactory, context, stage.port(other));
    for (const [connector, text] of [
      [otherKey, 'another key than the one that is registered'],
      [stranger, stage.port(other).centralKey],
    ] as const) {
      const error = await errorOf(connector.create('user', ada, {}));
      expect(fieldsOf(error)).toMatchObject({ kind: 'fatal', scope: 'system', outcome: 'not-applied' });
      expect(error.safeMessage).toContain(text);
    }
    expect(scim.statistics().requests).toBe(0);
  });

  /** How many calls have crossed. */
  async function executionsOf(): Promise<number> {
    return (await client.workflow.count(`TaskQueue = "${stage.workflowQueue}"`)).count;
  }
});

temporal.describe('CONN-CORE-94: what an edge worker may reach', () => {
  let stage: EdgeStage;
  let scim: ScimSimulator;
  let worker: WorkerGroup | undefined;
  beforeAll(async () => {
    stage = await EdgeStage.start(temporal.address);
    scim = await startScimSimulator({});
  }, 60_000);
  afterEach(async () => {
    await worker?.stop();
    scim.reset();
  });
  afterAll(async () => {
    await stage?.stop();
    await scim?.stop();
  }, 60_000);

  it('is nothing by default; the error names the entry to add', async () => {
    worker = await stage.edgeWorker({ allow: [] });
    const error = await errorOf(stage.open(scimSystemFactory, contextOf(scim.url)).create('user', ada, {}));
    expect(fieldsOf(error)).toMatchObject({ kind: 'fatal', scope: 'system', outcome: 'not-applied' });
    expect(error.safeMessage).toContain(`{"host":"127.0.0.1","port":${scim.port},"paths":["/scim/v2/Users"]}`);
    expect(scim.statistics().requests).toBe(0);
  });

  it('are the listed paths with what is below them', async () => {
    worker = await stage.edgeWorker({ allow: [{ host: '127.0.0.1', port: scim.port, paths: ['/scim/v2/Users'] }] });
    const connector = stage.open(scimSystemFactory, contextOf(scim.url));
    expect((await connector.readPage({ type: 'user', cursor: null, mode: 'full' })).items).toEqual([]);
    const requests = scim.statistics().requests;
    const error = await errorOf(connector.readPage({ type: 'group', cursor: null, mode: 'full' }));
    expect(error.kind).toBe('fatal');
    expect(scim.statistics().requests).toBe(requests);
  });

  it('goes for token services and directories too, and no connection is opened', async () => {
    let connections = 0;
    const listener = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    worker = await stage.edgeWorker({ allow: [{ host: '127.0.0.1', port: scim.port }] });
    const properties = { OAuth2TokenServiceURL: `http://127.0.0.1:${port}/token` };
    const token = await errorOf(
      stage.open(scimSystemFactory, contextOf(scim.url, { properties })).create('user', ada, {}),
    );
    expect(token.safeMessage).toContain(`may not reach http://127.0.0.1:${port}/token`);
    const directory = contextOf('', {
      properties: {
        'ldap.url': `ldap://127.0.0.1:${port}`,
        'ldap.user': 'cn=muster',
        'ldap.user.path': 'dc=example',
        'ldap.group.path': 'dc=example',
      },
      secrets: { 'ldap.password': 'x' },
    });
    const bind = await errorOf(stage.open(ldapServerFactory, directory).readOne('user', 'ada', {}));
    expect(bind.safeMessage).toContain(`may not reach ldap://127.0.0.1:${port}`);
    for (const error of [token, bind]) expect(error.kind).toBe('fatal');
    expect(connections).toBe(0);
    expect(scim.statistics().requests).toBe(0);
    listener.close();
  });

  it('redirects are not followed', async () => {
    scim.faults.arm({ effect: { kind: 'status', status: 302 } });
    worker = await stage.edgeWorker({ allow: [{ host: '127.0.0.1', port: scim.port }] });
    const error = await errorOf(stage.open(scimSystemFactory, contextOf(scim.url)).readOne('user', 'x', {}));
    expect(error.outcome).toBe('not-applied');
    expect(scim.statistics().requests).toBe(1);
  });
});

/** Everything in a history that is bytes, as text. */
function bytesOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(bytesOf).join('\n');
}
