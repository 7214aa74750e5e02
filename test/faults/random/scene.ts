import { retryNow } from '../../../state/healing/waiting.js';
import type { TestEngine } from '../../support/engine.js';
import { checkAlways } from '../checker/check.js';
import type { Violation } from '../checker/evidence.js';
import { FaultWorld } from '../support/fault-world.js';
import type { FaultTarget } from '../support/fault-world.js';
import { FIRST_TARGETS, GROUPS, PEOPLE, tell } from './commands.js';
import type { Command, During, GovernorLimits, Review, SourceEdit, TargetTrouble } from './commands.js';
import { inMortalProcesses } from './mortal-work.js';
import { comeToRest } from './rest.js';
import { budgetOf, decidable, decideOn, govern, governorProperties, setQuarantine } from './review.js';
import { trouble } from './target-deeds.js';

/** Nothing waits for a repetition: a seed is over in seconds. */
const QUICK = { 'ips.failed.request.retry.attempts': '0' };
const PAGE_ENTITIES = 25;
/** People in the source at the beginning; the others may join. */
const FIRST_PEOPLE = 50;
const MOST_TARGETS = 4;
/** Every second target is governed, with limits that a few people reach. */
const NARROW: GovernorLimits = { delete: 2, disable: 2, recreate: 1, members: 30 };
const UNGOVERNED: GovernorLimits = { delete: null, disable: null, recreate: null, members: null };

/** Plays the commands of one seed on an engine that all seeds share, and asks the checker. */
export class RandomScene {
  /** How the last jobs ended. */
  readonly ends: string[] = [];
  /** What is being played, for a story that comes to no end. */
  playing = 'nothing yet';
  private readonly limits = new Map<FaultTarget, GovernorLimits>();

  private constructor(
    readonly world: FaultWorld,
    private readonly setClock: (offsetMs: number) => void,
  ) {}

  static async start(engine: TestEngine, setClock: (offsetMs: number) => void): Promise<RandomScene> {
    const groups = Object.fromEntries(GROUPS.map((id, no) => [id, PEOPLE.slice(no * 10, no * 10 + 15)]));
    const hr = { properties: { ...QUICK, 'scim.page.size': String(PAGE_ENTITIES) } };
    const world = await FaultWorld.start(engine, { people: PEOPLE.slice(0, FIRST_PEOPLE), groups, hr });
    const scene = new RandomScene(world, setClock);
    for (let no = 0; no < FIRST_TARGETS; no += 1) await scene.connect();
    return scene;
  }

  async stop(): Promise<void> {
    this.setClock(0);
    await this.world.retire();
  }

  /** Plays everything; the first violations end it. */
  async play(commands: readonly Command[]): Promise<string[]> {
    for (const command of commands) {
      this.playing = tell(command);
      await this.act(command);
      if (!['job', 'apply', 'heal'].includes(command.kind)) continue;
      const broken = await checkAlways(this.world.evidence());
      if (broken.length > 0) return told(broken, `after ${tell(command)}`);
    }
    this.playing = 'coming to rest';
    return comeToRest(this.world);
  }

  private async act(command: Command): Promise<void> {
    const { world } = this;
    switch (command.kind) {
      case 'edit':
      case 'leave':
      case 'join':
      case 'members':
        return this.edit(command);
      case 'job':
        return this.job(await world.engine.request(world.source.system, command.job), command.during);
      case 'heal':
        return this.heal(command.during);
      case 'decide':
      case 'apply':
        return this.review(command);
      case 'timePasses':
        return this.letTimePass(command.days);
      case 'clock':
        return this.setClock(command.minutes * 60_000);
      case 'connect':
        return world.targets.length < MOST_TARGETS ? this.connect() : undefined;
      case 'drift':
        return this.drift();
      case 'sourceFault':
        return this.sourceFault(command);
      default: {
        const target = world.targets[command.target % world.targets.length];
        if (target !== undefined) await this.actOnTarget(command, target);
      }
    }
  }

  private async actOnTarget(
    command: TargetTrouble | Extract<Review, { readonly target: number }>,
    target: FaultTarget,
  ): Promise<void> {
    switch (command.kind) {
      case 'govern':
        this.limits.set(target, command.limits);
        return govern(this.world, target, command.limits);
      case 'quarantine':
      case 'release':
        return setQuarantine(this.world, target, command.person, command.kind);
      case 'retryNow':
        await retryNow(this.world.engine.pool, target.system.no, {});
        return;
      default:
        return trouble(this.world, target, command);
    }
  }

