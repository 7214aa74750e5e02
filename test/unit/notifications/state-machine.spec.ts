import { describe, expect, it } from '@jest/globals';
import { KEPT_MS, nextAttempt, RETRY_MS } from '../../../core/notifications/attempts.js';
import { NOTIFICATION_PROPERTIES, notificationSettings } from '../../../core/notifications/settings.js';
import { INITIAL_STATE, step } from '../../../core/notifications/state-machine.js';
import type { JobEvent, JobMail, NotificationState } from '../../../core/notifications/state-machine.js';
import { vouchesFor } from '../../../core/notifications/vouches.js';
import type { JobHalf } from '../../../core/notifications/vouches.js';
import { NOTIFICATION_ROWS } from '../../support/notification-rows.js';
import type { JobEnd } from '../../support/notification-rows.js';

/** Events of a job in their order. */
const EVENTS: Readonly<Record<JobEnd, readonly JobEvent[]>> = {
  ok: ['succeeded'],
  fail: ['firstFailure', 'failed'],
  nocon: ['failed'],
  stop: ['failed'],
};

const LETTERS: Readonly<Record<JobMail, string>> = { intermediate: 'I', failure: 'F', recovery: 'S' };

describe('when a mail is due', () => {
  it.each(NOTIFICATION_ROWS)('NTF-12 to NTF-16, NTF-19: row $row, $jobs', ({ settings, then, jobs, mails }) => {
    let state: NotificationState = INITIAL_STATE;
    const due = jobs.map((job, index) => {
      const inForce = notificationSettings(index > 0 && then !== undefined ? then : settings);
      const letters = EVENTS[job].flatMap((event) => {
        const result = step(state, event, inForce);
        state = result.state;
        return result.mail === null ? [] : [LETTERS[result.mail]];
      });
      return letters.length === 0 ? '–' : letters.join(' ');
    });
    expect(due).toEqual(mails);
  });

  it('NTF-19: the table has all rows of the specification', () => {
    expect(NOTIFICATION_ROWS.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    for (const { jobs, mails } of NOTIFICATION_ROWS) expect(mails).toHaveLength(jobs.length);
  });

  it('NTF-9, NTF-10, PRP-60, PRP-61, PRP-62: settings with their defaults; blanks around a value do not count', () => {
    expect(notificationSettings({})).toEqual({ skipIntermediate: false, ignoredFailures: 0, repeatOnFailure: false });
    expect(
      notificationSettings({
        [NOTIFICATION_PROPERTIES.repeat]: ' true ',
        [NOTIFICATION_PROPERTIES.ignored]: '12',
        [NOTIFICATION_PROPERTIES.skipIntermediate]: 'true',
      }),
    ).toEqual({ skipIntermediate: true, ignoredFailures: 12, repeatOnFailure: true });
    for (const value of ['-1', '1.5', 'many', ''])
      expect(notificationSettings({ [NOTIFICATION_PROPERTIES.ignored]: value }).ignoredFailures).toBe(0);
  });

  it('NTF-15: the success of a plan says nothing of its application, and the other way round', () => {
    const halves: JobHalf[] = ['both', 'reading', 'writing'];
    const table = halves.map((succeeded) => [...halves, null].map((failed) => vouchesFor(succeeded, failed)));
    expect(table).toEqual([
      [true, true, true, true],
      [true, true, false, true],
      [false, false, true, true],
    ]);
  });
});

describe('when a mail is offered again', () => {
  const minutes = (ms: number | null): number | null => (ms === null ? null : ms / 60_000);

  it('NTF-20: after 1, 2, 4 … 60 minutes, for the last time after 24 hours', () => {
    const pauses: (number | null)[] = [];
    let nowMs = 0;
    for (let attempts = 1; ; attempts += 1) {
      const next = nextAttempt({ eventMs: 0, nowMs, attempts });
      pauses.push(minutes(next === null ? null : next - nowMs));
      if (next === null) break;
      nowMs = next;
    }
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(nowMs).toBe(RETRY_MS);
    expect(pauses).toHaveLength(30);
    expect(RETRY_MS).toBeLessThan(KEPT_MS);
  });

  it('NTF-20: a mail that was first offered late has one attempt', () => {
    expect(nextAttempt({ eventMs: 0, nowMs: RETRY_MS, attempts: 1 })).toBeNull();
    expect(nextAttempt({ eventMs: 0, nowMs: RETRY_MS - 1, attempts: 1 })).toBe(RETRY_MS);
  });
});
