import { describe, expect, it } from '@jest/globals';
import { ConnectorError, type ConnectorErrorFields } from '../../connectors/errors.js';
import { retryPolicy, withRetries, type RetryHooks } from '../../connectors/retry.js';

const failure = (fields: Partial<ConnectorErrorFields>): ConnectorError =>
  new ConnectorError({ kind: 'transient', scope: 'system', outcome: 'not-applied', safeMessage: 'x', ...fields });

/** A call that fails with the given errors, then succeeds; records its waits. */
function scene(errors: ConnectorError[], hooks: Partial<RetryHooks> = {}, properties: Record<string, string> = {}) {
  const waits: number[] = [];
  let calls = 0;
  const result = withRetries(
    () => {
      const error = errors[calls++];
      return error === undefined ? Promise.resolve('done') : Promise.reject(error);
    },
    retryPolicy(properties),
    {
      operation: 'read',
      sleep: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
      random: () => 1,
      ...hooks,
    },
  );
  return { result, waits, calls: () => calls };
}

const always = (fields: Partial<ConnectorErrorFields>): ConnectorError[] =>
  Array.from({ length: 100 }, () => failure(fields));

describe('withRetries', () => {
  it('RTY-2, CONN-CORE-70: two retries by default, then the last error', async () => {
    const { result, calls } = scene(always({}));
    await expect(result).rejects.toMatchObject({ kind: 'transient' });
    expect(calls()).toBe(3);
  });

  it.each([
    [{}, 2, 30_000],
    [{ attempts: '0', interval: '1' }, 0, 1_000],
    [{ attempts: '3', interval: '60' }, 3, 60_000],
    [{ attempts: '9', interval: '600' }, 3, 60_000],
    [{ attempts: '-1', interval: '0' }, 2, 30_000],
    [{ attempts: 'many', interval: '1.5' }, 2, 30_000],
  ])(
    'RTY-2: %j is bounded at run time',
    ({ attempts, interval }: { attempts?: string; interval?: string }, retries, ms) => {
      const properties = {
        ...(attempts === undefined ? {} : { 'ips.failed.request.retry.attempts': attempts }),
        ...(interval === undefined ? {} : { 'ips.failed.request.retry.attempts.interval': interval }),
      };
      expect(retryPolicy(properties)).toMatchObject({ retries, intervalMs: ms });
    },
  );

  it('RTY-4: without Retry-After the interval doubles up to 60 s, with jitter below', async () => {
    const properties = { 'ips.failed.request.retry.attempts': '3', 'ips.failed.request.retry.attempts.interval': '20' };
    const high = scene(always({ kind: 'badGateway', status: 502 }), {}, properties);
    await expect(high.result).rejects.toThrow();
    expect(high.waits).toEqual([20_000, 40_000, 60_000]);
    const low = scene(always({ kind: 'timeout' }), { random: () => 0 }, properties);
    await expect(low.result).rejects.toThrow();
    expect(low.waits).toEqual([16_000, 32_000, 48_000]);
  });

  it('CONN-CORE-72: Retry-After replaces the interval and is never undercut', async () => {
    const { result, waits } = scene([failure({ kind: 'throttled', status: 503, retryAfterMs: 7_000 })], {
      random: () => 0,
    });
    await expect(result).resolves.toBe('done');
    expect(waits).toEqual([7_000]);
  });

  it('RTY-4: 429 is bounded by 15 minutes, not by the attempts', async () => {
    const { result, waits } = scene(always({ kind: 'throttled', status: 429, retryAfterMs: 120_000 }), {
      random: () => 0,
    });
    await expect(result).rejects.toMatchObject({ kind: 'throttled' });
    expect(waits).toHaveLength(7);
  });

  it.each([
    'auth',
    'forbidden',
    'conflict',
    'notFound',
    'precondition',
    'invalid',
    'unsupported',
    'protocol',
    'fatal',
    'cancelled',
  ] as const)('RTY-6: %s is never repeated', async (kind) => {
    const { result, calls } = scene(always({ kind }));
    await expect(result).rejects.toMatchObject({ kind });
    expect(calls()).toBe(1);
  });

  it.each([400, 404, 409, 412, 422])('RTY-6: status %i is never repeated, whatever the kind', async (status) => {
    const { result, calls } = scene(always({ kind: 'transient', status }));
    await expect(result).rejects.toMatchObject({ status });
    expect(calls()).toBe(1);
  });

  it('RTY-5: a create with unknown outcome goes to the engine; one that was not applied is repeated', async () => {
    const unknown = scene(always({ kind: 'timeout', outcome: 'unknown' }), { operation: 'create' });
    await expect(unknown.result).rejects.toMatchObject({ outcome: 'unknown' });
    expect(unknown.calls()).toBe(1);
    const refused = scene([failure({ outcome: 'not-applied' })], { operation: 'create' });
    await expect(refused.result).resolves.toBe('done');
  });

  it('CONN-CORE-53: updates and deletes with unknown outcome are repeated', async () => {
    const { result } = scene([failure({ kind: 'timeout', outcome: 'unknown' })], { operation: 'idempotent-write' });
    await expect(result).resolves.toBe('done');
  });

  it('onThrottled may take over: its throw ends the call without a wait', async () => {
    const seen: number[] = [];
    const { result, waits } = scene(always({ kind: 'throttled', status: 429, retryAfterMs: 5_000 }), {
      random: () => 0,
      onThrottled: (waitMs, error) => {
        seen.push(waitMs);
        throw error;
      },
    });
    await expect(result).rejects.toMatchObject({ kind: 'throttled' });
    expect({ seen, waits }).toEqual({ seen: [5_000], waits: [] });
  });

  it('beforeAttempt runs before every attempt and may forbid it', async () => {
    const attempts: number[] = [];
    const { result, calls } = scene(always({}), {
      beforeAttempt: (attempt) => {
        attempts.push(attempt);
        if (attempt === 2) throw new Error('lease lost');
      },
    });
    await expect(result).rejects.toThrow('lease lost');
    expect({ attempts, calls: calls() }).toEqual({ attempts: [1, 2], calls: 1 });
  });

  it('a stop during the wait ends with the last error', async () => {
    const stop = new AbortController();
    const { result, calls } = scene(always({}), {
      signal: stop.signal,
      sleep: () => {
        stop.abort();
        return Promise.resolve();
      },
    });
    await expect(result).rejects.toMatchObject({ kind: 'transient' });
    expect(calls()).toBe(1);
  });

  it('what is no ConnectorError passes through', async () => {
    await expect(
      withRetries(() => Promise.reject(new TypeError('bug')), retryPolicy({}), {
        operation: 'read',
        sleep: () => Promise.resolve(),
      }),
    ).rejects.toThrow(TypeError);
  });
});
