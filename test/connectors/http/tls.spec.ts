import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from '../support/http-server.js';
import { errorOf, openScim } from '../support/scim.js';

const fixture = (name: string): string => readFileSync(new URL(`../tls-fixtures/${name}`, import.meta.url), 'utf8');

describe('CONN-TCK-25: TLS', () => {
  const authority = fixture('ca.crt');
  let valid: TestServer;
  let expired: TestServer;

  beforeAll(async () => {
    const key = fixture('server.key');
    const empty = () => ({ Resources: [], totalResults: 0 });
    valid = await startServer(empty, { key, cert: fixture('valid.crt') });
    expired = await startServer(empty, { key, cert: fixture('expired.crt') });
  });
  afterAll(async () => {
    await valid.stop();
    await expired.stop();
  });

  async function read(url: string, properties: Record<string, string>): Promise<number> {
    const connector = openScim(url, { properties });
    try {
      return (await connector.readPage({ type: 'user', mode: 'full', cursor: null })).items.length;
    } finally {
      await connector.close();
    }
  }

  it('CONN-TCK-25: an untrusted certificate is refused, and the message says what to set', async () => {
    const error = await errorOf(read(valid.url, {}));
    expect(error).toMatchObject({ kind: 'transient', scope: 'system', outcome: 'not-applied' });
    expect(error.safeMessage).toContain('ips.tls.ca.certificates');
  });

  it('CONN-TCK-25: a certificate of the own authority is accepted', async () => {
    expect(await read(valid.url, { 'ips.tls.ca.certificates': authority })).toBe(0);
  });

  it('CONN-TCK-25: an expired certificate is refused although its authority is trusted', async () => {
    const error = await errorOf(read(expired.url, { 'ips.tls.ca.certificates': authority }));
    expect(error).toMatchObject({ kind: 'transient', vendorCode: 'CERT_HAS_EXPIRED' });
  });

  it('PRP-30: TrustAll accepts everything', async () => {
    expect(await read(expired.url, { TrustAll: 'true' })).toBe(0);
  });
});
