import { describe, expect, it } from '@jest/globals';
import { certificateTask, expiryWarning } from '../../core/certificates/expiry.js';
import { certificateProblem, certificatesRefused } from '../../core/certificates/usable.js';

const DAY_MS = 24 * 60 * 60_000;
const NOW = new Date('2026-11-28T10:00:00Z');
const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

describe('the end of a certificate', () => {
  it.each([
    [31, null, undefined],
    [30, null, 30],
    [29, 30, undefined],
    [14, 30, 14],
    [13, 14, undefined],
    [3, 14, 3],
    [2, 3, undefined],
    // Nobody was there on the days before.
    [10, null, 14],
    [1, null, 3],
    [-1, 14, 3],
    [-1, 3, undefined],
  ])('CRT-7: without regeneration, %s days before it, told %s: told of day %s', (left, toldDays, days) => {
    const task = certificateTask({ validUntil: inDays(left), isRenewed: false, toldDays }, NOW);
    expect(task).toEqual(days === undefined ? undefined : { kind: 'tell', days });
  });

  it.each([
    [15, undefined],
    [14, { kind: 'renew' }],
    [-100, { kind: 'renew' }],
  ])('CRT-5: with regeneration, %s days before it', (left, task) => {
    expect(certificateTask({ validUntil: inDays(left), isRenewed: true, toldDays: null }, NOW)).toEqual(task);
  });

  it('CRT-4: a warning from 30 days before, which says that validity cannot be extended', () => {
    expect(expiryWarning({ validUntil: inDays(30.1), isRenewed: false }, NOW)).toBeUndefined();
    expect(expiryWarning({ validUntil: inDays(30), isRenewed: false }, NOW)).toContain('cannot be extended');
    expect(expiryWarning({ validUntil: inDays(0), isRenewed: false }, NOW)).toContain('has expired');
  });

  it('CRT-6: where it is regenerated the warning tells what becomes of the fingerprint', () => {
    expect(expiryWarning({ validUntil: inDays(20), isRenewed: true }, NOW)).toContain('fingerprint');
  });

  it('CRT-4: a certificate that is missing or has expired is not used', () => {
    expect(certificateProblem(undefined, NOW)).toContain('generate one');
    expect(certificateProblem({ validUntil: NOW }, NOW)).toContain('has expired on 2026-11-28T10:00:00.000Z');
    expect(certificateProblem({ validUntil: inDays(0.01) }, NOW)).toBeUndefined();
  });
});

describe('CRT-1: who has certificates', () => {
  it.each([
    [{ Authentication: 'ClientCertificateAuthentication', ProxyType: 'Internet' }, true, undefined],
    [{ Authentication: 'BasicAuthentication' }, true, 'Authentication is not ClientCertificateAuthentication'],
    [{}, false, 'systems of this type'],
    [{ Authentication: 'ClientCertificateAuthentication', ProxyType: 'OnPremise' }, true, 'ProxyType is OnPremise'],
    [{ 'ldap.proxyType': 'OnPremise' }, false, 'ldap.proxyType is OnPremise'],
  ])('CRT-1: %j', (properties: Record<string, string>, takes, text) => {
    const refused = certificatesRefused(properties, takes);
    if (text === undefined) expect(refused).toBeUndefined();
    else expect(refused).toContain(text);
  });
});
