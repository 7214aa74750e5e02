import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeCertificate } from '../../runtime/certificates.js';
import { addCertificate, listCertificates, loadIdentity, switchRenewal } from '../../state/certificates/index.js';
import type { OutboundCertificate } from '../../state/certificates/index.js';
import { deleteSystem, removeOperationalData } from '../../state/config/index.js';
import { addRecipient } from '../../state/notifications/index.js';
import type { RecipientList } from '../../state/notifications/index.js';
import { MailScene } from '../support/mail-scene.js';
import type { TestSystem } from '../support/engine.js';
import { useQuickKeys } from '../support/quick-keys.js';

const DAY_MS = 24 * 60 * 60_000;
const ANNA = 'anna@example.com';

describe('certificates that end', () => {
  useQuickKeys();
  let scene: MailScene;
  let cloud: TestSystem;
  beforeEach(async () => {
    scene = await MailScene.start();
    cloud = await scene.engine.addTarget('Cloud', 'http://127.0.0.1:1/scim');
  });
  afterEach(() => scene.stop());

  async function generate(): Promise<OutboundCertificate> {
    const { pool, keyring } = scene.engine;
    const made = await addCertificate(pool, keyring, cloud, { now: scene.now(), by: 'admin' });
    if (made === undefined) throw new Error('no certificate');
    return made;
  }
  async function subscribe(email: string, list: RecipientList): Promise<void> {
    const topics = list === 'jobs' ? (['jobs', 'held', 'reminder'] as const) : (['certificates'] as const);
    await addRecipient(scene.engine.pool, cloud.no, list, { name: 'Team', email, topics, addedBy: 'test' }, 9);
  }
  const certificates = (): Promise<OutboundCertificate[]> => listCertificates(scene.engine.pool, cloud.no);
  const renew = (isOn: boolean): Promise<void> =>
    switchRenewal(scene.engine.pool, scene.engine.keyring, cloud.no, { isOn, now: scene.now() });

  /** One round of what goes on between jobs: what was tended, and the subjects of the mails that arrived. */
  async function round(email = ANNA): Promise<string[]> {
    const { activities } = scene.engine;
    if ((await activities.findHealable()).hasCertificates === true) await activities.tendCertificates();
    expect(await activities.findHealable()).not.toHaveProperty('hasCertificates');
    await activities.sendMails();
    return scene.server.newSubjects(email);
  }

  it('CRT-7: without regeneration one mail on the 30th, 14th and 3rd day before expiry, to those of the certificates', async () => {
    const { validUntil } = await generate();
    await subscribe(ANNA, 'certificates');
    await subscribe('jobs@example.com', 'jobs');
    const told: Record<number, string[]> = {};
    scene.passTo(new Date(validUntil.getTime() - 31 * DAY_MS));
    for (let left = 31; left >= -2; left -= 1) {
      const subjects = await round();
      if (subjects.length > 0) told[left] = subjects;
      scene.pass(DAY_MS);
    }
    const subject = 'Outbound Certificate Expiration. Target System: Cloud';
    expect(told).toEqual({ 30: [subject], 14: [subject], 3: [subject] });
    expect(scene.server.received.flatMap(({ recipients }) => recipients)).toEqual([ANNA, ANNA, ANNA]);
    const [mail] = scene.server.received;
    expect(mail?.parsed.text).toContain(`Valid until: ${validUntil.toISOString()}`);
    expect(mail?.parsed.text).toContain(`/api/v1/systems/${cloud.id}/certificates`);
    expect(await certificates()).toHaveLength(1);
  });

  it('CRT-5, CRT-7: with regeneration one mail 14 days before; the new one is active, the old one is kept', async () => {
    const old = await generate();
    await renew(true);
    await subscribe(ANNA, 'certificates');
    scene.passTo(new Date(old.validUntil.getTime() - 14.1 * DAY_MS));
    expect(await round()).toEqual([]);
    scene.pass(DAY_MS);
    expect(await round()).toEqual(['Outbound Certificate Renewed. Target System: Cloud']);
    const [active, inactive] = await certificates();
    expect(active).toMatchObject({ isActive: true, createdBy: 'system' });
    expect(inactive).toMatchObject({ id: old.id, isActive: false });
    const [fresh, former] = [active, inactive].map((one) => describeCertificate(one?.certificate ?? ''));
    expect([fresh?.subject, fresh?.issuer]).toEqual([former?.subject, former?.issuer]);
    expect(fresh?.fingerprint).not.toBe(former?.fingerprint);
    const mail = scene.server.received.at(-1)?.parsed.text;
    expect(mail).toContain(fresh?.fingerprint);
    expect(mail).toContain('checks fingerprints');
    scene.pass(5 * DAY_MS);
    expect(await round()).toEqual([]);
    // What a connection brings now.
    const identity = await loadIdentity(scene.engine.pool, scene.engine.keyring, cloud);
    expect(identity?.certificate).toBe(active?.certificate);
  });

  it('CRT-5: with two of them the inactive one makes room', async () => {
    const active = await generate();
    const inactive = await generate();
    await renew(true);
    scene.passTo(active.validUntil);
    await round();
    const ids = (await certificates()).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe(active.id);
    expect(ids).not.toContain(inactive.id);
  });

  it('CRT-5: switched on when the active one has expired and an inactive one exists, it acts at once', async () => {
    const active = await generate();
    scene.pass(DAY_MS);
    const inactive = await generate();
    scene.passTo(new Date(active.validUntil.getTime() + DAY_MS / 2));
    await renew(true);
    const [fresh, former, ...more] = await certificates();
    expect([fresh?.isActive, former?.id, more]).toEqual([true, active.id, []]);
    expect(fresh?.id).not.toBe(inactive.id);
    expect(fresh?.validUntil.getTime()).toBeGreaterThan(scene.now().getTime() + 300 * DAY_MS);
  });

  it('CRT-5: is off until it is switched on, and does nothing before its time', async () => {
    const active = await generate();
    scene.passTo(active.validUntil);
    await round();
    expect((await certificates()).map(({ id }) => id)).toEqual([active.id]);
    await renew(false);
    expect(await certificates()).toHaveLength(1);
  });

  it('CRT-5: two workers that come at once renew once', async () => {
    const active = await generate();
    await renew(true);
    await subscribe(ANNA, 'certificates');
    scene.passTo(active.validUntil);
    const other = scene.engine.newProcess();
    await Promise.all([scene.engine.activities.tendCertificates(), other.activities.tendCertificates()]);
    await other.activities.close();
    expect((await certificates()).map(({ id }) => id).slice(1)).toEqual([active.id]);
    expect(await round()).toHaveLength(1);
  });

  it('CRT-7: mails go with the system', async () => {
    const { validUntil } = await generate();
    await subscribe(ANNA, 'certificates');
    scene.passTo(validUntil);
    await scene.engine.activities.tendCertificates();
    expect(await scene.outbox()).toHaveLength(1);
    await scene.engine.dataSource.transaction(async (manager) => {
      await removeOperationalData(manager, cloud.no);
      await deleteSystem(manager, cloud.no);
    });
    expect(await scene.outbox()).toEqual([]);
    expect(await round()).toEqual([]);
    expect(await certificates()).toEqual([]);
  });
});
