import type { JsonValue } from '../../core/json.js';
import type { Evolution } from '../../simulators/evolution.js';
import { departmentOf } from '../../simulators/population.js';
import type { GeneratedPerson } from '../../simulators/population.js';
import { printCounts } from '../plan/print-plan.js';
import { remotePlan } from '../plan/remote-plan.js';
import type { RemotePlan } from '../plan/remote-plan.js';
import type { Job } from './api-client.js';
import { DemoFailure, NO_CHANGES, rowOf } from './expectation.js';
import type { Changes } from './expectation.js';
import type { Content } from './landscape.js';
import { number } from './result-table.js';
import { Scenes } from './scenes.js';

/**
 * So much of the source is missing. Never more: a read that delivers fewer than 70 % of what it usually does proves nothing, and then there is
 * nothing to decide (UNK-4).
 */
const MISSING_SHARE = 0.3;
/** Up to ten deletions always go through (GOV-2). */
const ALWAYS_DELETED = 10;
const FACET = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User#department';

/** The source loses sight of people, and somebody decides what that means. Needs a source that can be made to. */
export class MissingPeople extends Scenes {
  /** False where the scene cannot be played: with a source that nobody can blind, or with too few people to be held. */
  get isPossible(): boolean {
    return this.landscape.source.hide !== undefined && this.missing().length > ALWAYS_DELETED;
  }

  async play(): Promise<void> {
    const { source } = this.landscape;
    const size = this.population.people.length;
    const evolution = await this.evolve({ changed: Math.ceil(size * 0.02), joined: 1, left: 0, seed: 4 });
    const missing = this.missing(evolution);
    const department = leastHitDepartment(missing, this.population.people);
    await this.api.changeProperties(this.sourceId, { 'ips.plan.facet': FACET });
    source.hide?.(missing.map((person) => person.id));
    const planId = await this.readWithout(missing, evolution);
    const left = missing.filter((person) => departmentOf(person) === department);
    await this.decide(planId, department, left, missing.length);
    await this.showWithout(left);
    source.showAll?.();
    await this.recover(left.length);
  }

  /** Spread over all departments; nobody of whom there is something else to tell. */
  private missing(evolution?: Evolution): GeneratedPerson[] {
    const { people } = this.population;
    const moved = new Set(
      [...(evolution?.changedPeople ?? []), ...(evolution?.joinedPeople ?? [])].map(({ id }) => id),
    );
    const quiet = people.filter((person) => !moved.has(person.id));
    const step = Math.max(1, Math.floor(quiet.length / (people.length * MISSING_SHARE)));
    return quiet.filter((_person, place) => place % step === 0).slice(0, Math.floor(people.length * MISSING_SHARE));
  }

  private async readWithout(missing: readonly GeneratedPerson[], evolution: Evolution): Promise<string> {
    this.say(
      `The HR directory has lost sight of ${number(missing.length)} people: its lists are short, and asked for one of them it says "not found".`,
      `So many deletions are held for approval, all of them before the first. ${evolution.changedPeople.length} changed titles and one new colleague go on.`,
    );
    const { user, group } = this.sizes();
    const expected = {
      read: { user: user - missing.length, group },
      user: { created: evolution.joinedPeople.length, updated: evolution.changedPeople.length, deleted: 0 },
      group: { ...NO_CHANGES, updated: evolution.changedGroups.length },
    };
    const job = await this.runJob('People missing', expected);
    this.requireStatus(job, 'Success');
    this.require(job, 'user', expected.user, missing.length);
    this.require(job, 'group', expected.group, 0);
    await this.checkContent();
    if (job.planId === null) throw new DemoFailure('The job held deletions and has no plan for them.');
    return job.planId;
  }

