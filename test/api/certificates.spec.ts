import { randomUUID, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';
import { useQuickKeys } from '../support/quick-keys.js';

const MAIL = {
  MUSTER_SMTP_HOST: 'mail.example.com',
  MUSTER_MAIL_FROM: 'muster@example.com',
  MUSTER_PUBLIC_URL: 'https://muster.example.com',
};
const CERTIFIED = { URL: 'https://cloud.example/scim', Authentication: 'ClientCertificateAuthentication' };

describe('outbound certificates', () => {
  useQuickKeys();
  let api: TestApi;
  let cloud = '';
  beforeAll(async () => {
    api = await startTestApi({ environment: MAIL });
  });
  afterAll(() => api.stop());
  beforeEach(async () => {
    cloud = await createTarget(api, `Cloud ${randomUUID()}`, 'all');
    await setProperties(CERTIFIED);
  });

  const path = (rest = '', system = cloud): string => `/api/v1/systems/${system}/certificates${rest}`;
  const setProperties = async (properties: Record<string, string>, system = cloud) => {
    const answer = await api.send('put', `/api/v1/systems/${system}/properties`, { properties, credentials: {} });
    if (answer.status !== 200) throw new Error(answer.text);
  };
  const generate = async (system = cloud) => (await api.send('post', path('', system))).body;
  const list = async () => (await api.send('get', path())).body;
  const statuses = async (): Promise<string[]> =>
    (await list()).items.map((one: { id: string; status: string }) => `${one.id} ${one.status}`);
  /** Moves the end of all certificates of the system. */
  const endIn = (days: number) =>
    api.sql(
      `update outbound_certificate c set valid_until = now() + $2 * interval '1 day' from system s where s.no = c.system_no and s.id = $1`,
      [cloud, days],
    );

  it('CRT-1, CRT-2: the first is active, the second is not, both of one subject and issuer; there is no third', async () => {
    const answer = await api.send('post', path());
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ message: 'Certificate generated successfully', status: 'Active' });
    expect(await list()).toMatchObject({ canGenerate: true, cannotGenerate: null, automaticRegeneration: false });
    const second = await generate();
    expect(second.status).toBe('Inactive');
    expect([second.subject, second.issuer]).toEqual([answer.body.subject, answer.body.issuer]);
    expect(second.fingerprint).not.toBe(answer.body.fingerprint);
    expect(await list()).toMatchObject({ canGenerate: false, cannotGenerate: expect.stringContaining('has 2') });
    const third = await api.send('post', path());
    expect([third.status, third.body.type]).toEqual([409, 'urn:muster:problem:too-many-certificates']);
    expect((await list()).items).toHaveLength(2);
  });

  it('CRT-2: of two requests for the last place one is refused', async () => {
    await generate();
    const answers = await Promise.all([api.send('post', path()), api.send('post', path())]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await list()).items).toHaveLength(2);
  });

  it('CRT-1: is refused where Authentication asks for none, on premise, and for types without it', async () => {
    const hr = await createSource(api, `HR ${randomUUID()}`);
    const basic = await api.send('post', path('', hr));
    expect([basic.status, basic.body.type]).toEqual([409, 'urn:muster:problem:no-certificates']);
    expect(basic.body.detail).toContain(
      'Authentication is not ClientCertificateAuthentication: set this property first',
    );
    await api.sql(
      `update system_property set value = 'OnPremise' from system s where s.no = system_no and s.id = $1 and system_property.name = 'ProxyType'`,
      [cloud],
    );
    await api.sql(
      `insert into system_property (system_no, name, value) select no, 'ProxyType', 'OnPremise' from system where id = $1
       on conflict do nothing`,
      [cloud],
    );
    expect((await api.send('post', path())).body.detail).toContain('ProxyType is OnPremise');
    const ldap = await api.send('post', '/api/v1/systems', {
      role: 'source',
      type: 'LDAP Server',
      name: `LDAP ${randomUUID()}`,
      properties: {
        'ldap.url': 'ldaps://ldap.example',
        'ldap.user': 'cn=muster',
        'ldap.user.path': 'ou=people,dc=example',
        'ldap.group.path': 'ou=groups,dc=example',
      },
      credentials: { 'ldap.password': 'x' },
    });
    expect(ldap.status).toBe(201);
    expect((await api.send('post', path('', ldap.body.id))).body.detail).toContain('ldap.proxyType is OnPremise');
    expect((await api.send('post', path('', randomUUID()))).status).toBe(404);
  });

  it('CRT-3: one is active; activating the other deactivates it; only the inactive one can be deleted', async () => {
    const first = await generate();
    const second = await generate();
    const active = await api.send('delete', path(`/${first.id}`));
    expect([active.status, active.body.type]).toEqual([409, 'urn:muster:problem:certificate-active']);
    const activated = await api.send('post', path(`/${second.id}/activate`));
    expect([activated.status, activated.body.status]).toEqual([200, 'Active']);
    expect(await statuses()).toEqual([`${second.id} Active`, `${first.id} Inactive`]);
    // Once more changes nothing.
    expect((await api.send('post', path(`/${second.id}/activate`))).status).toBe(200);
    expect((await api.send('delete', path(`/${first.id}`))).status).toBe(204);
    expect(await statuses()).toEqual([`${second.id} Active`]);
    expect((await api.send('get', path(`/${first.id}`))).status).toBe(404);
    expect((await api.send('post', path(`/${first.id}/activate`))).status).toBe(404);
    expect((await api.send('delete', path(`/${first.id}`))).status).toBe(404);
  });

  it('CRT-3: nothing of another system is reached', async () => {
    const mine = await generate();
    const other = await createTarget(api, `Cloud ${randomUUID()}`, 'all');
    for (const [method, rest] of [
      ['get', ''],
      ['get', '/download'],
      ['post', '/activate'],
      ['delete', ''],
    ] as const)
      expect((await api.send(method, path(`/${mine.id}${rest}`, other))).status).toBe(404);
    expect(await statuses()).toEqual([`${mine.id} Active`]);
  });

  it('CRT-1, CRT-3: both can be downloaded: PEM of the public part, issued by the authority that is shown', async () => {
    const { authority } = await (await generate(), list());
    const { items } = await (await generate(), list());
    expect(items).toHaveLength(2);
    for (const { id, fingerprint, subject } of items) {
      const headers = { authorization: `Bearer ${api.token}` };
      const file = await fetch(`${api.running.url}${path(`/${id}/download`)}`, { headers });
      expect(file.headers.get('content-disposition')).toMatch(/attachment; filename="muster-.*\.crt"/);
      const text = await file.text();
      const certificate = new X509Certificate(text);
      expect(certificate.fingerprint256).toBe(fingerprint);
      expect(certificate.verify(new X509Certificate(authority).publicKey)).toBe(true);
      expect(subject).toContain(cloud);
      expect(text).not.toContain('PRIVATE');
    }
  });

  it('CRT-3: details show subject, issuer, signature algorithm, validity, key size, fingerprint', async () => {
    const { id, message, ...generated } = await generate();
    expect(message).toBeDefined();
    expect((await api.send('get', path(`/${id}`))).body).toEqual({ id, ...generated });
    expect(generated).toEqual({
      status: 'Active',
      subject: expect.stringContaining(`CN=muster-${cloud}`),
      issuer: expect.stringContaining('CN=Muster outbound certificates'),
      serialNumber: expect.stringMatching(/^[0-9A-F]{32}$/),
      signatureAlgorithm: 'SHA256withRSA',
      keySize: 2048,
      validFrom: expect.any(String),
      validUntil: expect.any(String),
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      createdBy: 'admin',
      createdAt: expect.any(String),
      warning: null,
    });
  });

  it('CRT-3: an expired certificate cannot be activated', async () => {
    await generate();
    const second = await generate();
    await endIn(-1);
    const refused = await api.send('post', path(`/${second.id}/activate`));
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:muster:problem:certificate-expired']);
  });

  it('CRT-4: from 30 days before expiry of the active one its details and the system warn', async () => {
    await generate();
    await generate();
    const warnings = async () => [
      (await api.send('get', `/api/v1/systems/${cloud}`)).body.certificateWarning,
      ...(await list()).items.map(({ warning }: { warning: string | null }) => warning),
    ];
    await endIn(31);
    expect(await warnings()).toEqual([null, null, null]);
    await endIn(29);
    const text = expect.stringContaining('cannot be extended');
    expect(await warnings()).toEqual([text, text, null]);
  });

  it('CRT-5, CRT-6: switched on it warns of the fingerprint, and what has expired is replaced at once', async () => {
    const first = await generate();
    const second = await generate();
    await endIn(-1);
    const on = await api.send('put', path('/automatic-regeneration'), { enabled: true });
    expect(on.body).toEqual({ enabled: true, warning: expect.stringContaining('checks fingerprints') });
    const { items, automaticRegeneration } = await list();
    expect(automaticRegeneration).toBe(true);
    expect(items).toMatchObject([
      { status: 'Active', warning: null },
      { id: first.id, status: 'Inactive' },
    ]);
    expect(items.map(({ id }: { id: string }) => id)).not.toContain(second.id);
    const off = await api.send('put', path('/automatic-regeneration'), { enabled: false });
    expect(off.body).toEqual({ enabled: false, warning: null });
    expect((await api.send('put', path('/automatic-regeneration'), { enabled: 'yes' })).status).toBe(400);
  });

  it('CRT-8: subscriptions of certificates are separate from those of jobs, for sources and targets', async () => {
    const hr = await createSource(api, `HR ${randomUUID()}`);
    const anna = { name: 'Anna', email: 'anna@example.com' };
    const recipients = (list: string, system = hr) => `/api/v1/systems/${system}/${list}`;
    const added = await api.send('post', recipients('certificate-recipients'), anna);
    expect(added.body).toEqual({ id: expect.any(String), ...anna, addedBy: 'admin', addedAt: expect.any(String) });
    expect((await api.send('post', recipients('recipients'), anna)).status).toBe(201);
    const twice = await api.send('post', recipients('certificate-recipients'), { ...anna, email: 'ANNA@example.com' });
    expect([twice.status, twice.body.type]).toEqual([409, 'urn:muster:problem:recipient-exists']);
    expect((await api.send('post', recipients('certificate-recipients'), { ...anna, topics: ['jobs'] })).status).toBe(
      400,
    );
    // Of one list nobody is removed through the other.
    expect((await api.send('delete', recipients(`recipients/${added.body.id}`))).status).toBe(404);
    expect((await api.send('delete', recipients(`certificate-recipients/${added.body.id}`))).status).toBe(204);
    expect((await api.send('get', recipients('certificate-recipients'))).body).toEqual({
      items: [],
      mailServer: 'configured',
    });
    expect((await api.send('get', recipients('recipients'))).body.items).toHaveLength(1);
    expect((await api.send('post', recipients('certificate-recipients', cloud), anna)).status).toBe(201);
  });

  it('CRD-7, CRT-1: no answer, log or column holds a private key in the clear', async () => {
    await generate();
    const answers = [
      await api.send('get', path()),
      await api.send('get', `/api/v1/systems/${cloud}`),
      await api.send('get', `/api/v1/systems/${cloud}/properties`),
    ];
    const rows = await api.sql(
      `select (select string_agg(c::text || encode(c.sealed_key, 'escape'), '') from outbound_certificate c)
           || (select i::text || encode(i.sealed_authority_key, 'escape') from installation i) as text`,
    );
    for (const text of [...answers.map((answer) => answer.text), api.logged(), JSON.stringify(rows)])
      expect(text).not.toContain('PRIVATE KEY');
    expect(JSON.stringify(rows)).toContain('BEGIN CERTIFICATE');
  });
});
