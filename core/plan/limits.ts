import { FIXED_CLASSES } from './change.js';
import type { FixedClass, GovernedClass } from './change.js';

/** How many changes of a class are let through in a window (GOV-2). */
export type Limit =
  /** Trips above 50, or above 10 and 10 % of the live links. */
  | { readonly kind: 'standard' }
  /** Trips above this number. */
  | { readonly kind: 'fixed'; readonly count: number };

const ALWAYS = 10;
const NEVER_MORE = 50;
const SHARE = 0.1;

/** The number of live links matters only between these two numbers of changes. */
export function dependsOnLinks(limit: Limit, wanted: number): boolean {
  return limit.kind === 'standard' && wanted > ALWAYS && wanted <= NEVER_MORE;
}

/** Changes that a window lets through, given the live links of the target and type (GOV-2). */
export function allowance(limit: Limit, liveLinks: number): number {
  if (limit.kind === 'fixed') return limit.count;
  return Math.min(NEVER_MORE, Math.max(ALWAYS, Math.floor(liveLinks * SHARE)));
}

/** What the governor of one source and target does. */
export interface GovernorRules {
  /** Limits of the classes that are counted; a class that is missing is not. */
  readonly limits: ReadonlyMap<GovernedClass, Limit>;
  /** Attributes that are classes of their own. */
  readonly attributes: readonly string[];
  /** GOV-4: a larger share of removed members trips for that group; undefined: never. */
  readonly memberShare: number | undefined;
  /** There is no governor at all (GOV-10); limits that are all off still hold what was held under others (GOV-8). */
  readonly isOff: boolean;
}

/** Prefix of the properties of the governor. */
const PREFIX = 'ips.governor.';
/** Names of the properties that an administrator may set on a target. */
export const GOVERNOR_PROPERTIES = {
  ofClass: (name: FixedClass): string => `${PREFIX}${name}`,
  attributes: `${PREFIX}attributes`,
  groupMembers: `${PREFIX}group.members.percent`,
} as const;

const ON_BY_DEFAULT: readonly FixedClass[] = ['delete', 'disable', 'recreate'];
const DEFAULT_MEMBER_PERCENT = 30;
const NOTHING: GovernorRules = { limits: new Map(), attributes: [], memberShare: undefined, isOff: true };

/** The rules of a target by its properties (GOV-1 to GOV-4); `isOff`: the source follows the reference (GOV-10). */
export function governorRules(properties: Readonly<Record<string, string>>, isOff: boolean): GovernorRules {
  if (isOff) return NOTHING;
  const limits = new Map<GovernedClass, Limit>();
  for (const name of FIXED_CLASSES) {
    const limit = limitOf(properties[GOVERNOR_PROPERTIES.ofClass(name)], ON_BY_DEFAULT.includes(name));
    if (limit !== undefined) limits.set(name, limit);
  }
  const named = namedAttributes(properties[GOVERNOR_PROPERTIES.attributes]);
  for (const [attribute, limit] of named) limits.set(`attribute:${attribute}`, limit);
  return { limits, attributes: [...named.keys()], memberShare: memberShare(properties), isOff: false };
}

/** What is wrong with the value of a property of the governor; undefined: nothing, or it is another property. */
export function governorProblem(name: string, value: string): string | undefined {
  if (FIXED_CLASSES.some((one) => GOVERNOR_PROPERTIES.ofClass(one) === name))
    return /^(on|off|\d{1,9})$/.test(value) ? undefined : 'must be on, off or a whole number';
  if (name === GOVERNOR_PROPERTIES.groupMembers)
    return value === 'off' || (/^\d{1,3}$/.test(value) && Number(value) <= 100)
      ? undefined
      : 'must be off or a percentage from 0 to 100';
  if (name !== GOVERNOR_PROPERTIES.attributes) return undefined;
  const isWrong = value.split(',').some((part) => !/^[^=,\s]+(\s*=\s*(on|\d{1,9}))?$/.test(part.trim()));
  return isWrong ? 'must be a list of attributes, each with or without "=number", separated by commas' : undefined;
}

/** `on`, `off` or a number; undefined: not counted. */
function limitOf(text: string | undefined, isOn: boolean): Limit | undefined {
  const value = (text ?? '').trim();
  if (/^\d{1,9}$/.test(value)) return { kind: 'fixed', count: Number(value) };
  return value === 'on' || (isOn && value !== 'off') ? { kind: 'standard' } : undefined;
}

/** `manager=20, department`: without a number the standard limit. */
function namedAttributes(text: string | undefined): Map<string, Limit> {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  return new Map(
    parts
      .filter((part) => part !== '')
      .map((part): [string, Limit] => {
        const [name = '', count] = part.split('=').map((half) => half.trim());
        return [name, limitOf(count, true) ?? { kind: 'standard' }];
      }),
  );
}

function memberShare(properties: Readonly<Record<string, string>>): number | undefined {
  const text = (properties[GOVERNOR_PROPERTIES.groupMembers] ?? '').trim();
  if (text === 'off') return undefined;
  return (/^\d{1,3}$/.test(text) ? Number(text) : DEFAULT_MEMBER_PERCENT) / 100;
}

const SMALL_GROUP = 10;

/** GOV-4: so many of the members of a group are removed that somebody has to look at it. */
export function tripsGroup(rules: GovernorRules, members: number, removed: number): boolean {
  return rules.memberShare !== undefined && members >= SMALL_GROUP && removed > members * rules.memberShare;
}