  private async decide(
    planId: string,
    department: string,
    left: readonly GeneratedPerson[],
    missing: number,
  ): Promise<void> {
    const targets = this.landscape.targets.length;
    const plan = await this.readPlan(planId);
    this.terminal.line(indented(printCounts(plan)));
    const held = missing * targets;
    if (plan.counts.byVerb['delete'] !== held || plan.counts.total !== held)
      throw new DemoFailure(`The plan has ${plan.counts.total} changes instead of ${held} deletions.`);
    this.say(
      `Somebody knows that ${department} was sold: its ${left.length} deletions are approved, all others are rejected.`,
    );
    await this.api.send('POST', `/plans/${planId}/approve`, { filter: { facet: department }, comment: 'sold' });
    await this.api.send('POST', `/plans/${planId}/reject`, { filter: { state: 'held' }, comment: 'a broken list' });
    const { counts } = await this.readPlan(planId);
    const decided = { approved: left.length * targets, rejected: held - left.length * targets };
    if (counts.byState['approved'] !== decided.approved || counts.byState['rejected'] !== decided.rejected)
      throw new DemoFailure(`The plan is decided otherwise: ${JSON.stringify(counts.byState)}`);
    const deletions = { ...NO_CHANGES, deleted: left.length };
    const job = await this.runJob(
      'Approved part applied',
      { read: { user: 0, group: 0 }, user: deletions, group: NO_CHANGES },
      { start: () => this.api.applyPlan(planId, plan.hash ?? '') },
    );
    this.requireStatus(job, 'Success');
    this.require(job, 'user', deletions, missing - left.length, 'atMost');
  }

  /** Nobody but those whose deletion was approved is gone. */
  private async showWithout(left: readonly GeneratedPerson[]): Promise<void> {
    const gone = new Set(left.map((person) => person.id));
    const source = await this.landscape.source.content();
    const rest = { ...source, users: source.users.filter((user) => !isOneOf(gone, user['id'])) };
    await this.compareTargets(rest, peopleOnly);
    this.terminal.line('  Compared person by person: exactly those whose deletion was approved are gone.');
  }

  private async recover(created: number): Promise<void> {
    this.say(
      'The HR directory sees everybody again.',
      'Who was deleted comes back; what was rejected has come to nothing.',
    );
    const job = await this.runJob('Recovered', {
      read: this.sizes(),
      user: { ...NO_CHANGES, created },
      group: NO_CHANGES,
    });
    this.requireStatus(job, 'Success');
    for (const { name } of this.landscape.targets) {
      const row = rowOf(job, name, 'user');
      if (row.created !== created || row.deleted + row.failed + row.held > 0)
        throw new DemoFailure(`${name} is not brought back as it should be: ${JSON.stringify(row)}`);
    }
    await this.checkContent();
    await this.nothingToDo('Quiet again', 'And one more read, to see that nothing is left of it.');
  }

  private require(
    job: Job,
    entity: 'user' | 'group',
    changes: Changes,
    held: number,
    how: 'exactly' | 'atMost' = 'exactly',
  ): void {
    for (const { name } of this.landscape.targets) {
      const row = rowOf(job, name, entity);
      const isHeld = how === 'exactly' ? row.held === held : row.held <= held;
      const isDone =
        row.created === changes.created && row.updated === changes.updated && row.deleted === changes.deleted;
      if (!isHeld || !isDone || row.failed > 0)
        throw new DemoFailure(`${name} counts otherwise than it should: ${JSON.stringify(row)}`);
    }
  }

  private async readPlan(planId: string): Promise<RemotePlan> {
    return remotePlan.parse(await this.api.send('GET', `/plans/${planId}`));
  }
}

function isOneOf(ids: ReadonlySet<string>, id: JsonValue | undefined): boolean {
  return typeof id === 'string' && ids.has(id);
}

function peopleOnly(content: Content): Content {
  return { ...content, groups: [] };
}

/** The department that loses the smallest share: a group that loses more than 30 % of its members is a decision of its own (GOV-4). */
function leastHitDepartment(missing: readonly GeneratedPerson[], everybody: readonly GeneratedPerson[]): string {
  const sizes = countDepartments(everybody);
  const shares = [...countDepartments(missing)].map(([name, count]) => [name, count / (sizes.get(name) ?? 1)] as const);
  return shares.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? '';
}

function countDepartments(people: readonly GeneratedPerson[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const person of people) sizes.set(departmentOf(person), (sizes.get(departmentOf(person)) ?? 0) + 1);
  return sizes;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
