import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestCa, type TestCa } from '../support/certificates.js';
import { startServer, type TestServer } from '../support/http-server.js';
import { errorOf, openScim } from '../support/scim.js';

describe('CONN-TCK-25: TLS', () => {
  let ca: TestCa;
  let valid: TestServer;
  let expired: TestServer;

  beforeAll(async () => {
    ca = createTestCa();
    const empty = () => ({ Resources: [], totalResults: 0 });
    valid = await startServer(empty, ca.issue());
    expired = await startServer(empty, ca.issue({ fromDays: -10, toDays: -1 }));
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
    expect(await read(valid.url, { 'ips.tls.ca.certificates': ca.certificate })).toBe(0);
  });

  it('CONN-TCK-25: an expired certificate is refused although its authority is trusted', async () => {
    const error = await errorOf(read(expired.url, { 'ips.tls.ca.certificates': ca.certificate }));
    expect(error).toMatchObject({ kind: 'transient', vendorCode: 'CERT_HAS_EXPIRED' });
  });

  it('PRP-30: TrustAll accepts everything', async () => {
    expect(await read(expired.url, { TrustAll: 'true' })).toBe(0);
  });
});
