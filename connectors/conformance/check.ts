import type { Capabilities } from '../contract.js';
import type { SystemUnderTest } from './system-under-test.js';
import { addressOf, type Trial } from './trial.js';

/** One check of contract.md. */
export interface Check {
  /** Stable, in words: what reports, deviations and the command line name it by. */
  readonly id: string;
  readonly rules: readonly string[];
  readonly title: string;
  /** What the system must be able to do for the check to make sense. */
  readonly needs: readonly Need[];
  /** Throws a finding. */
  run(trial: Trial): Promise<void>;
}

/** What a check is about. */
export type CheckArea = 'reading' | 'delta' | 'writing' | 'groups' | 'faults';

/** A requirement: says what is missing, or undefined. */
export type Need = (system: SystemUnderTest, capabilities: Capabilities) => string | undefined;

const need =
  (isMet: (system: SystemUnderTest, capabilities: Capabilities) => boolean, missing: string): Need =>
  (system, capabilities) =>
    isMet(system, capabilities) ? undefined : missing;

export const NEEDS = {
  writing: need(({ mayWrite, samples }) => mayWrite && samples.user !== undefined, 'writing is not allowed here'),
  users: need(({ samples }, { types }) => types.includes('user') && samples.user !== undefined, 'no sample of users'),
  groups: need(
    ({ samples }, { types, membersOnly }) =>
      types.includes('group') && samples.group !== undefined && membersOnly?.includes('group') !== true,
    'the system has no groups that could be created',
  ),
  fixedGroups: need(
    ({ samples }, { membersOnly }) => samples.group !== undefined && membersOnly?.includes('group') === true,
    'groups can be created here',
  ),
  pages: need(({ samples }) => samples.pageSizeProperty !== undefined, 'the page size cannot be set'),
  filter: need(({ samples }) => samples.user?.filter !== undefined, 'the system cannot read only some entities'),
  together: need(
    ({ factory, properties, samples }) =>
      factory.capabilities({ ...properties, ...samples.user?.filter }, 'source').confirmsTogether?.user !== undefined,
    'entities are asked for one by one',
  ),
  filteredReads: need((_, { filtersReads }) => filtersReads === true, 'reads take no filter of their own'),
  delta: need((_, { delta, deltaTypes }) => delta !== 'none' && deltaTypes.includes('user'), 'no delta read'),
  optional: need(({ samples }) => samples.user?.optional !== undefined, 'the sample names no optional attribute'),
  sharedKey: need(({ samples }) => samples.user?.textKey !== undefined, 'the sample names no key that may be shared'),
  replace: need((system, capabilities) => modes(system, capabilities).includes('replace'), 'no replacing update'),
  patch: need((system, capabilities) => modes(system, capabilities).includes('patch'), 'no update by change'),
  membership: need((_, { changesMembers }) => changesMembers === true, 'users are not assigned to groups one by one'),
  secrets: need(({ secrets }) => Object.keys(secrets).length > 0, 'the system needs no credentials'),
  plainAddress: need(
    (system) => /^(http|ldap):/.test(addressOf(system) ?? ''),
    'faults of the network are made on addresses without TLS only',
  ),
  http: need((system) => /^https?:/.test(addressOf(system) ?? ''), 'the system does not speak HTTP'),
} as const satisfies Record<string, Need>;

/** Ways in which updates can be made. */
export function modes({ samples }: SystemUnderTest, { updateMode }: Capabilities): readonly ('replace' | 'patch')[] {
  return samples.updateModeProperties === undefined
    ? [updateMode]
    : (['replace', 'patch'] as const).filter((mode) => samples.updateModeProperties?.[mode] !== undefined);
}

/** The way in which this system is usually written to. */
export function usualMode(system: SystemUnderTest, capabilities: Capabilities): 'replace' | 'patch' {
  const offered = modes(system, capabilities);
  return offered.includes(capabilities.updateMode) ? capabilities.updateMode : (offered[0] ?? 'replace');
}

/** Why the check does not fit the system; undefined when it does. */
export function reasonToSkip(check: Check, system: SystemUnderTest, capabilities: Capabilities): string | undefined {
  const told = system.notApplicable[check.id];
  if (told !== undefined) return told;
  for (const missing of check.needs) {
    const reason = missing(system, capabilities);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
