import { setTimeout as pause } from 'node:timers/promises';
import type { Evolution } from '../../simulators/evolution.js';
import type { Job } from './api-client.js';
import { checkStatistics, DemoFailure, NO_CHANGES, rowOf, writesOf } from './expectation.js';
import type { Expectation } from './expectation.js';
import { number } from './result-table.js';
import { Stage } from './stage.js';

/** From the start of the job to the stop it takes about so long, whatever the number of people. */
const HALF_WAY_MS = 1_500;
const LOOK_INTERVAL_MS = 20;

/** The jobs of the demo, one after the other. Every method throws {@link DemoFailure} when a job does not end as it should. */
export class Scenes extends Stage {
  /** The first read: everybody is created everywhere. */
  async firstLoad(): Promise<void> {
    const { people, groups } = this.population;
    this.say(
      `The HR directory holds ${number(people.length)} people in ${groups.length} groups; both targets are empty.`,
      'The first read creates everybody everywhere.',
    );
    await this.readToTheEnd('First load', {
      read: this.sizes(),
      user: { ...NO_CHANGES, created: people.length },
      group: { ...NO_CHANGES, created: groups.length },
    });
  }

  /** Some people changed, joined and left. */
  async changes(): Promise<void> {
    const size = this.population.people.length;
    const evolution = await this.evolve({
      changed: share(size, 0.06),
      joined: share(size, 0.02),
      left: share(size, 0.015),
      seed: 2,
    });
    this.say(
      `Meanwhile ${described(evolution)}.`,
      'The next read writes exactly that; who has left is asked for once more at the source before anybody is deleted.',
    );
    await this.readToTheEnd('Changes', expectationOf(evolution));
  }

  /** Nothing happened since. */
  async nothingToDo(title: string, reason: string): Promise<void> {
    this.say(reason);
    const idle = { read: this.sizes(), user: NO_CHANGES, group: NO_CHANGES };
    const marks = this.marks();
    await this.readToTheEnd(title, idle);
    this.requireSilence(marks);
  }

  /** Many changes on slow targets; the job is stopped half way, and another one does the rest. */
  async stopAndResume(): Promise<void> {
    const size = this.population.people.length;
    const evolution = await this.evolve({
      changed: share(size, 0.4),
      joined: share(size, 0.05),
      left: share(size, 0.02),
      seed: 3,
    });
    const expected = expectationOf(evolution);
    this.say(
      `A reorganisation: ${described(evolution)}. The targets are slow today.`,
      'Half way through somebody stops the job. Nobody is deleted by a job that did not read to its end.',
    );
    const writesToStopAt = Math.ceil((expected.user.updated + expected.user.created) / 2);
    const slowMs = Math.round((HALF_WAY_MS * this.concurrentWrites) / writesToStopAt);
    const { targets } = this.landscape;
    for (const target of targets) target.setWriteLatencyMs(slowMs);
    const stopped = await this.runJob('Stopped half way', expected, {
      meanwhile: (jobId) => this.stopAfter(jobId, writesToStopAt),
    });
    for (const target of targets) target.setWriteLatencyMs(0);
    this.requireStatus(stopped, 'Manually Terminated');
    const rest = targets.map((target) => this.restOf(stopped, expected, target.name));
    this.say('The same job again. What was written stays written; only the rest is sent.');
    const resumed = await this.runJob('Run again', expected);
    this.requireStatus(resumed, 'Success');
    targets.forEach((target, index) => {
      const own = rest[index] ?? expected;
      checkStatistics(
        resumed,
        { ...own, read: this.sizes() },
        { source: this.landscape.source.name, targets: [target.name] },
      );
    });
    await this.checkContent();
  }

  private async stopAfter(jobId: string, writes: number): Promise<void> {
    const { targets } = this.landscape;
    const marks = targets.map((target) => target.mark());
    const isHalfWay = (): boolean => targets.every((target, index) => target.writesSince(marks[index] ?? 0) >= writes);
    while (!isHalfWay()) {
      await pause(LOOK_INTERVAL_MS);
      const { status } = await this.api.readJob(jobId);
      if (!status.startsWith('Running') && status !== 'Queued') {
        throw new DemoFailure(`The job ended (${status}) before it could be stopped half way.`);
      }
    }
    await this.api.stopJob(jobId);
  }

  /** What a stopped job left to do in a target; it must have left something, and must not have deleted anybody. */
  private restOf(stopped: Job, expected: Expectation, target: string): Omit<Expectation, 'read'> {
    const user = rowOf(stopped, target, 'user');
    const group = rowOf(stopped, target, 'group');
    const rest = {
      user: minus(expected.user, user),
      group: minus(expected.group, group),
    };
    const failed = user.failed + group.failed;
    if (user.deleted + group.deleted > 0) throw new DemoFailure(`The stopped job deleted people in ${target}.`);
    if (failed > 0) throw new DemoFailure(`The stopped job counts ${failed} failures in ${target}.`);
    if (writesOf(user) === 0 || rest.user.updated + rest.user.created === 0) {
      throw new DemoFailure(`The job was not stopped half way: it wrote ${writesOf(user)} people to ${target}.`);
    }
    return rest;
  }
}

function expectationOf(evolution: Evolution): Expectation {
  const { population, changedPeople, joinedPeople, leftPeopleIds, changedGroups } = evolution;
  return {
    read: { user: population.people.length, group: population.groups.length },
    user: { created: joinedPeople.length, updated: changedPeople.length, deleted: leftPeopleIds.length },
    group: { ...NO_CHANGES, updated: changedGroups.length },
  };
}

function described({ changedPeople, joinedPeople, leftPeopleIds, changedGroups }: Evolution): string {
  const titles = `${changedPeople.length === 1 ? '1 person' : `${changedPeople.length} people`} got another title`;
  const moves = `${joinedPeople.length} joined and ${leftPeopleIds.length} left`;
  const groups = changedGroups.length === 1 ? '1 group' : `${changedGroups.length} groups`;
  return `${titles}, ${moves}, which changes the members of ${groups}`;
}

function minus(whole: Expectation['user'], part: Expectation['user']): Expectation['user'] {
  return {
    created: whole.created - part.created,
    updated: whole.updated - part.updated,
    deleted: whole.deleted - part.deleted,
  };
}

/** At least one. */
function share(whole: number, part: number): number {
  return Math.max(1, Math.round(whole * part));
}
