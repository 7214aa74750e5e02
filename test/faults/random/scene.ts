import { isJsonObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/json.js';
import type { TestEngine } from '../../support/engine.js';
import { withGroups } from '../../support/engine.js';
import { checkAlways, checkAtRest } from '../checker/check.js';
import type { Violation } from '../checker/evidence.js';
import { FaultWorld } from '../support/fault-world.js';
import { WatchedProcess } from '../support/watched-process.js';
import type { FaultTarget } from '../support/fault-world.js';
import { FIRST_TARGETS, GROUPS, PEOPLE, tell } from './commands.js';
import type { Command, During, SourceEdit } from './commands.js';

/** Nothing is held for approval and nothing waits for a repetition: a seed is over in seconds. */
const QUICK = {
  'ips.failed.request.retry.attempts': '0',
  'ips.governor.delete': 'off',
  'ips.governor.disable': 'off',
  'ips.governor.recreate': 'off',
  'ips.governor.group.members.percent': 'off',
};
const PAGE_ENTITIES = 25;
/** People in the source at the beginning; the others may join. */
const FIRST_PEOPLE = 50;
const MOST_TARGETS = 4;
const WRITES = { methods: ['POST', 'PUT', 'PATCH', 'DELETE'] };

/** Plays the commands of one seed on an engine that all seeds share, and asks the checker. */
export class RandomScene {
  /** How the last job ended. */
  readonly ends: string[] = [];

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
    await this.world.close();
  }

  /** Plays everything; the first violations end it. */
  async play(commands: readonly Command[]): Promise<string[]> {
    for (const command of commands) {
      await this.act(command);
      if (command.kind !== 'job') continue;
      const broken = await checkAlways(this.world.evidence());
      if (broken.length > 0) return told(broken, `after ${tell(command)}`);
    }
    await this.world.quiesce();
    // Whoever has left is known to be gone only when the last read is over.
    await this.world.furtherWrites();
    const late = await this.world.furtherWrites();
    const broken = await checkAtRest(this.world.evidence());
    return [...late.map((write) => `1: written by a further run: ${write}`), ...told(broken, 'at rest')];
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
        return this.job(
          command.job,
          [...command.during].sort((a, b) => a.at - b.at),
        );
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
    command: Extract<Command, { readonly target: number }>,
    target: FaultTarget,
  ): Promise<void> {
    const { faults } = target.simulator;
    switch (command.kind) {
      case 'refuse': {
        const { status, times, skip } = command;
        faults.arm({ effect: { kind: 'status', status }, match: WRITES, times, skip });
        return;
      }
      case 'throttle': {
        const { times, skip } = command;
        faults.arm({ effect: { kind: 'status', status: 429, retryAfter: 1 }, match: WRITES, times, skip });
        return;
      }
      case 'loseAnswers': {
        const { times, skip } = command;
        faults.arm({ effect: { kind: 'applyThenDrop' }, match: WRITES, times, skip });
        return;
      }
      case 'targetClock':
        return target.simulator.setClockSkewMs(command.minutes * 60_000);
      case 'down':
        return target.simulator.down();
      case 'up':
        return target.simulator.up();
      case 'disable':
      case 'enable':
        return this.world.engine.setEnabled(target.system, command.kind === 'enable');
      case 'map':
        target.drops.clear();
        if (command.drops === 'title') target.drops.add('title');
        return this.world.engine.setTransformation(target.system, writeWithout(command.drops));
      case 'stranger': {
        const id = PEOPLE[command.person] ?? '';
        const isThere = target.simulator.store.find('User', 'userName', `${id}@example.com`).length > 0;
        if (!isThere) this.world.addStranger(target, id, {}, Date.now() - 3_600_000);
      }
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
    if (edit.kind === 'edit' && isThere) this.world.edit(id, { title: edit.title });
    if (edit.kind === 'leave' && isThere) this.world.leave(id);
    if (edit.kind === 'join' && !isThere) this.world.join(id);
  }

  /** A job, by one process after the other: each goes on where the one before has died. */
  private async job(kind: 'read' | 'resync', during: During[]): Promise<void> {
    const { world } = this;
    const { runKey, jobId } = await world.engine.request(world.source.system, kind);
    for (;;) {
      let isLost = false;
      let stopping: Promise<void> | undefined;
      const mortal = new WatchedProcess((statement, process) => {
        for (let next = during[0]; next !== undefined && next.at <= statement && !process.isDead; next = during[0]) {
          during.shift();
          const { deed } = next;
          isLost ||= deed.kind === 'lose';
          if (deed.kind === 'stop') stopping ??= world.stopRun(jobId);
          else if (isSourceEdit(deed)) this.edit(deed);
          else process.die(statement);
        }
      });
      await this.inProcess(mortal, runKey, jobId);
      await stopping;
      await this.untilQuiet();
      if (isLost) await world.lose(runKey);
      if (!mortal.isDead || isLost) break;
      world.deaths += 1;
      await world.expireLeases();
    }
    const { job } = await world.engine.finished(jobId);
    this.ends.push(job.status);
  }

  private async inProcess(mortal: WatchedProcess, runKey: string, jobId: string): Promise<void> {
    const { engine } = this.world;
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({
      pool,
      decorateFactory: (factory) => mortal.factory(factory),
      reached: mortal.reached,
    });
    try {
      await this.world.workThrough(runKey, jobId, process);
    } catch (error) {
      if (!mortal.isDead) throw error;
    } finally {
      await process.activities.close();
      await pool.close();
    }
  }

  /** Requests of a process that died may still be under way; a lease would outlive them. */
  private async untilQuiet(): Promise<void> {
    for (const { simulator } of this.world.targets)
      while (simulator.statistics().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  private async connect(): Promise<void> {
    const name = String.fromCharCode('A'.charCodeAt(0) + this.world.targets.length);
    await this.world.addTarget(name, {}, { properties: QUICK });
  }

  /** Between two pages of the next read somebody leaves and somebody joins: nobody's count moves, and one person slips through. */
  private drift(): void {
    const { simulator } = this.world.source;
    const joiner = PEOPLE.find((id) => simulator.store.get('User', id) === undefined);
    if (joiner === undefined || simulator.store.size('User') <= PAGE_ENTITIES) return;
    const content = { id: joiner, userName: `${joiner}@example.com`, nickName: 'v1', active: true };
    simulator.afterPage(1, () => {
      const people = simulator.store.entries('User');
      const leaver = people[PAGE_ENTITIES - 2];
      if (leaver === undefined || simulator.store.get('User', joiner) !== undefined) return;
      simulator.store.add('User', content);
      simulator.store.remove('User', leaver.id);
    });
  }

  private sourceFault({ fault, skip }: Extract<Command, { kind: 'sourceFault' }>): void {
    const { faults } = this.world.source.simulator;
    const match = { operations: ['list' as const] };
    const effect = {
      missingId: { kind: 'missingId', at: 3 } as const,
      duplicateId: { kind: 'duplicateId' } as const,
      emptyPage: { kind: 'emptyPage' } as const,
      shortPage: { kind: 'shortPage', entities: 5 } as const,
      status: { kind: 'status', status: 500 } as const,
    }[fault];
    faults.arm({ effect, match, times: 1, skip });
  }
}

function isSourceEdit(deed: During['deed']): deed is SourceEdit {
  return ['edit', 'leave', 'join', 'members'].includes(deed.kind);
}

function told(violations: readonly Violation[], when: string): string[] {
  return violations.map(({ rule, message }) => `${rule}: ${message} (${when})`);
}

function writeWithout(attribute: 'title' | 'nothing'): JsonObject {
  const write = withGroups('target');
  const user = write['user'];
  if (attribute === 'nothing' || !isJsonObject(user) || !Array.isArray(user['mappings'])) return write;
  const mappings = [...user['mappings'], { type: 'remove', targetPath: `$.${attribute}` }];
  return { ...write, user: { ...user, mappings } };
}
