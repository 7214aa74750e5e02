import type { GovernedClass } from '../../core/plan/change.js';
import {
  disables,
  removedMembers,
  shapeOf,
  unitsOf,
  withoutMembers,
  withoutRemovals,
} from '../../core/plan/classify.js';
import type { UpdateShape } from '../../core/plan/classify.js';
import { tripsGroup } from '../../core/plan/limits.js';
import type { GovernorRules } from '../../core/plan/limits.js';
import type { JsonObject } from '../../core/json.js';
import { linkedKeys } from '../../state/drain/references.js';
import { reserve } from '../../state/governor/budget.js';
import type { Settlement } from '../../state/drain/settle.js';
import { patiently } from '../support/patiently.js';
import { settleLocally } from '../drain/execute.js';
import { mapForCreate } from '../drain/outcomes.js';
import type { KnownReferences } from '../drain/resolve-references.js';
import type { Admission, ChangeSink } from '../drain/sink.js';
import { settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { describeChange, lastWritten } from './describe-change.js';

/** A change with what it counts. */
interface Weighed {
  readonly work: Work;
  readonly shape: UpdateShape | null;
  /** Only classes that are counted in this target. */
  readonly units: ReadonlyMap<GovernedClass, number>;
  /** GOV-4: this group loses too many members. */
  readonly tripsGroup: boolean;
  /** Members last written whose accounts are gone. */
  readonly gone: ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();

function knownBefore(env: DrainEnvironment, work: Work, gone: ReadonlySet<string>): JsonObject | null {
  const before = lastWritten(env, work);
  return before === null ? null : withoutMembers(before, gone);
}

/** Executes changes under the governor: what goes beyond a limit is held, everything else goes on (GOV-6). */
export class GovernedSink implements ChangeSink {
  readonly weighsDisables: boolean;

  constructor(private readonly rules: GovernorRules) {
    this.weighsDisables = !rules.isOff && rules.limits.has('disable');
  }

  async admit(env: DrainEnvironment, works: readonly Work[]): Promise<Admission> {
    const plain: Work[] = [];
    const weighed: Weighed[] = [];
    const settled: Settlement[] = [];
    for (const work of works) {
      const one = await this.weighExactly(env, work);
      if (one === undefined) plain.push(work);
      else if (one.tripsGroup || isHeldBefore(one, 'removeMember')) this.withhold(env, one, plain, settled);
      else if (work.row.heldClass !== null && isHeldBefore(one, work.row.heldClass))
        settled.push(hold(env, one, work.row.heldClass));
      else if (one.units.size === 0) plain.push(work);
      else weighed.push(one);
    }
    if (weighed.length === 0) return { works: plain, settled };
    const verdicts = await this.ask(env, weighed);
    for (const one of weighed) {
      const verdict = verdicts.get(one.work.row.entityNo);
      if (verdict === undefined) continue;
      if (verdict === 'granted') plain.push(one.work);
      else if (verdict === 'removeMember') this.withhold(env, one, plain, settled);
      else settled.push(hold(env, one, verdict));
    }
    return { works: plain, settled };
  }

  async admitRecreate(env: DrainEnvironment, work: Work): Promise<Settlement | undefined> {
    const { part } = work;
    // The budget of a pair is asked for as a whole: with the parts before this one (LNK-3).
    const accounts = part === null ? 1 : (part.counts.recreated += 1);
    const units = this.counted(new Map<GovernedClass, number>([['recreate', accounts]]));
    const one = { work, shape: null, units, tripsGroup: false, gone: NOBODY };
    if (work.row.heldClass === 'recreate') return hold(env, one, 'recreate');
    if (units.size === 0) return undefined;
    const verdict = (await this.ask(env, [one])).get(work.row.entityNo);
    if (verdict === 'granted') return undefined;
    // Somebody else has the pair by now: it is his.
    return verdict === undefined ? settlement(work, { kind: 'released' }) : hold(env, one, 'recreate');
  }

  readonly isExact = false;
  readonly changesNoLink = false;

  local(env: DrainEnvironment, work: Work): Settlement {
    return settleLocally(env, work);
  }

  /** Counted before the first of them (GOV-5). */
  admitDeletion(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  references(_env: DrainEnvironment, stored: KnownReferences): Promise<KnownReferences> {
    return Promise.resolve(stored);
  }

  /** What is held again because the class it was held under is still that of the pair (GOV-8); undefined for everything else. */
  heldAgain(env: DrainEnvironment, work: Work): Settlement | undefined {
    const { heldClass } = work.row;
    const one = heldClass === null ? undefined : this.weigh(env, work);
    if (one === undefined || heldClass === null) return undefined;
    if (heldClass === 'recreate') return hold(env, one, heldClass);
    return isHeldBefore(one, heldClass) ? hold(env, one, heldClass) : undefined;
  }

  private ask(env: DrainEnvironment, weighed: readonly Weighed[]): ReturnType<typeof reserve> {
    return patiently(() =>
      reserve(env.services.pool, {
        targetNo: env.targetNo,
        type: env.typeCode,
        runKey: env.runKey,
        token: weighed[0]?.work.token ?? 0,
        limits: this.rules.limits,
        wants: weighed.map(({ work, units }) => ({ entityNo: work.row.entityNo, units })),
      }),
    );
  }

  /** Undefined for what no rule looks at, which is nearly everything: it costs a look at one attribute. */
  private weigh(env: DrainEnvironment, work: Work, gone: ReadonlySet<string> = NOBODY): Weighed | undefined {
    const { action, update } = work.evaluation;
    const { limits, memberShare, isOff } = this.rules;
    if (isOff || (limits.size === 0 && memberShare === undefined && work.row.heldClass === null)) return undefined;
    if (action === 'create') {
      if (!limits.has('create') && work.row.heldClass !== 'create') return undefined;
      return {
        work,
        shape: null,
        units: this.counted(new Map<GovernedClass, number>([['create', accountsOf(work, 'create')]])),
        tripsGroup: false,
        gone: NOBODY,
      };
    }
    if (action !== 'update' || update === null || !this.isWeighty(env, work)) return undefined;
    const before = knownBefore(env, work, gone);
    const shape = shapeOf(before, update.storable);
    const accounts = accountsOf(work, 'update');
    const each = unitsOf(shape, this.rules.attributes);
    const units = this.counted(new Map([...each].map(([name, count]) => [name, count * accounts])));
    return { work, shape, units, gone, tripsGroup: tripsGroup(this.rules, shape.membersBefore, shape.removed) };
  }

  /**
   * Members whose accounts are gone are in no group any more: a target drops them with their accounts. They are not removed, and must not be sent
   * as members that stay. Looked up only where members are kept back.
   */
  private async weighExactly(env: DrainEnvironment, work: Work): Promise<Weighed | undefined> {
    const one = this.weigh(env, work);
    if (one === undefined || (one.shape?.removed ?? 0) === 0) return one;
    const isKeptBack = one.tripsGroup || one.units.has('removeMember') || work.row.heldClass !== null;
    const { update } = work.evaluation;
    const before = isKeptBack ? lastWritten(env, work) : null;
    if (before === null || update === null) return one;
    const removed = removedMembers(before, update.storable);
    const linked = await linkedKeys(env.services.pool, env.targetNo, removed);
    return this.weigh(env, work, new Set(removed.filter((key) => !linked.has(key))));
  }

  /** True when the last written state has to be looked at. */
  private isWeighty(env: DrainEnvironment, work: Work): boolean {
    const { limits, attributes, memberShare } = this.rules;
    if (work.row.heldClass !== null || attributes.length > 0 || limits.has('update')) return true;
    const membersCount = memberShare !== undefined || limits.has('addMember') || limits.has('removeMember');
    if (env.type === 'group' && membersCount) return true;
    return work.evaluation.update !== null && disables(null, work.evaluation.update.storable);
  }

  private counted(units: ReadonlyMap<GovernedClass, number>): ReadonlyMap<GovernedClass, number> {
    return new Map([...units].filter(([name]) => this.rules.limits.has(name)));
  }

  /** Removed members stay until somebody approves; the rest of the group goes on (GOV-6). */
  private withhold(env: DrainEnvironment, one: Weighed, plain: Work[], settled: Settlement[]): void {
    const { update } = one.work.evaluation;
    const before = knownBefore(env, one.work, one.gone);
    const rest = before === null || update === null ? null : withoutRemovals(before, update.body);
    if (rest === null || update === null || before === null) {
      settled.push(hold(env, one, 'removeMember'));
      return;
    }
    const kept = withoutRemovals(before, update.storable) ?? update.storable;
    const change = describeChange(env, one.work, {
      kind: 'held',
      verb: 'removeMember',
      class: 'removeMember',
      shape: one.shape,
      mapped: update,
      operation: 'update',
      cause: null,
    });
    plain.push({
      ...one.work,
      evaluation: { ...one.work.evaluation, update: { ...update, body: rest, storable: kept } },
      withheld: change,
    });
  }
}

/** Target entities that a change of the pair creates or updates (LNK-3). */
function accountsOf({ parts }: Work, action: 'create' | 'update'): number {
  return parts.length === 0 ? 1 : parts.filter(({ evaluation }) => evaluation.action === action).length;
}

/** GOV-8: the class that was held is held again, whatever the limits say by now; another operation goes on. */
function isHeldBefore(one: Weighed, name: GovernedClass): boolean {
  if (one.work.row.heldClass !== name) return false;
  return one.work.evaluation.action === 'create' ? name === 'create' : classesOf(one).includes(name);
}

function classesOf({ shape, units }: Weighed): GovernedClass[] {
  if (shape === null) return [];
  const own: GovernedClass[] = shape.verb === 'disable' ? ['disable'] : shape.verb === 'update' ? ['update'] : [];
  return [
    ...own,
    ...(shape.removed > 0 ? (['removeMember'] as const) : []),
    ...(shape.added > 0 ? (['addMember'] as const) : []),
    ...units.keys(),
  ];
}

function hold(env: DrainEnvironment, one: Weighed, name: GovernedClass): Settlement {
  const { work, shape } = one;
  const creates = name === 'create' || name === 'recreate';
  const mapped = creates ? createOf(env, work) : work.evaluation.update;
  const change = describeChange(env, work, {
    kind: 'held',
    verb: creates ? 'create' : (shape?.verb ?? 'update'),
    class: name,
    shape,
    mapped,
    operation: creates ? 'create' : 'update',
    cause: null,
  });
  return settlement(work, { kind: 'held', class: name }, { change });
}

function createOf(env: DrainEnvironment, work: Work): Work['create'] {
  if (work.create !== null) return work.create;
  const mapped = mapForCreate(env, work);
  return 'message' in mapped ? null : mapped;
}