  private edit(edit: SourceEdit): void {
    const { store } = this.world.source.simulator;
    if (edit.kind === 'members') {
      const members = edit.people.map((no) => ({ value: PEOPLE[no] ?? '', type: 'User' }));
      return store.update('Group', GROUPS[edit.group] ?? '', { members });
    }
    const id = PEOPLE[edit.person] ?? '';
    const isThere = store.get('User', id) !== undefined;
    if (edit.kind === 'edit' && isThere) this.world.edit(id, { title: edit.title, active: edit.active });
    if (edit.kind === 'leave' && isThere) this.world.leave(id);
    if (edit.kind === 'join' && !isThere) this.world.join(id);
  }

  private async job(
    { runKey, jobId }: { readonly runKey: string; readonly jobId: string },
    during: readonly During[],
  ): Promise<void> {
    const { world } = this;
    await inMortalProcesses(
      world,
      during,
      { edit: (edit) => this.edit(edit), stop: () => world.stopRun(jobId) },
      async (process) => void (await world.workThrough(runKey, jobId, process)),
      () => world.lose(runKey),
    );
    const { job } = await world.engine.finished(jobId);
    this.ends.push(job.status);
  }

  private async heal(during: readonly During[]): Promise<void> {
    const edit = (one: SourceEdit): void => this.edit(one);
    const none = (): Promise<void> => Promise.resolve();
    await inMortalProcesses(this.world, during, { edit }, (process) => this.world.heal(process), none);
    await this.world.expireLeases();
    this.ends.push('healed');
  }

  private async review(command: Extract<Review, { readonly plan: number }>): Promise<void> {
    const plans = await decidable(this.world);
    const plan = plans[command.plan % Math.max(1, plans.length)];
    if (plan === undefined) return;
    if (command.kind === 'decide') return decideOn(this.world, plan, command);
    await this.job(await this.world.engine.requestApply(plan), command.during);
  }

  private async letTimePass(days: number): Promise<void> {
    await this.world.letTimePass(days);
    for (const [target, limits] of this.limits) target.budget = budgetOf(limits);
  }

  private async connect(): Promise<void> {
    const { targets } = this.world;
    const name = String.fromCharCode('A'.charCodeAt(0) + targets.length);
    const limits = targets.length % 2 === 0 ? NARROW : UNGOVERNED;
    const target = await this.world.addTarget(name, {}, { properties: { ...QUICK, ...governorProperties(limits) } });
    target.budget = budgetOf(limits);
    this.limits.set(target, limits);
  }

  /** Between two pages of the next read somebody leaves and somebody joins: nobody's count moves, and one person slips through. */
  private drift(): void {
    const { simulator } = this.world.source;
    const joiner = PEOPLE.find((id) => simulator.store.get('User', id) === undefined);
    if (joiner === undefined || simulator.store.size('User') <= PAGE_ENTITIES) return;
    simulator.afterPage(1, () => {
      const people = simulator.store.entries('User');
      const leaver = people[PAGE_ENTITIES - 2];
      if (leaver === undefined || simulator.store.get('User', joiner) !== undefined) return;
      this.world.join(joiner);
      simulator.store.remove('User', leaver.id);
    });
  }

  private sourceFault({ fault, skip }: Extract<Command, { kind: 'sourceFault' }>): void {
    const { faults } = this.world.source.simulator;
    const match = { operations: [fault === 'silence' ? ('get' as const) : ('list' as const)] };
    const effect = {
      missingId: { kind: 'missingId', at: 3 } as const,
      duplicateId: { kind: 'duplicateId' } as const,
      emptyPage: { kind: 'emptyPage' } as const,
      shortPage: { kind: 'shortPage', entities: 5 } as const,
      status: { kind: 'status', status: 500 } as const,
      silence: { kind: 'status', status: 500 } as const,
    }[fault];
    faults.arm({ effect, match, times: 1, skip });
  }
}

function told(violations: readonly Violation[], when: string): string[] {
  return violations.map(({ rule, message }) => `${rule}: ${message} (${when})`);
}
