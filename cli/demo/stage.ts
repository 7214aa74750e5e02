import { evolve } from '../../simulators/evolution.js';
import type { Evolution } from '../../simulators/evolution.js';
import type { Population } from '../../simulators/population.js';
import type { ApiClient, Job } from './api-client.js';
import { differencesBetween } from './compare-content.js';
import { checkStatistics, DemoFailure, expectedSteps, rowOf, stepsOf, writesOf } from './expectation.js';
import type { Expectation } from './expectation.js';
import type { Content, Landscape } from './landscape.js';
import { durationMs, seconds } from './result-table.js';
import type { ShownJob } from './result-table.js';
import type { Terminal } from './terminal.js';

/** How a job of a scene is run. */
interface Run {
  /** Starts it and returns its id; default: a Read of the source. */
  readonly start?: () => Promise<string>;
  /** Happens beside it. */
  readonly meanwhile?: (jobId: string) => Promise<void>;
}

/** What all scenes stand on: jobs are run and followed, and what they did is compared. Methods throw {@link DemoFailure}. */
export class Stage {
  /** All jobs so far. */
  readonly jobs: ShownJob[] = [];
  protected population: Population;

  constructor(
    protected readonly api: ApiClient,
    protected readonly sourceId: string,
    protected readonly landscape: Landscape,
    protected readonly concurrentWrites: number,
    protected readonly terminal: Terminal,
  ) {
    this.population = landscape.population;
  }

  protected async readToTheEnd(title: string, expected: Expectation): Promise<void> {
    const job = await this.runJob(title, expected);
    this.requireStatus(job, 'Success');
    checkStatistics(job, expected, {
      source: this.landscape.source.name,
      targets: this.landscape.targets.map((target) => target.name),
    });
    await this.checkContent();
  }

  /** Runs a job to its end, with a bar. */
  protected async runJob(
    title: string,
    expected: Expectation,
    { start = () => this.api.startJob(this.sourceId, 'READ'), meanwhile = () => Promise.resolve() }: Run = {},
  ): Promise<Job> {
    const progress = this.terminal.progress(expectedSteps(expected, this.landscape.targets.length));
    try {
      const jobId = await start();
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

  protected requireStatus(job: Job, status: string): void {
    if (job.status === status) return;
    const ended = job.endedTargets.map(({ systemName, reason }) => `${systemName}: ${reason}`);
    const reasons = [job.errorMessage ?? '', ...ended, ...job.outcome].filter((text) => text !== '');
    throw new DemoFailure(`The job ended with ${job.status} instead of ${status}.\n${reasons.join('\n')}`);
  }

  protected async checkContent(): Promise<void> {
    await this.compareTargets(await this.landscape.source.content(), (content) => content);
    this.terminal.line('  Compared person by person and group by group: every target holds what the source holds.');
  }

  /** Every target holds exactly this, as far as `part` looks. */
  protected async compareTargets(expected: Content, part: (content: Content) => Content): Promise<void> {
    for (const target of this.landscape.targets) {
      const differences = differencesBetween(part(expected), part(await target.content()));
      if (differences.length > 0) throw new DemoFailure(`${target.name} differs:\n  ${differences.join('\n  ')}`);
    }
  }

  /** Places in the journals of all targets, for {@link requireSilence}. */
  protected marks(): number[] {
    return this.landscape.targets.map((target) => target.mark());
  }

  /** Not one request that writes has come to any target since the marks. */
  protected requireSilence(marks: readonly number[]): void {
    const sent = this.landscape.targets.filter((target, index) => target.writesSince(marks[index] ?? 0) > 0);
    if (sent.length > 0) throw new DemoFailure(`${sent.map((one) => one.name).join(', ')} got requests that write.`);
    this.terminal.line('  The journals of the targets agree: not one request that writes.');
  }

  protected async evolve(options: { changed: number; joined: number; left: number; seed: number }): Promise<Evolution> {
    const evolution = evolve(this.population, options);
    this.population = await this.landscape.source.apply(evolution);
    return evolution;
  }

  protected sizes(): Expectation['read'] {
    return { user: this.population.people.length, group: this.population.groups.length };
  }

  protected say(...lines: string[]): void {
    this.terminal.line();
    for (const line of lines) this.terminal.line(line);
  }
}
