import { describe, expect, it } from '@jest/globals';
import { Bell } from '../../activities/support/bell.js';

const NEVER = new AbortController().signal;
const LONG_MS = 60_000;

describe('Bell', () => {
  it('wakes everybody who waits', async () => {
    const bell = new Bell();
    const waits = [bell.after(bell.count, LONG_MS, NEVER), bell.after(bell.count, LONG_MS, NEVER)];
    bell.ring();
    await Promise.all(waits);
  });

  it('lets nobody wait for a ring between the look and the wait', async () => {
    const bell = new Bell();
    const { count } = bell;
    bell.ring();
    await bell.after(count, LONG_MS, NEVER);
  });

  it('stops waiting on abort, and after the time', async () => {
    const bell = new Bell();
    const stop = new AbortController();
    const wait = bell.after(bell.count, LONG_MS, stop.signal);
    stop.abort();
    await wait;
    await bell.after(bell.count, LONG_MS, stop.signal);
    await bell.after(bell.count, 5, NEVER);
    expect(bell.count).toBe(0);
  });
});
