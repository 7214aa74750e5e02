import type { EntityType } from '../entity-type.js';
import type { ChangeVerb } from './change.js';

/** What is approved without a person, as an administrator writes it (PLN-13). All conditions of a rule hold at once. */
export interface ApprovalRule {
  /** Unique among the rules of a source; recorded as who has approved. */
  readonly name: string;
  readonly verbs: readonly ChangeVerb[];
  /** If more changes of one plan fit, the rule approves none of them. */
  readonly atMost: number;
  /** Target attributes that may change, and no others; absent: any. */
  readonly attributes?: readonly string[] | undefined;
  /** Values of the facet attribute; absent: any, also none. */
  readonly facets?: readonly string[] | undefined;
  /** Public ids of targets; absent: any. */
  readonly targets?: readonly string[] | undefined;
  readonly types?: readonly EntityType[] | undefined;
}

/** What a rule looks at: changes that are alike in it, with their number. One change is a group of one. */
export interface ChangeGroup {
  readonly verb: ChangeVerb;
  readonly attributes: readonly string[];
  /** Members go, whatever the verb is called. */
  readonly removesMembers: boolean;
  /** An account that was there is taken over, or it is not clear which one (PLN-14). */
  readonly touchesExisting: boolean;
  readonly facet: string | null;
  /** Public id; null when the system is gone. */
  readonly target: string | null;
  readonly type: EntityType;
  readonly count: number;
}

/** Names of {@link StopReason}, from the one that comes first to the one that comes last. */
export const STOP_REASONS = [
  'twoPeople',
  'existingAccount',
  'verb',
  'target',
  'type',
  'facet',
  'attributes',
  'atMost',
] as const;
/**
 * What kept a change from being approved by a rule: the condition of the rule that came nearest. `twoPeople`: its verb needs two people,
 * and a rule is none; `existingAccount`: somebody has to look at accounts that are taken over.
 */
export type StopReason = (typeof STOP_REASONS)[number];

/** What the rules say of a group. */
export type RuleVerdict =
  | { readonly kind: 'approved'; readonly rule: string }
  /** `rule`: whose condition it was; null when it was none's. */
  | { readonly kind: 'stopped'; readonly reason: StopReason; readonly rule: string | null };

/**
 * Decides all changes of a plan at once, in the order of the groups: how many fit a rule is counted over the whole plan, also those that
 * an earlier rule approves, so that no order of rules lets more through than one of them allows. The first rule that fits approves.
 */
export function decideByRules(
  rules: readonly ApprovalRule[],
  groups: readonly ChangeGroup[],
  twoPeopleFor: readonly string[],
): RuleVerdict[] {
  const over = new Set(
    rules.filter((rule) => fitting(rule, groups, twoPeopleFor) > rule.atMost).map(({ name }) => name),
  );
  return groups.map((group) => verdictOf(rules, over, group, twoPeopleFor));
}

/** How many changes fit a rule, its upper count aside. */
export function fitting(rule: ApprovalRule, groups: readonly ChangeGroup[], twoPeopleFor: readonly string[]): number {
  const fits = groups.filter(
    (group) => needsPerson(group, twoPeopleFor) === undefined && misfit(rule, group) === undefined,
  );
  return fits.reduce((sum, group) => sum + group.count, 0);
}

function verdictOf(
  rules: readonly ApprovalRule[],
  over: ReadonlySet<string>,
  group: ChangeGroup,
  twoPeopleFor: readonly string[],
): RuleVerdict {
  const person = needsPerson(group, twoPeopleFor);
  if (person !== undefined) return { kind: 'stopped', reason: person, rule: null };
  let nearest: { reason: StopReason; rule: string | null } = { reason: 'verb', rule: null };
  for (const rule of rules) {
    const reason = misfit(rule, group) ?? (over.has(rule.name) ? 'atMost' : undefined);
    if (reason === undefined) return { kind: 'approved', rule: rule.name };
    if (STOP_REASONS.indexOf(reason) > STOP_REASONS.indexOf(nearest.reason)) nearest = { reason, rule: rule.name };
  }
  return { kind: 'stopped', ...nearest };
}

