import { lookup } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { edgeKeyToPem, generateEdgeKey, publicKeyText } from '../../runtime/edge/keys.js';
import { sealCredential } from '../../runtime/edge/sealed-credential.js';
import type { NodeChild } from '../../runtime/node-child.js';
import { ldifOf } from '../../simulators/directories/ldif.js';
import { startSlapd } from '../../simulators/directories/slapd.js';
import type { Slapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { startHoldingProxy } from '../edge/holding-proxy.js';
import type { HoldingProxy } from '../edge/holding-proxy.js';
import { describeSlapd } from '../support/directories.js';
import { testTemporal } from '../support/temporal.js';
import { PRIVATE_NAMES, startEdgeProcess } from './support/edge-process.js';
import { TestMuster } from './support/muster.js';
import { duplicatesIn, endOf, statisticsOf, SUCCESS } from './support/results.js';

const temporal = await testTemporal();
const PEOPLE = 60;
const IMPATIENT = {
  'ips.failed.request.retry.attempts': '2',
  'ips.failed.request.retry.attempts.interval': '1',
  'ips.healing': 'disabled',
};

temporal.describe('systems in a private network that only edge workers can reach', () => {
  describeSlapd('OpenLDAP to SCIM', () => {
    const key = generateEdgeKey();
    let muster: TestMuster;
    let slapd: Slapd;
    let scim: ScimSimulator;
    let proxy: HoldingProxy;
    let directory: HoldingProxy;
    let folder: string;
    let edge: NodeChild;
    let source: { id: string };
    let target: string;

    const startEdge = (): Promise<NodeChild> =>
      startEdgeProcess({
        temporalAddress: temporal.address,
        namespace: muster.config.temporal.namespace,
        configFile: join(folder, 'edge.json'),
        folder,
        searchPath: muster.config.searchPath,
      });

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'muster-plant-'));
      await writeFile(join(folder, 'edge.key'), edgeKeyToPem(key));
      slapd = await startSlapd({ ldif: ldifOf(Array.from({ length: PEOPLE }, (_, n) => person(n))) });
      scim = await startScimSimulator({ auth: { kind: 'basic', user: 'muster', password: 's3cret-of-the-plant' } });
      proxy = await startHoldingProxy(scim.port);
      directory = await startHoldingProxy(slapd.port);
      muster = await TestMuster.start({ temporalAddress: temporal.address });
      const publicKey = publicKeyText(key.publicKey);
      const registered = await muster.client.send('PUT', '/locations/plant', { publicKey });
      const { centralKey: central } = registered as { centralKey: string };
      const allow = [
        { host: `ldap${PRIVATE_NAMES}`, port: directory.port },
        { host: `scim${PRIVATE_NAMES}`, port: proxy.port, paths: ['/scim/v2'] },
      ];
      await writeFile(join(folder, 'edge.json'), JSON.stringify({ location: 'plant', central, allow }));
      source = {
        id: await muster.client.createSystem({
          role: 'source',
          type: 'LDAP Server',
          name: 'Directory',
          properties: {
            ...IMPATIENT,
            'ldap.url': `ldap://ldap${PRIVATE_NAMES}:${directory.port}`,
            'ldap.user': slapd.rootDn,
            'ldap.user.path': slapd.peopleDn,
            'ldap.group.path': slapd.groupsDn,
            'ldap.page.size': '20',
            CloudConnectorLocationId: 'plant',
          },
          credentials: { 'ldap.password': sealCredential(key.publicKey, 'ldap.password', slapd.rootPassword) },
        }),
      };
      target = await muster.client.createSystem({
        role: 'target',
        type: 'SCIM System',
        name: 'Cloud',
        sources: { selection: 'list', sourceIds: [source.id] },
        properties: {
          ...IMPATIENT,
          URL: `http://scim${PRIVATE_NAMES}:${proxy.port}/scim/v2`,
          ProxyType: 'OnPremise',
          CloudConnectorLocationId: 'plant',
          Authentication: 'BasicAuthentication',
          User: 'muster',
        },
        credentials: { Password: sealCredential(key.publicKey, 'Password', 's3cret-of-the-plant') },
      });
    }, 120_000);
    afterAll(async () => {
      await edge?.stop();
      await muster?.stop();
      await proxy?.stop();
      await directory?.stop();
      await scim?.stop();
      await slapd?.stop();
      await rm(folder, { recursive: true, force: true });
    }, 120_000);

    const names = (): string[] =>
      scim.store
        .snapshot()
        .users.map((user) => String(user['userName']))
        .sort();
    const run = async (): Promise<Awaited<ReturnType<TestMuster['client']['followJob']>>> =>
      muster.client.followJob(await muster.client.startJob(source.id, 'READ'));

    it('CONN-CORE-91: without an edge worker the test of the connection says so, and a job fails with that text', async () => {
      const failures = await muster.client.testConnection(source.id);
      expect(failures.join()).toContain('no edge worker for location plant');
      const job = await run();
      expect(job.status).not.toBe('Success');
      expect(endOf(job).error).toContain('no edge worker for location plant');
    }, 180_000);

    it('CONN-CORE-90, CONN-CORE-91, CONN-CORE-92, ONP-1: a job through an edge worker; nobody else can reach the systems, or knows the passwords', async () => {
      edge = await startEdge();
      await expect(lookup(`ldap${PRIVATE_NAMES}`)).rejects.toThrow();
      expect(await muster.client.testConnection(source.id)).toEqual([]);
      expect(await muster.client.testConnection(target)).toEqual([]);
      const job = await run();
      expect(endOf(job)).toEqual(SUCCESS);
      expect(statisticsOf(job)).toMatchObject({
        'Directory user': `read ${PEOPLE}`,
        'Cloud user': `created ${PEOPLE}`,
      });
      expect(names()).toHaveLength(PEOPLE);
      const again = await run();
      expect(statisticsOf(again)).toEqual({ 'Directory user': `read ${PEOPLE}` });
    }, 120_000);

    it('CONN-CORE-53, DEL-23: people join, change and leave while the edge worker is killed in the middle of a create', async () => {
      slapd.modify(ldifOf([person(PEOPLE), person(PEOPLE + 1)]));
      slapd.modify(`dn: uid=p0,${slapd.peopleDn}\nchangetype: delete`);
      slapd.modify(`dn: uid=p1,${slapd.peopleDn}\nchangetype: modify\nreplace: sn\nsn: Other`);
      // Made, and nobody is told.
      const held = proxy.hold('answer', 'POST /scim/v2/Users');
      const jobId = await muster.client.startJob(source.id, 'READ');
      await held;
      process.kill(edge.pid, 'SIGKILL');
      await edge.exited;
      proxy.drop();
      edge = await startEdge();
      const job = await muster.client.followJob(jobId);
      expect(endOf(job)).toEqual(SUCCESS);
      expect(names()).toHaveLength(PEOPLE + 1);
      expect(duplicatesIn(scim)).toEqual([]);
      const again = await run();
      expect(endOf(again)).toEqual(SUCCESS);
      expect(statisticsOf(again)).toEqual({ 'Directory user': `read ${PEOPLE + 1}` });
    }, 180_000);

    it('DEL-23, CONN-CORE-22: an edge worker that dies during a read makes it begin again, and deletes nobody', async () => {
      // The first page is on its way.
      const held = directory.hold('answer', 'inetOrgPerson');
      const jobId = await muster.client.startJob(source.id, 'READ');
      await held;
      process.kill(edge.pid, 'SIGKILL');
      await edge.exited;
      directory.drop();
      edge = await startEdge();
      const job = await muster.client.followJob(jobId);
      expect(endOf(job)).toEqual(SUCCESS);
      expect(names()).toHaveLength(PEOPLE + 1);
      expect(scim.journal.since(0).filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    }, 180_000);

    it('CONN-CORE-94: what the edge worker may not reach ends the job with the entry to add', async () => {
      await muster.client.changeProperties(
        target,
        { URL: `http://scim${PRIVATE_NAMES}:${scim.port}/scim/v2` },
        {
          Password: sealCredential(key.publicKey, 'Password', 's3cret-of-the-plant'),
        },
      );
      const requests = scim.statistics().requests;
      expect((await muster.client.testConnection(target)).join()).toContain(
        `{"host":"scim${PRIVATE_NAMES}","port":${scim.port}`,
      );
      expect(scim.statistics().requests).toBe(requests);
    }, 60_000);

    it('a location that a system uses is not forgotten, and its keys are shown', async () => {
      await expect(muster.client.send('DELETE', '/locations/plant')).rejects.toThrow('is reached through plant');
      expect(await muster.client.send('GET', '/locations')).toMatchObject({
        items: [{ id: 'plant', publicKey: publicKeyText(key.publicKey), createdBy: 'admin' }],
      });
      await expect(muster.client.send('PUT', '/locations/plant', { publicKey: 'x' })).rejects.toThrow('no public key');
    });
  });
});

function person(n: number): [string, Record<string, string>] {
  return [
    `uid=p${n},ou=people,dc=example,dc=org`,
    { objectClass: 'inetOrgPerson', uid: `p${n}`, cn: `Person ${n}`, sn: `Family ${n}`, mail: `p${n}@example.org` },
  ];
}
