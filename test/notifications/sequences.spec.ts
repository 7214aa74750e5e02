import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobThatEnds, MailScene, NO_RETRIES } from '../support/mail-scene.js';
import { NOTIFICATION_ROWS } from '../support/notification-rows.js';
import { World } from '../support/world.js';

const LETTERS: Readonly<Record<string, string>> = {
  'Provisioning Running with Error': 'I',
  'Provisioning Finished with Error': 'F',
  'Provisioning Success': 'S',
};
const STATUS = {
  ok: 'Success',
  fail: 'Finished with Error',
  nocon: 'Finished with Error',
  stop: 'Manually Terminated',
};

describe('mails of jobs in a row, from the job to the mailbox', () => {
  let scene: MailScene;
  beforeAll(async () => {
    scene = await MailScene.start();
  });
  afterAll(() => scene.stop());

  it.each(NOTIFICATION_ROWS)(
    'NTF-6, NTF-10, NTF-11, NTF-19, PRP-9: row $row, $jobs: $mails',
    async ({ row, settings, then, jobs, mails, subscribedAfter = 0 }) => {
      const world = await World.join(scene.engine, { hr: { properties: { ...NO_RETRIES, ...settings } } });
      try {
        const target = await world.addTarget('Cloud', {}, { properties: NO_RETRIES });
        const email = `row${row}@example.com`;
        const arrived: string[] = [];
        for (const [index, job] of jobs.entries()) {
          if (index === subscribedAfter) await scene.subscribe(world.hr, email);
          if (index === 1 && then !== undefined) await scene.engine.changeProperties(world.hr, then);
          const { status } = await jobThatEnds(world, target, job);
          expect([job, status]).toEqual([job, STATUS[job]]);
          const letters = (await scene.round(email)).map((subject) => LETTERS[subject] ?? subject);
          arrived.push(letters.length === 0 ? '–' : letters.join(' '));
        }
        // Who was not subscribed yet got nothing of what was due.
        expect(arrived).toEqual(mails.map((mail, index) => (index < subscribedAfter ? '–' : mail)));
      } finally {
        await world.stop();
      }
    },
  );
});