function needsPerson(group: ChangeGroup, twoPeopleFor: readonly string[]): StopReason | undefined {
  if (verbsOf(group).some((verb) => twoPeopleFor.includes(verb))) return 'twoPeople';
  return group.touchesExisting ? 'existingAccount' : undefined;
}

/** The first condition of a rule that a group does not meet. */
function misfit(rule: ApprovalRule, group: ChangeGroup): StopReason | undefined {
  const { attributes, facets, targets, types } = rule;
  if (!verbsOf(group).every((verb) => rule.verbs.includes(verb))) return 'verb';
  if (targets !== undefined && (group.target === null || !targets.includes(group.target))) return 'target';
  if (types !== undefined && !types.includes(group.type)) return 'type';
  if (facets !== undefined && (group.facet === null || !facets.includes(group.facet))) return 'facet';
  if (attributes !== undefined && !group.attributes.every((name) => attributes.includes(name))) return 'attributes';
  return undefined;
}

/** A change that also removes members is one more that a rule has to name: nobody loses access because of a new title. */
function verbsOf({ verb, removesMembers }: ChangeGroup): ChangeVerb[] {
  return removesMembers && verb !== 'removeMember' ? [verb, 'removeMember'] : [verb];
}

/** What rules made, or would make, of a plan. */
export interface RuleReport {
  readonly total: number;
  readonly approved: number;
  readonly byVerb: Readonly<Record<string, { readonly total: number; readonly approved: number }>>;
  readonly byRule: readonly {
    readonly rule: string;
    /** Changes that fit it. */
    readonly fitting: number;
    readonly atMost: number;
    /** Those of them that no earlier rule has approved; 0 when more than `atMost` fit. */
    readonly approved: number;
  }[];
  /** What kept the rest, most frequent first. */
  readonly stopped: readonly { readonly reason: StopReason; readonly rule: string | null; readonly count: number }[];
}

/** Sums up what {@link decideByRules} said of the groups. */
export function reportOf(
  rules: readonly ApprovalRule[],
  groups: readonly ChangeGroup[],
  verdicts: readonly RuleVerdict[],
  twoPeopleFor: readonly string[],
): RuleReport {
  const byVerb = new Map<string, { total: number; approved: number }>();
  const byRule = new Map<string, number>();
  const stopped = new Map<string, { reason: StopReason; rule: string | null; count: number }>();
  groups.forEach((group, index) => {
    const verdict = verdicts[index];
    if (verdict === undefined) return;
    const approved = verdict.kind === 'approved' ? group.count : 0;
    const verb = byVerb.get(group.verb) ?? { total: 0, approved: 0 };
    byVerb.set(group.verb, { total: verb.total + group.count, approved: verb.approved + approved });
    if (verdict.kind === 'approved') {
      byRule.set(verdict.rule, (byRule.get(verdict.rule) ?? 0) + group.count);
      return;
    }
    const { reason, rule } = verdict;
    const key = `${reason}/${rule ?? ''}`;
    stopped.set(key, { reason, rule, count: (stopped.get(key)?.count ?? 0) + group.count });
  });
  const sum = (key: 'total' | 'approved'): number => [...byVerb.values()].reduce((all, one) => all + one[key], 0);
  return {
    total: sum('total'),
    approved: sum('approved'),
    byVerb: Object.fromEntries([...byVerb].sort(([a], [b]) => a.localeCompare(b))),
    byRule: rules.map((rule) => ({
      rule: rule.name,
      fitting: fitting(rule, groups, twoPeopleFor),
      atMost: rule.atMost,
      approved: byRule.get(rule.name) ?? 0,
    })),
    stopped: [...stopped.values()].sort((a, b) => b.count - a.count),
  };
}
