import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth2Server } from 'oauth2-mock-server';
import { describeCertificate } from '../../runtime/certificates.js';
import {
  activateCertificate,
  addCertificate,
  readAuthorityCertificate,
  removeCertificate,
} from '../../state/certificates/index.js';
import type { OutboundCertificate } from '../../state/certificates/index.js';
import { endedTargets } from '../../state/runs/target-end.js';
import { CertifiedFront, FRONT_AUTHORITY } from '../support/certified-front.js';
import type { FrontOptions } from '../support/certified-front.js';
import { TestEngine } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { person, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';
import { useQuickKeys } from '../support/quick-keys.js';

const CERTIFIED = {
  Authentication: 'ClientCertificateAuthentication',
  'ips.tls.ca.certificates': FRONT_AUTHORITY,
};
const DAY_MS = 24 * 60 * 60_000;

describe('mutual TLS with an outbound certificate', () => {
  useQuickKeys();
  let aheadMs = 0;
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  let closing: (() => Promise<void>)[] = [];
  const clock = (): Date => new Date(Date.now() + aheadMs);

  beforeEach(async () => {
    aheadMs = 0;
    engine = await TestEngine.start({ clock, concurrency: 2 });
    world = await World.join(engine);
    cloud = await world.addTarget('Cloud');
    for (let n = 0; n < 12; n += 1) world.source.store.add('User', person(`p${n}`));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    closing = [];
    await world.stop();
    await engine.stop();
  });

  const generate = async (system: TestSystem): Promise<OutboundCertificate> => {
    const made = await addCertificate(engine.pool, engine.keyring, system, { now: clock(), by: 'test' });
    if (made === undefined) throw new Error('no certificate');
    return made;
  };
  const fingerprintOf = ({ certificate }: OutboundCertificate): string => describeCertificate(certificate).fingerprint;

  /** A front before a server that lets in what the authority of this installation has issued. */
  async function front(origin: string, options: FrontOptions = {}): Promise<CertifiedFront> {
    const trusts = (await readAuthorityCertificate(engine.pool)) ?? '';
    const started = await CertifiedFront.start(origin, { trusts, ...options });
    closing.push(() => started.stop());
    return started;
  }

  /** Why the target was ended in a run. */
  const reasonOf = async (runKey: string): Promise<string | undefined> =>
    (await endedTargets(engine.pool, runKey)).get(cloud.system.no)?.reason;

  /** Puts a front before the simulated target. */
  async function certifyTarget(options: FrontOptions = {}): Promise<CertifiedFront> {
    const { origin, pathname } = new URL(cloud.simulator.url);
    const guard = await front(origin, options);
    await engine.changeProperties(cloud.system, {
      ...CERTIFIED,
      Type: 'HTTP',
      URL: guard.url(pathname),
      'scim.discovery': 'off',
    });
    return guard;
  }

  it('CONN-SCIM-04, CRT-1: without a token URL the system itself asks for the certificate', async () => {
    const certificate = await generate(cloud.system);
    const guard = await certifyTarget();
    expect((await world.job()).status).toBe('Success');
    expect(userNames(cloud.simulator)).toHaveLength(12);
    expect(guard.fingerprints).toEqual([fingerprintOf(certificate)]);
    expect(guard.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('CONN-SCIM-04: a server that does not trust the certificate refuses it, and the error says so', async () => {
    await generate(cloud.system);
    const guard = await certifyTarget({ trusts: FRONT_AUTHORITY });
    const { status, runKey } = await world.job();
    expect([status, await reasonOf(runKey)]).toEqual([
      'Finished with Error',
      expect.stringContaining('do not trust a client certificate: upload the public part'),
    ]);
    expect(guard.seen).toEqual([]);
    expect(cloud.simulator.store.snapshot().users).toEqual([]);
  });

  it('CONN-SCIM-04, CRT-9: with a token URL the token service asks for it, client_id stands in the body, and the system gets a bearer token', async () => {
    const oauth = new OAuth2Server();
    await oauth.issuer.keys.generate('RS256');
    await oauth.start(0, '127.0.0.1');
    closing.push(() => oauth.stop());
    const certificate = await generate(cloud.system);
    const tokens = await front(oauth.issuer.url ?? '');
    // The system may ask for a certificate: it gets the token and nothing else.
    const { origin, pathname } = new URL(cloud.simulator.url);
    const system = await CertifiedFront.start(origin);
    closing.push(() => system.stop());
    await engine.changeProperties(cloud.system, {
      ...CERTIFIED,
      URL: system.url(pathname),
      OAuth2TokenServiceURL: tokens.url('/token'),
      client_id: 'muster client',
      OAuth2TokenScope: 'scim.write',
      'scim.discovery': 'off',
    });
    expect((await world.job()).status).toBe('Success');
    expect(userNames(cloud.simulator)).toHaveLength(12);
    const form = { grant_type: 'client_credentials', scope: 'scim.write', client_id: 'muster client' };
    expect(tokens.seen.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))).toEqual([form]);
    expect(tokens.seen[0]).toMatchObject({ authorization: undefined, fingerprint: fingerprintOf(certificate) });
    expect(system.fingerprints).toEqual(['']);
    expect(new Set(system.seen.map(({ authorization }) => authorization?.slice(0, 10)))).toEqual(
      new Set(['Bearer eyJ']),
    );
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'CRT-3: a job survives a switch of the active certificate: new connections bring the new one (%s)',
    async (maxVersion) => {
      const first = await generate(cloud.system);
      const second = await generate(cloud.system);
      const guard = await certifyTarget({ maxVersion });
      guard.endsConnections = true;
      guard.before = async () => {
        if (guard.seen.length === 5) await activateCertificate(engine.pool, cloud.system.no, second.id, clock());
      };
      expect((await world.job()).status).toBe('Success');
      expect(userNames(cloud.simulator)).toHaveLength(12);
      expect(guard.fingerprints).toEqual([fingerprintOf(first), fingerprintOf(second)]);
      // The old one can go, and its key with it.
      expect(await removeCertificate(engine.pool, cloud.system.no, first.id)).toBe('removed');
      world.source.store.add('User', person('late'));
      expect((await world.job()).status).toBe('Success');
      expect(guard.seen.at(-1)?.fingerprint).toBe(fingerprintOf(second));
    },
  );

  it.each(['source', 'target'] as const)(
    'CRT-1: a %s without a certificate fails the job before the first read',
    async (role) => {
      const system = role === 'source' ? world.hr : cloud.system;
      const url = role === 'source' ? world.source.url : cloud.simulator.url;
      await engine.changeProperties(system, { ...CERTIFIED, URL: url.replace('http:', 'https:') });
      const mark = world.source.journal.mark();
      const { job } = await engine.runJob(world.hr);
      expect(job.status).toBe('Finished with Error');
      expect(job.errorMessage).toContain('has no active outbound certificate; generate one');
      expect(world.source.journal.mark()).toBe(mark);
    },
  );

  it('CRT-4: an expired certificate fails the job before the first read, and nobody is deleted', async () => {
    await generate(cloud.system);
    const guard = await certifyTarget();
    expect((await world.job()).status).toBe('Success');
    const asked = guard.seen.length;
    world.source.store.remove('User', 'p0');
    aheadMs = 366 * DAY_MS;
    const mark = world.source.journal.mark();
    const { job } = await engine.runJob(world.hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toContain('the active outbound certificate has expired on');
    expect(world.source.journal.mark()).toBe(mark);
    expect(guard.seen).toHaveLength(asked);
    expect(userNames(cloud.simulator)).toHaveLength(12);
  });

  it('CRT-4: a certificate that expires while a job runs ends the work with its system, and no connection is made', async () => {
    await generate(cloud.system);
    const guard = await certifyTarget();
    guard.endsConnections = true;
    guard.before = () => {
      if (guard.seen.length === 3) aheadMs = 366 * DAY_MS;
      return Promise.resolve();
    };
    const { status, runKey } = await world.job();
    expect([status, await reasonOf(runKey)]).toEqual([
      'Finished with Error',
      expect.stringContaining('has expired on'),
    ]);
    const left = userNames(cloud.simulator).length;
    expect(left).toBeLessThan(12);
    // With a new certificate the rest is made up for, nobody twice.
    guard.before = () => Promise.resolve();
    aheadMs = 0;
    expect((await world.job()).status).toBe('Success');
    expect(userNames(cloud.simulator)).toHaveLength(12);
  });
});
