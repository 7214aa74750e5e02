import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMailer } from '../../runtime/mailer.js';
import { claimMail, hasMailWork } from '../../state/notifications/delivery.js';
import { countUndeliverable, listMails, removeRecipient } from '../../state/notifications/index.js';
import { Mortal, ProcessDiedError } from '../support/crash.js';
import { startMailServer } from '../support/mail-server.js';
import { jobThatEnds, MailScene, NO_RETRIES } from '../support/mail-scene.js';
import { World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const FAILURE = 'Provisioning Finished with Error';

describe('mails are delivered', () => {
  let scene: MailScene;
  let world: World;
  let cloud: WorldTarget;
  beforeEach(async () => {
    scene = await MailScene.start();
    world = await World.join(scene.engine, { hr: { properties: NO_RETRIES } });
    cloud = await world.addTarget('Cloud', {}, { properties: NO_RETRIES });
  });
  afterEach(async () => {
    await world.stop();
    await scene.stop();
  });

  it('NTF-5, NTF-7: each recipient gets a message of its own, with all of the job in it and no other address', async () => {
    await scene.subscribe(world.hr, 'anna@example.com');
    await scene.subscribe(world.hr, 'team@example.com');
    await jobThatEnds(world, cloud, 'nocon');
    const { jobId } = (await listMails(scene.engine.pool, world.hr.no, 1))[0] ?? {};
    await scene.round();
    const { received } = scene.server;
    expect(received.map(({ recipients, parsed }) => [recipients, parsed.subject])).toEqual([
      [['anna@example.com'], `${FAILURE}. Source System: ${world.hr.name}`],
      [['team@example.com'], `${FAILURE}. Source System: ${world.hr.name}`],
    ]);
    expect(received[0]?.raw).not.toContain('team@example.com');
    expect(received[1]?.raw).not.toContain('anna@example.com');
    const [first, second] = received.map(({ parsed }) => parsed);
    expect(first?.text).toMatch(
      new RegExp(
        `^Source system: ${world.hr.name}\nTarget systems: ${cloud.system.name}\nJob type: Read\n` +
          `Start time: \\d\\d/[A-Z][a-z]{2}/\\d{4} \\d\\d:\\d\\d:\\d\\d \\+00\nStatus: Finished with Error\n\n` +
          `Navigate to details: https://muster.example.com/api/v1/jobs/${jobId ?? '?'}\n`,
      ),
    );
    expect(first?.html).toContain('>Navigate to details</a>');
    expect(first?.from?.text).toBe('"Muster" <muster@example.com>');
    expect(first?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(first?.messageId).not.toBe(second?.messageId);
  });

  it('NTF-20: what the server refuses is offered again, later and later, until it is taken; the job does not notice', async () => {
    await scene.subscribe(world.hr, 'anna@example.com');
    scene.server.fault = { at: 'recipient', code: 451 };
    expect((await jobThatEnds(world, cloud, 'nocon')).status).toBe('Finished with Error');
    expect(await scene.round()).toEqual([]);
    const [waiting] = await scene.outbox();
    expect(waiting).toMatchObject({ state: 'waiting', attempts: 1 });
    expect(waiting?.lastError).toMatch(/451 no such mailbox really|451.*no such mailbox/);
    // Not before its time.
    expect(await scene.round()).toEqual([]);
    expect(await scene.outbox()).toMatchObject([{ attempts: 1 }]);
    scene.pass(MINUTE_MS);
    scene.server.fault = { at: 'message', code: 554 };
    expect(await scene.round()).toEqual([]);
    expect(await scene.outbox()).toMatchObject([{ state: 'waiting', attempts: 2 }]);
    scene.pass(MINUTE_MS);
    expect(await scene.round()).toEqual([]);
    expect(await scene.outbox()).toMatchObject([{ attempts: 2 }]);
    scene.server.fault = undefined;
    scene.pass(MINUTE_MS);
    expect(await scene.round()).toEqual([FAILURE]);
    expect(await scene.outbox()).toMatchObject([{ state: 'sent', attempts: 3, lastError: null }]);
    scene.pass(24 * HOUR_MS);
    expect(await scene.round()).toEqual([]);
  });

  it('NTF-20: after 24 hours it is undeliverable, shown at the source with the reason, and not tried again', async () => {
    await scene.subscribe(world.hr, 'anna@example.com');
    scene.server.fault = { at: 'recipient', code: 550 };
    await jobThatEnds(world, cloud, 'nocon');
    await scene.round();
    for (let hour = 0; hour < 25; hour += 1) {
      scene.pass(HOUR_MS);
      await scene.round();
    }
    expect(await countUndeliverable(scene.engine.pool, world.hr.no, 'jobs')).toBe(1);
    const [mail] = await listMails(scene.engine.pool, world.hr.no, 9);
    expect(mail).toMatchObject({ state: 'undeliverable', email: 'anna@example.com', nextAttemptAt: null });
    expect(mail?.error).toContain('550');
    scene.server.fault = undefined;
    scene.pass(HOUR_MS);
    expect(await scene.round()).toEqual([]);
    expect(await hasMailWork(scene.engine.pool, new Date(), true)).toBe(false);
    // Nothing is kept for ever.
    scene.pass(30 * 24 * HOUR_MS);
    await scene.round();
    expect(await scene.outbox()).toEqual([]);
    expect(await scene.engine.pool.query('select 1 from mail_event')).toEqual([]);
  });

  it('NTF-20: while no server answers, one mail tries it in each round, and the others wait their turn', async () => {
    for (const name of ['a', 'b', 'c']) await scene.subscribe(world.hr, `${name}@example.com`);
    await jobThatEnds(world, cloud, 'nocon');
    await scene.server.stop();
    const { activities } = scene.engine;
    await activities.sendMails();
    expect((await scene.outbox()).map(({ attempts }) => attempts)).toEqual([1, 0, 0]);
    await activities.sendMails();
    expect((await scene.outbox()).map(({ attempts, state }) => [attempts, state])).toEqual([
      [1, 'waiting'],
      [1, 'waiting'],
      [0, 'waiting'],
    ]);
    expect((await scene.outbox())[0]?.lastError).toMatch(/ECONNREFUSED/);
  });

  it('NTF-20: a server that took the message and never said so is not asked again: at most once', async () => {
    await scene.subscribe(world.hr, 'anna@example.com');
    scene.server.fault = { at: 'answer' };
    await jobThatEnds(world, cloud, 'nocon');
    expect(await scene.round()).toEqual([FAILURE]);
    expect(await scene.outbox()).toMatchObject([
      { state: 'undeliverable', attempts: 1, lastError: expect.stringContaining('it may have arrived') },
    ]);
    scene.server.fault = undefined;
    scene.pass(2 * HOUR_MS);
    expect(await scene.round()).toEqual([]);
  });

  it.each([
    ['mailClaimed', 0],
    ['mailAnswered', 1],
  ] as const)('NTF-20: a process that dies at "%s" is followed by no second message', async (moment, arrived) => {
    await scene.subscribe(world.hr, 'anna@example.com');
    await jobThatEnds(world, cloud, 'nocon');
    const mortal = new Mortal({ moment, nth: 1 });
    const pool = mortal.pool(scene.engine.databaseUrl);
    const { activities } = scene.engine.newProcess({ pool, reached: mortal.reached });
    await expect(activities.sendMails()).rejects.toThrow(ProcessDiedError);
    await activities.close();
    await pool.close();
    expect(scene.server.newSubjects()).toHaveLength(arrived);
    expect(await scene.round()).toEqual([]);
    scene.pass(HOUR_MS);
    expect(await scene.round()).toEqual([]);
    const [mail] = await scene.outbox();
    expect(mail).toMatchObject({ state: 'undeliverable' });
    expect(mail?.lastError).toContain('it may have arrived');
  });

  it('NTF-20: two processes that send at once send each mail once', async () => {
    const everybody = Array.from({ length: 8 }, (_, no) => `p${no}@example.com`);
    for (const email of everybody) await scene.subscribe(world.hr, email);
    await jobThatEnds(world, cloud, 'nocon');
    const other = scene.engine.newProcess();
    await Promise.all([scene.engine.activities.sendMails(), other.activities.sendMails()]);
    await other.activities.close();
    expect(scene.server.received.flatMap(({ recipients }) => recipients).sort()).toEqual(everybody);
    // The same without the time that a mail server takes: each of those who ask at once has another one, and nobody waits.
    await scene.engine.pool.query(`update mail set state = 'waiting'`);
    const claims = await Promise.all(everybody.map(() => claimMail(scene.engine.pool, new Date())));
    expect(claims.map((mail) => mail?.email).sort()).toEqual(everybody);
  });

  it('NTF-20: without a mail server nothing piles up: what waits is given up after 24 hours, with what to set', async () => {
    await scene.subscribe(world.hr, 'anna@example.com');
    await jobThatEnds(world, cloud, 'nocon');
    const now = (hours: number): Date => new Date(Date.now() + hours * HOUR_MS);
    expect(await hasMailWork(scene.engine.pool, now(1), false)).toBe(false);
    expect(await hasMailWork(scene.engine.pool, now(25), false)).toBe(true);
    // The same installation, with a worker that knows no mail server.
    const { activities } = scene.engine.newProcess({ mailer: null, clock: () => now(25) });
    await activities.sendMails();
    await activities.close();
    const [mail] = await scene.outbox();
    expect(mail).toMatchObject({ state: 'undeliverable', attempts: 0 });
    expect(mail?.lastError).toContain('set MUSTER_SMTP_HOST');
  });

  it('NTF-3, NTF-20: what waits for a recipient who is removed is not sent', async () => {
    const anna = await scene.subscribe(world.hr, 'anna@example.com');
    await scene.subscribe(world.hr, 'bert@example.com');
    await jobThatEnds(world, cloud, 'nocon');
    expect(await removeRecipient(scene.engine.pool, world.hr.no, 'jobs', anna.id)).toBe(true);
    await scene.round();
    expect(scene.server.received.flatMap(({ recipients }) => recipients)).toEqual(['bert@example.com']);
  });

  it('NTF-7: names with line breaks, quotes and letters of any alphabet arrive as they are and make no header', async () => {
    const { pool } = scene.engine;
    const name = 'Späße "Größe" 東京 Ωμέγα\r\nBcc: thief@example.com\r\n\r\nHello';
    await scene.subscribe(world.hr, 'anna@example.com');
    await pool.query('update notification_recipient set name = $1', ['Ännä "die\r\nBcc: thief@example.com" Ω']);
    await pool.query('update system set name = $2 where no = $1', [world.hr.no, name]);
    await jobThatEnds(world, cloud, 'nocon');
    await scene.round();
    const [mail] = scene.server.received;
    expect(mail?.recipients).toEqual(['anna@example.com']);
    const shown = 'Späße "Größe" 東京 Ωμέγα Bcc: thief@example.com Hello';
    expect(mail?.parsed.subject).toBe(`${FAILURE}. Source System: ${shown}`);
    expect(mail?.parsed.text?.split('\n')[0]).toBe(`Source system: ${shown}`);
    expect(mail?.parsed.bcc).toBeUndefined();
    expect(mail?.parsed.headerLines.map(({ key }) => key)).not.toContain('bcc');
    const to = mail?.parsed.to;
    expect((Array.isArray(to) ? to : [to]).flatMap((list) => list?.value ?? [])).toMatchObject([
      { address: 'anna@example.com' },
    ]);
  });
});

describe('the mail server is spoken with', () => {
  const MAIL = {
    to: { name: 'Anna', address: 'anna@example.com' },
    subject: 'Hello',
    text: 'Hello',
    html: '<p>Hello</p>',
    messageId: '1@muster.example.com',
    date: new Date('2026-11-28T10:00:00Z'),
  };

  it('NTF-20: over STARTTLS, with the certificate checked, signed in', async () => {
    const server = await startMailServer({ secured: true });
    try {
      expect(await createMailer(server.settings).send(MAIL)).toEqual({ kind: 'sent' });
      expect(server.received).toMatchObject([
        { isEncrypted: true, user: 'muster', sender: 'muster@example.com', recipients: ['anna@example.com'] },
      ]);
      expect(server.received[0]?.parsed.messageId).toBe('<1@muster.example.com>');
      const wrong = await createMailer({ ...server.settings, password: 'guess' }).send(MAIL);
      expect(wrong).toMatchObject({ kind: 'refused', isServerAway: true });
      expect(JSON.stringify(wrong)).not.toContain('guess');
      const untrusted = await createMailer({ ...server.settings, caFile: undefined }).send(MAIL);
      expect(untrusted).toMatchObject({ kind: 'refused', isServerAway: true });
      const missing = await createMailer({ ...server.settings, caFile: '/nowhere/ca.pem' }).send(MAIL);
      expect(missing).toMatchObject({ kind: 'refused', reason: expect.stringContaining('/nowhere/ca.pem') });
      expect(server.received).toHaveLength(1);
    } finally {
      await server.stop();
    }
  });

  it.each([
    ['recipient', 'refused'],
    ['message', 'uncertain'],
  ] as const)('NTF-20: a server that never answers the %s ends the attempt: %s', async (at, kind) => {
    const server = await startMailServer();
    server.fault = { at, code: 'never' };
    try {
      const answer = await createMailer(server.settings, 300).send(MAIL);
      expect(answer).toMatchObject({ kind, reason: expect.stringContaining('the mail server took too long') });
    } finally {
      await server.stop();
    }
  });

  it('NTF-20: a server without STARTTLS gets nothing from a mailer that wants it', async () => {
    const server = await startMailServer();
    try {
      const answer = await createMailer({ ...server.settings, tls: 'starttls' }).send(MAIL);
      expect(answer).toMatchObject({ kind: 'refused', isServerAway: true });
      expect(server.received).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
