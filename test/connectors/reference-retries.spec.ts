import { describe, expect, it } from '@jest/globals';
import { ConnectorError, type ConnectorErrorFields } from '../../connectors/errors.js';
import { isRepeatedByReference, type RequestUse } from '../../connectors/reference-retries.js';
import { referencePolicy, retryPolicy, withRetries } from '../../connectors/retry.js';

const failure = (fields: Partial<ConnectorErrorFields>): ConnectorError =>
  new ConnectorError({ kind: 'transient', scope: 'system', outcome: 'not-applied', safeMessage: 'x', ...fields });

const TIMEOUT = failure({ kind: 'timeout' });
const THROTTLED = failure({ kind: 'throttled', status: 429 });
const BAD_GATEWAY = failure({ kind: 'badGateway', status: 502 });
const FORBIDDEN = failure({ kind: 'forbidden', status: 403 });

const SALES = 'SAP Sales Cloud and SAP Service Cloud';
const UAA = 'SAP BTP XS Advanced UAA (Cloud Foundry)';
const WORK_ZONE = 'SAP Build Work Zone, standard edition';
const SCIM_TYPES = ['SCIM System', 'Identity Authentication'];
const USES: readonly RequestUse[] = [
  'write',
  'patch',
  'fullRead',
  'deltaRead',
  'proxyReadOne',
  'proxyFullRead',
  'proxyDeltaRead',
];

function repeated(error: ConnectorError, typeName: string, isScim = false): RequestUse[] {
  return USES.filter((use) => isRepeatedByReference(error, { typeName, isScim }, use));
}

/** Attempts and waits of a request that always fails like this. */
async function attempts(
  error: ConnectorError,
  use: 'write' | 'fullRead' | 'deltaRead',
  properties: Record<string, string> = {},
) {
  const waits: number[] = [];
  let calls = 0;
  const call = (): Promise<never> => {
    calls += 1;
    return Promise.reject(error);
  };
  const policy = referencePolicy(properties, { typeName: 'SCIM System', isScim: true }, use);
  const sleep = (ms: number): Promise<void> => Promise.resolve(void waits.push(ms));
  const operation = use === 'write' ? 'idempotent-write' : 'read';
  await expect(withRetries(call, policy, { operation, sleep, random: () => 0 })).rejects.toBe(error);
  return { calls, waits };
}

describe('RTY-3, CONN-CORE-73: the retry matrix of the reference', () => {
  it('timeout: writes and full reads of all types', () => {
    for (const typeName of ['LDAP Server', 'SCIM System', SALES])
      expect(repeated(TIMEOUT, typeName)).toEqual(['write', 'patch', 'fullRead']);
  });

  it.each(SCIM_TYPES)('429: %s, except delta reads', (typeName) => {
    expect(repeated(THROTTLED, typeName, true)).toEqual([
      'write',
      'patch',
      'fullRead',
      'proxyReadOne',
      'proxyFullRead',
    ]);
  });

  it('429: Microsoft Entra ID writes and reads fully; other SCIM types only read; LDAP does neither', () => {
    expect(repeated(THROTTLED, 'Microsoft Entra ID')).toEqual(['write', 'patch', 'fullRead']);
    expect(repeated(THROTTLED, 'SAP CPQ', true)).toEqual(['fullRead', 'proxyReadOne', 'proxyFullRead']);
    expect(repeated(THROTTLED, 'LDAP Server')).toEqual([]);
  });

  it('502: PATCH of two types, everything of Sales Cloud, nothing of the others', () => {
    expect(repeated(BAD_GATEWAY, WORK_ZONE, true)).toEqual(['patch']);
    expect(repeated(BAD_GATEWAY, UAA, true)).toEqual(['patch']);
    expect(repeated(BAD_GATEWAY, SALES, true)).toEqual(USES);
    expect(repeated(BAD_GATEWAY, 'SCIM System', true)).toEqual([]);
    expect(repeated(failure({ kind: 'badGateway', status: 503 }), SALES, true)).toEqual([]);
  });

  it('403: writes of SAP Analytics Cloud', () => {
    expect(repeated(FORBIDDEN, 'SAP Analytics Cloud', true)).toEqual(['write', 'patch']);
    expect(repeated(FORBIDDEN, 'SCIM System', true)).toEqual([]);
  });

  it('connections that are refused or cut are not repeated', () => {
    for (const typeName of [...SCIM_TYPES, SALES]) expect(repeated(failure({}), typeName, true)).toEqual([]);
  });

  it('RTY-2, RTY-3: as often as the property says, at its interval, also after 429', async () => {
    const properties = { 'ips.failed.request.retry.attempts': '3', 'ips.failed.request.retry.attempts.interval': '20' };
    expect(await attempts(TIMEOUT, 'write', properties)).toEqual({ calls: 4, waits: [20_000, 20_000, 20_000] });
    expect(await attempts(THROTTLED, 'fullRead', properties)).toEqual({ calls: 4, waits: [20_000, 20_000, 20_000] });
    expect(await attempts(TIMEOUT, 'deltaRead', properties)).toEqual({ calls: 1, waits: [] });
    expect(await attempts(BAD_GATEWAY, 'write', properties)).toEqual({ calls: 1, waits: [] });
  });

  it('CONN-CORE-74: where nothing is repeated one Retry-After of 429 or 503 is, unless that is switched off', async () => {
    const asked = failure({ kind: 'throttled', status: 429, retryAfterMs: 7_000 });
    expect(await attempts(asked, 'deltaRead')).toEqual({ calls: 2, waits: [7_000] });
    const away = failure({ kind: 'throttled', status: 503, retryAfterMs: 2_000 });
    expect(await attempts(away, 'write')).toEqual({ calls: 2, waits: [2_000] });
    const off = { 'ips.reference.retry.after': 'disabled' };
    expect(await attempts(asked, 'deltaRead', off)).toEqual({ calls: 1, waits: [] });
  });

  it('CONN-CORE-74: a create is not idempotent', async () => {
    let calls = 0;
    const policy = referencePolicy({}, { typeName: 'LDAP Server', isScim: false }, 'write');
    const call = (): Promise<never> => {
      calls += 1;
      return Promise.reject(failure({ kind: 'throttled', status: 429, retryAfterMs: 1 }));
    };
    const hooks = { operation: 'create', sleep: () => Promise.resolve() } as const;
    await expect(withRetries(call, policy, hooks)).rejects.toMatchObject({ status: 429 });
    expect(calls).toBe(1);
  });

  it('CONN-CORE-71: after 502 two types wait 50 seconds at most, also outside of the behaviour of the reference', async () => {
    const properties = { 'ips.failed.request.retry.attempts.interval': '60' };
    const waits = async (typeName: string): Promise<number[]> => {
      const slept: number[] = [];
      const sleep = (ms: number): Promise<void> => Promise.resolve(void slept.push(ms));
      const call = (): Promise<never> => Promise.reject(BAD_GATEWAY);
      const hooks = { operation: 'idempotent-write', sleep, random: () => 1 } as const;
      await expect(withRetries(call, retryPolicy(properties, typeName), hooks)).rejects.toThrow();
      return slept;
    };
    expect(await waits(UAA)).toEqual([50_000, 50_000]);
    expect(await waits(SALES)).toEqual([50_000, 50_000]);
    expect(await waits('SCIM System')).toEqual([60_000, 60_000]);
  });
});
