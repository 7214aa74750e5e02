import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from '@jest/globals';
import {
  ADDRESS_REFUSED,
  guardLookup,
  isRefusedAddress,
  refusedLiteral,
} from '../../../connectors/http/address-guard.js';
import { errorOf, openScim } from '../support/scim.js';

describe('addresses that no system may have', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
  ])('SSRF: %s is refused', (address) => expect(isRefusedAddress(address)).toBe(true));

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.9',
    '::1',
    'fd12::1',
    '8.8.8.8',
    '::ffff:10.0.0.1',
    'host',
  ])('SSRF: %s is allowed', (address) => expect(isRefusedAddress(address)).toBe(false));

  it('SSRF: literals are recognised in every spelling that a URL understands', () => {
    for (const host of ['169.254.169.254', '0xa9fea9fe', '2852039166', '[::ffff:169.254.169.254]', '[fe80::1]']) {
      expect(refusedLiteral(new URL(`http://${host}/`).hostname)).toBe(true);
    }
    expect(refusedLiteral(new URL('http://[::1]/').hostname)).toBe(false);
  });

  const resolveTo = (addresses: string[], all: boolean) =>
    new Promise<unknown[]>((resolve) => {
      const resolved: LookupAddress[] = addresses.map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }));
      const resolver: Parameters<typeof guardLookup>[0] = (_name, _options, callback) => callback(null, resolved);
      guardLookup(resolver, 'example.org', { all }, (...answer: unknown[]) => resolve(answer));
    });

  it('SSRF: one refused address among many refuses the name (DNS rebinding)', async () => {
    const [error] = await resolveTo(['203.0.113.7', '169.254.169.254'], true);
    expect(error).toMatchObject({ code: ADDRESS_REFUSED });
  });

  it('SSRF: allowed addresses are passed on in the form the socket asked for', async () => {
    expect(await resolveTo(['203.0.113.7', '::1'], true)).toEqual([
      null,
      [
        { address: '203.0.113.7', family: 4 },
        { address: '::1', family: 6 },
      ],
    ]);
    expect(await resolveTo(['203.0.113.7', '::1'], false)).toEqual([null, '203.0.113.7', 4]);
  });

  it('SSRF: a system at the metadata address fails with fatal before any connection', async () => {
    const connector = openScim('http://169.254.169.254/scim');
    const error = await errorOf(connector.create('user', { userName: 'x' }, {}));
    expect(error).toMatchObject({ kind: 'fatal', scope: 'system', outcome: 'not-applied' });
    await connector.close();
  });
});
