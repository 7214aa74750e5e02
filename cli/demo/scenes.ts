import { setTimeout as pause } from 'node:timers/promises';
import { evolve } from '../../simulators/evolution.js';
import type { Evolution } from '../../simulators/evolution.js';
import type { Population } from '../../simulators/population.js';
import type { ApiClient, Job } from './api-client.js';
import { differencesBetween } from './compare-content.js';
import { checkStatistics, DemoFailure, expectedSteps, NO_CHANGES, rowOf, stepsOf, writesOf } from './expectation.js';
import type { Expectation } from './expectation.js';
import type { Landscape } from './landscape.js';
import { durationMs, number, seconds } from './result-table.js';
import type { ShownJob } from './result-table.js';
import type { Terminal } from './terminal.js';

/** From the start of the job to the stop it takes about so long, whatever the number of people. */
const HALF_WAY_MS = 1_500;
const LOOK_INTERVAL_MS = 20;

/** The jobs of the demo, one after the other. Every method throws {@link DemoFailure} when a job does not end as it should. */
export class Scenes {
  /** All jobs so far. */
  readonly jobs: ShownJob[] = [];
  private population: Population;

  constructor(
    private readonly api: ApiClient,
    private readonly sourceId: string,
    private readonly landscape: Landscape,
    private readonly concurrentWrites: number,
    private readonly terminal: Terminal,
  ) {
    this.population = landscape.population;
  }

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
    const marks = this.landscape.targets.map((target) => target.mark());
    await this.readToTheEnd(title, idle);
    const sent = this.landscape.targets.filter((target, index) => target.writesSince(marks[index] ?? 0) > 0);
    if (sent.length > 0) throw new DemoFailure(`${sent.map((one) => one.name).join(', ')} got requests that write.`);
    this.terminal.line('  The journals of the targets agree: not one request that writes.');
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
    const stopped = await this.runJob('Stopped half way', expected, (jobId) => this.stopAfter(jobId, writesToStopAt));
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

  private async readToTheEnd(title: string, expected: Expectation): Promise<void> {
    const job = await this.runJob(title, expected);
    this.requireStatus(job, 'Success');
    checkStatistics(job, expected, {
      source: this.landscape.source.name,
      targets: this.landscape.targets.map((target) => target.name),
    });
    await this.checkContent();
  }

  /** Runs a Read job to its end, with a bar; `meanwhile` happens beside it. */
  private async runJob(
    title: string,
    expected: Expectation,
    meanwhile: (jobId: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<Job> {
    const progress = this.terminal.progress(expectedSteps(expected, this.landscape.targets.length));
    try {
      const jobId = await this.api.startJob(this.sourceId, 'READ');
      const followed = this.api.followJob(jobId, (job) => progress.update(stepsOf(job), this.detail(job)));
      const [job] = await Promise.all([followed, meanwhile(jobId)]);
      this.jobs.push({ title, job });
      progress.stop();
      this.terminal.line(`  ${job.status} after ${seconds(durationMs(job))}: ${this.detail(job)}.`);
      return job;
    } finally {
      progress.stop();
    }
  }

  private detail(job: Job): string {
    const { source, targets } = this.landscape;
    const read = rowOf(job, source.name, 'user').read + rowOf(job, source.name, 'group').read;
    const written = targets.map(({ name }) => {
      const writes = writesOf(rowOf(job, name, 'user')) + writesOf(rowOf(job, name, 'group'));
      return `${writes.toLocaleString('en-US')} written to ${name}`;
    });
    return [`${read.toLocaleString('en-US')} read`, ...written].join(', ');
  }

  private requireStatus(job: Job, status: string): void {
    if (job.status === status) return;
    const ended = job.endedTargets.map(({ systemName, reason }) => `${systemName}: ${reason}`);
    const reasons = [job.errorMessage ?? '', ...ended, ...job.outcome].filter((text) => text !== '');
    throw new DemoFailure(`The job ended with ${job.status} instead of ${status}.\n${reasons.join('\n')}`);
  }

  private async checkContent(): Promise<void> {
    const source = await this.landscape.source.content();
    for (const target of this.landscape.targets) {
      const differences = differencesBetween(source, await target.content());
      if (differences.length > 0) throw new DemoFailure(`${target.name} differs:\n  ${differences.join('\n  ')}`);
    }
    this.terminal.line('  Compared person by person and group by group: every target holds what the source holds.');
  }

  private async evolve(options: { changed: number; joined: number; left: number; seed: number }): Promise<Evolution> {
    const evolution = evolve(this.population, options);
    this.population = await this.landscape.source.apply(evolution);
    return evolution;
  }

  private sizes(): Expectation['read'] {
    return { user: this.population.people.length, group: this.population.groups.length };
  }

  private say(...lines: string[]): void {
    this.terminal.line();
    for (const line of lines) this.terminal.line(line);
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
