import { createPrivateKey, createPublicKey, randomUUID, sign, verify, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthority, describeCertificate, issueClientCertificate } from '../../runtime/certificates.js';
import type { KeyedCertificate } from '../../runtime/certificates.js';

const NOW = new Date('2026-11-28T10:00:00.700Z');
const DAY_MS = 24 * 60 * 60_000;

describe('certificates', () => {
  const installationId = randomUUID();
  const system = { id: randomUUID(), installationId };
  let authority: KeyedCertificate;
  let first: KeyedCertificate;
  let second: KeyedCertificate;
  beforeAll(async () => {
    authority = await createAuthority(installationId, NOW);
    [first, second] = await Promise.all([
      issueClientCertificate(authority, system, NOW),
      issueClientCertificate(authority, system, NOW),
    ]);
  });

  it('CRT-2: two certificates of a system have the same subject and issuer, and another fingerprint and serial number', () => {
    const [one, two] = [first, second].map(({ certificate }) => describeCertificate(certificate));
    expect(one?.subject).toBe(`CN=muster-${system.id}, OU=${installationId}, O=Muster`);
    expect([two?.subject, two?.issuer]).toEqual([one?.subject, one?.issuer]);
    expect(one?.issuer).toBe(describeCertificate(authority.certificate).subject);
    expect(two?.fingerprint).not.toBe(one?.fingerprint);
    expect(two?.serialNumber).not.toBe(one?.serialNumber);
  });

  it('CRT-1: a certificate is signed by the authority, is for clients only, and its key belongs to it', () => {
    const certificate = new X509Certificate(first.certificate);
    const issuer = new X509Certificate(authority.certificate);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect([issuer.ca, certificate.ca]).toEqual([true, false]);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const signature = sign('sha256', Buffer.from('x'), createPrivateKey(first.privateKey));
    expect(
      verify(
        'sha256',
        Buffer.from('x'),
        createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' })),
        signature,
      ),
    ).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(second.privateKey))).toBe(false);
  });

  it('CRT-3: details tell algorithm, size of the key, validity and fingerprint', () => {
    const details = describeCertificate(first.certificate);
    expect(details).toMatchObject({ signatureAlgorithm: 'SHA256withRSA', keySize: 3072 });
    expect(details.fingerprint).toBe(new X509Certificate(first.certificate).fingerprint256);
    expect(details.validFrom.getTime()).toBeLessThan(NOW.getTime());
    expect(details.validUntil).toEqual(new Date('2027-11-28T10:00:00Z'));
    expect(describeCertificate(authority.certificate).validUntil.getTime()).toBeGreaterThan(
      NOW.getTime() + 29 * 365 * DAY_MS,
    );
  });
});
