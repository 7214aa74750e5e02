import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { RUN_CLOSED } from '../../activities/contract.js';
import { SystemConfigurationError } from '../../activities/support/run-context.js';
import { ConnectorError } from '../../connectors/errors.js';
import type { ConnectorErrorFields, ConnectorErrorKind } from '../../connectors/errors.js';
import { createLogger } from '../../runtime/logger.js';
import { RunTakenOverError } from '../../state/runs/fence.js';
import { isDatabaseAway } from '../../worker/interceptors/database-away.js';
import { toFailure } from '../../worker/interceptors/errors.js';
import { loggingInterceptor } from '../../worker/interceptors/logging.js';

function translate(error: unknown) {
  const unexpected: unknown[] = [];
  const failure = toFailure(error, (found) => unexpected.push(found));
  return { failure, unexpected };
}

function connectorError(kind: ConnectorErrorKind, fields: Partial<ConnectorErrorFields> = {}): ConnectorError {
  return new ConnectorError({
    kind,
    scope: 'system',
    outcome: 'not-applied',
    safeMessage: `create user: ${kind}`,
    adminMessage: 'POST https://example.test/Users answered "jane.roe"',
    ...fields,
  });
}

describe('the table of errors', () => {
  const retried: ConnectorErrorKind[] = ['throttled', 'timeout', 'badGateway', 'transient', 'deltaLost', 'tooLarge'];
  it.each([...retried, 'precondition', 'conflict', 'notFound'] as const)('%s is tried again', (kind) => {
    const { failure, unexpected } = translate(connectorError(kind));
    expect(failure).toMatchObject({ type: kind, nonRetryable: false, message: `create user: ${kind}` });
    expect(unexpected).toEqual([]);
  });

  it.each(['auth', 'forbidden', 'fatal', 'protocol', 'unsupported', 'invalid', 'ambiguous'] as const)(
    '%s of a whole system is final',
    (kind) => expect(translate(connectorError(kind)).failure).toMatchObject({ type: kind, nonRetryable: true }),
  );

  it('forbidden for one entity is tried again', () => {
    const { failure } = translate(connectorError('forbidden', { scope: 'entity' }));
    expect(failure).toMatchObject({ type: 'forbidden', nonRetryable: false });
  });

  it('RTY-4: Retry-After decides when the next attempt is', () => {
    const { failure } = translate(connectorError('throttled', { retryAfterMs: 42_000 }));
    expect(failure).toMatchObject({ nextRetryDelay: 42_000 });
  });

  it('cancelled becomes a cancellation', () => {
    expect(translate(connectorError('cancelled')).failure).toBeInstanceOf(CancelledFailure);
    expect(translate(Object.assign(new Error('stop'), { name: 'AbortError' })).failure).toBeInstanceOf(
      CancelledFailure,
    );
  });

  it('failures and cancellations of Temporal stay as they are', () => {
    const own = ApplicationFailure.nonRetryable('no', 'own');
    const cancelled = new CancelledFailure('stop');
    expect(translate(own).failure).toBe(own);
    expect(translate(cancelled).failure).toBe(cancelled);
  });

  it('a run that was taken over is not ours', () => {
    const { failure } = translate(new RunTakenOverError('run 7 is closed'));
    expect(failure).toMatchObject({ type: RUN_CLOSED, nonRetryable: true });
  });

  it('a configuration that cannot be used is final', () => {
    const { failure } = translate(new SystemConfigurationError('HR: no connector of type X is installed'));
    expect(failure).toMatchObject({ type: 'configuration', nonRetryable: true });
  });

  it('a database that is away is waited for and not counted', () => {
    const { failure, unexpected } = translate(Object.assign(new Error('terminating'), { code: '57P01' }));
    expect(failure).toMatchObject({ type: 'databaseAway', nonRetryable: false });
    expect(unexpected).toEqual([]);
  });

  it('anything else is tried again and counted, and its text does not get into the history', () => {
    const error = new SyntaxError('Unexpected token in "jane.roe@example.test"');
    const { failure, unexpected } = translate(error);
    expect(failure).toMatchObject({ type: 'unexpected', nonRetryable: false, message: 'unexpected SyntaxError' });
    expect(failure.cause).toBeUndefined();
    expect(failure.stack).not.toContain('jane.roe');
    expect(unexpected).toEqual([error]);
  });
});

describe('a database that is away', () => {
  it.each(['08006', '57P01', '57P03', '53300', '25006', 'ECONNREFUSED', 'ECONNRESET'])('is told by code %s', (code) => {
    expect(isDatabaseAway(Object.assign(new Error('x'), { code }))).toBe(true);
  });

  it.each(['23505', '42P01', 'ENOENT'])('is not told by code %s', (code) => {
    expect(isDatabaseAway(Object.assign(new Error('x'), { code }))).toBe(false);
  });

  it('is told by the driver without a code, and by all addresses of a host', () => {
    expect(isDatabaseAway(new Error('Connection terminated unexpectedly'))).toBe(true);
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(isDatabaseAway(new AggregateError([refused, refused]))).toBe(true);
    expect(isDatabaseAway(new AggregateError([refused, new TypeError('x')]))).toBe(false);
    expect(isDatabaseAway(new TypeError('x'))).toBe(false);
  });
});

describe('the log of activities', () => {
  async function linesOf(attempt: number, work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
    const lines: Record<string, unknown>[] = [];
    const log = createLogger({ logLevel: 'debug' }, {}, { write: (line: string) => lines.push(JSON.parse(line)) });
    const { context } = new MockActivityEnvironment({ attempt, activityType: 'drainChunk' });
    const interceptor = loggingInterceptor(context, log);
    const input = { args: [{ runKey: '7', targetNo: 2, type: 'user', late: false, secret: 'x' }], headers: {} };
    await interceptor.execute?.(input, work).catch(() => undefined);
    return lines;
  }

  it('names the run, the target and the attempt, and nothing else of the input', async () => {
    const [line] = await linesOf(1, async () => ({ more: false }));
    expect(line).toMatchObject({
      activity: 'drainChunk',
      attempt: 1,
      runKey: '7',
      targetNo: 2,
      type: 'user',
      level: 'debug',
    });
    expect(line).not.toHaveProperty('secret');
  });

  it.each([
    [9, []],
    [10, ['warn']],
    [11, []],
    [25, ['error']],
    [50, ['error']],
  ])('at attempt %i it raises its voice: %j, before the work begins', async (attempt, expected) => {
    const lines = await linesOf(attempt, async () => ({ more: false }));
    expect(lines.slice(0, -1).map((line) => line['level'])).toEqual(expected);
  });

  it('tells the kind of a failure', async () => {
    const [line] = await linesOf(1, async () => {
      throw ApplicationFailure.retryable('create user: timeout', 'timeout');
    });
    expect(line).toMatchObject({ level: 'warn', kind: 'timeout', retryable: true, reason: 'create user: timeout' });
  });

  it('does not call a stop a failure', async () => {
    const [line] = await linesOf(1, async () => {
      throw new CancelledFailure('stop');
    });
    expect(line).toMatchObject({ level: 'info', msg: 'activity stopped' });
  });
});
