import { describe, expect, it } from '@jest/globals';
import { forManyWaiters, pause } from '../../activities/support/run-watch.js';

describe('waiting on the signal of a run', () => {
  it('takes as many waiters as a batch has pairs, without a warning of a leak', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    const stop = new AbortController();
    const signal = forManyWaiters(stop.signal);
    const waiting = Array.from({ length: 300 }, () => pause(60_000, signal));
    await new Promise((turn) => setImmediate(turn));
    stop.abort();
    await Promise.all(waiting);
    process.off('warning', note);
    expect(warnings).not.toContain('MaxListenersExceededWarning');
  });
});
