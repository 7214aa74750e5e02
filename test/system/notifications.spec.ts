import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mailEnvironment } from '../../runtime/mail-settings.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { MAIL_USER, startMailServer } from '../support/mail-server.js';
import type { MailServer } from '../support/mail-server.js';
import { testTemporal } from '../support/temporal.js';
import { person } from '../support/world.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';

const temporal = await testTemporal();
/** A round of the outbox comes every minute by itself. */
const LIMIT_MS = 120_000;
const TRIGGER_INTERVAL_MS = 1_000;

temporal.describe('notifications, from subscribing to the mailbox', () => {
  let muster: TestMuster;
  let mail: MailServer;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;
  let cloud: System;

  beforeAll(async () => {
    mail = await startMailServer({ secured: true });
    const settings = Object.entries(mailEnvironment(mail.settings)).map(([name, value]) => [name, value ?? '']);
    const environment: Record<string, string> = Object.fromEntries(settings);
    muster = await TestMuster.start({ temporalAddress: temporal.address, environment });
    source = await startScimSimulator({ users: Array.from({ length: 40 }, (_, no) => person(`p${no}`)) });
    target = await startScimSimulator();
    hr = await muster.addSource('HR', source);
    cloud = await muster.addTarget('Cloud', target, hr, { 'ips.governor.delete': '2' });
    await muster.client.send('POST', `/systems/${hr.id}/recipients`, { name: 'Änne', email: 'anne@example.com' });
  }, LIMIT_MS);

  afterAll(async () => {
    await muster?.stop();
    await Promise.all([source, target, mail].map((server) => server?.stop()));
  });

  /** The next mails that arrive, after which there is nothing in the outbox any more. */
  async function arrived(count: number): Promise<string[]> {
    const before = mail.received.length;
    while (mail.received.length < before + count) {
      // Asks for a round of healing, which also sends mails.
      await muster.client.send('POST', `/systems/${cloud.id}/waiting/retry`, {});
      await new Promise((wake) => setTimeout(wake, TRIGGER_INTERVAL_MS));
    }
    return mail.newSubjects();
  }

  it(
    'GOV-7, NTF-3, NTF-6, NTF-20: held changes, a source that is away, and the end of it',
    async () => {
      expect((await muster.run(hr)).status).toBe('Success');
      for (const id of ['p1', 'p2', 'p3']) source.store.remove('User', id);
      const holding = await muster.run(hr);
      expect(holding.outcome).toEqual(['Held for approval: 3 delete in Cloud']);
      expect(await arrived(1)).toEqual(['Provisioning Held for Approval. Source System: HR']);
      source.faults.arm({ effect: { kind: 'status', status: 403 } });
      const failing = await muster.run(hr);
      expect(failing.status).toBe('Finished with Error');
      expect(await arrived(1)).toEqual(['Provisioning Finished with Error. Source System: HR']);
      source.faults.clear();
      expect((await muster.run(hr)).status).toBe('Success');
      expect(await arrived(1)).toEqual(['Provisioning Success. Source System: HR']);

      expect(mail.received).toHaveLength(3);
      for (const one of mail.received)
        expect(one).toMatchObject({ recipients: ['anne@example.com'], isEncrypted: true, user: MAIL_USER.user });
      // The link leads to the job, and the commands of the mail to the plan.
      const [held, failed] = mail.received.map(({ parsed }) => parsed.text ?? '');
      expect(failed).toContain(`Navigate to details: https://muster.example.com/api/v1/jobs/${failing.id}\n`);
      const plan = /Plan: (\S+)/.exec(held ?? '')?.[1] ?? '';
      expect(await muster.client.send('GET', `/plans/${plan}`)).toMatchObject({ kind: 'held', counts: { total: 3 } });
      expect(await muster.client.send('GET', `/systems/${hr.id}/notifications`)).toMatchObject({
        failedJobs: 0,
        undeliverable: 0,
        mails: [{ state: 'sent' }, { state: 'sent' }, { state: 'sent' }],
      });
      expect(muster.logged()).not.toContain('anne@example.com');
      expect(muster.logged()).not.toContain(MAIL_USER.password);
    },
    LIMIT_MS,
  );
});
