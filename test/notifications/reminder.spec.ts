import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NOTIFICATION_PROPERTIES } from '../../core/notifications/settings.js';
import { jobThatEnds, MailScene, NO_RETRIES } from '../support/mail-scene.js';
import { World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const DAY_MS = 24 * 60 * 60_000;
const FAILURE = 'Provisioning Finished with Error';
const SUCCESS = 'Provisioning Success';
const REMINDER = 'Provisioning Still Failing';
const REPEAT = { [NOTIFICATION_PROPERTIES.repeat]: 'true' };

describe('the weekly reminder', () => {
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

  it('NTF-22: once a week as long as jobs fail, for those who want it, and not with R', async () => {
    await scene.subscribe(world.hr, 'anna@example.com', ['jobs', 'reminder']);
    await scene.subscribe(world.hr, 'bert@example.com');
    await jobThatEnds(world, cloud, 'nocon');
    expect(await scene.round('anna@example.com')).toEqual([FAILURE]);
    scene.pass(6 * DAY_MS);
    expect(await scene.round()).toEqual([]);
    scene.pass(DAY_MS);
    expect(await scene.engine.activities.findHealable()).toMatchObject({ hasMails: true });
    expect(await scene.round()).toEqual([REMINDER]);
    const mail = scene.server.received.at(-1);
    expect(mail?.recipients).toEqual(['anna@example.com']);
    expect(mail?.parsed.text).toContain('Failed jobs in a row: 1, since ');
    expect(await scene.engine.activities.findHealable()).not.toHaveProperty('hasMails');
    scene.pass(6 * DAY_MS);
    expect(await scene.round()).toEqual([]);
    await scene.engine.changeProperties(world.hr, REPEAT);
    scene.pass(2 * DAY_MS);
    expect(await scene.round()).toEqual([]);
    await scene.engine.changeProperties(world.hr, { [NOTIFICATION_PROPERTIES.repeat]: 'false' });
    await scene.engine.setEnabled(world.hr, false);
    expect(await scene.round()).toEqual([]);
    await scene.engine.setEnabled(world.hr, true);
    expect(await scene.round()).toEqual([REMINDER]);
  });

  it('NTF-22: is off until somebody chooses it, and over with the streak', async () => {
    await scene.subscribe(world.hr, 'anna@example.com');
    await jobThatEnds(world, cloud, 'nocon');
    await scene.round();
    scene.pass(8 * DAY_MS);
    expect(await scene.round()).toEqual([]);
    await scene.subscribe(world.hr, 'bert@example.com', ['reminder']);
    expect(await scene.round()).toEqual([REMINDER]);
    await jobThatEnds(world, cloud, 'ok');
    expect(await scene.round()).toEqual([SUCCESS]);
    scene.pass(8 * DAY_MS);
    expect(await scene.round()).toEqual([]);
  });
});
