import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LeaseClock } from '../../activities/drain/lease-clock.js';

const LONG_MS = 60_000;

describe('the clock of a lease', () => {
  it('engine invariant 3: is prolonged by a renewal that began later', () => {
    const clock = new LeaseClock();
    clock.extend(LeaseClock.mark(), LONG_MS);
    expect(clock.allows(LONG_MS)).toBe(false);
    clock.prolong(LeaseClock.mark(), 2 * LONG_MS);
    expect(clock.allows(LONG_MS)).toBe(true);
  });

  it('engine invariant 8: stays over when it has run out before the renewal came', async () => {
    const clock = new LeaseClock();
    clock.extend(LeaseClock.mark(), 10);
    await pause(30);
    clock.prolong(LeaseClock.mark(), LONG_MS);
    expect(clock.allows(0)).toBe(false);
  });

  it('engine invariant 8: a claim lasts as long as the lease, and as long as is asked for', () => {
    const clock = new LeaseClock();
    expect(clock.claimMs(5)).toBe(5);
    clock.extend(LeaseClock.mark(), LONG_MS);
    expect(clock.claimMs(5)).toBeGreaterThan(LONG_MS / 2);
    expect(clock.claimMs(5)).toBeLessThanOrEqual(LONG_MS);
    expect(clock.claimMs(LONG_MS + 1)).toBe(LONG_MS + 1);
  });
});
