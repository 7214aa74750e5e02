/**
 * Why an entity is neither present nor absent in a job (UNK-2), in the order in which administrators are told. The last one is about the
 * members of a group that is present (UNK-5).
 */
export const UNKNOWN_CAUSES = [
  'pageFailed',
  'interrupted',
  'moved',
  'emptyRead',
  'unreadable',
  'confirmationFound',
  'confirmationFailed',
  'sizeGuard',
  'configurationChanged',
  'notAsked',
  'membersNotDelivered',
] as const;

/** One of {@link UNKNOWN_CAUSES}. */
export type UnknownCause = (typeof UNKNOWN_CAUSES)[number];

/** What each cause means, for job details, command line and documentation. */
export const CAUSE_MEANING: Readonly<Record<UnknownCause, string>> = {
  pageFailed: 'a page of the list could not be read',
  interrupted: 'the reading did not come to its end',
  moved: 'the list moved while it was read: its total shrank, or entities were missing or repeated',
  emptyRead: 'the source returned nobody of this type',
  unreadable: 'delivered, and could not be read or mapped',
  confirmationFound: 'not delivered, and the source has it when it is asked for it',
  confirmationFailed: 'not delivered, and the source could not say whether it exists',
  sizeGuard: 'the source delivered far fewer entities than usual',
  configurationChanged: 'filter or API version changed since the last full read',
  notAsked: 'not delivered, and the source was not asked because nothing was to be deleted',
  membersNotDelivered: 'the group was delivered without its member list, or with a part of it; memberships stay',
};

/** What a guard says of the read of a type; `none` when nothing speaks against it. */
export type ReadGuard = 'none' | 'emptyRead' | 'sizeGuard' | 'configurationChanged';

/** Names of the properties of a source that say what stands against a read that is not to be trusted. */
export const READ_SAFETY_PROPERTIES = {
  /** GOV-10. */
  reference: 'ips.reference.behavior',
  /** DEL-23. */
  confirmation: 'ips.delete.confirmation',
  /** DEL-21. */
  emptyGuard: 'ips.read.guard.empty',
  /** UNK-4. */
  sizeGuard: 'ips.read.guard.size',
  /** UNK-5. */
  membersGuard: 'ips.read.guard.members',
  /** DEL-24. */
  isolation: 'isolateFailedEntities',
} as const;

/** What stands against a read that is not to be trusted, as a source is configured. */
export interface ReadSafety {
  /** No governor, no confirmation, no guards (GOV-10). */
  readonly followsReference: boolean;
  /** Who was not delivered is asked for before a deletion (DEL-23). */
  readonly confirmsAbsence: boolean;
  /** DEL-21. */
  readonly guardsEmptyReads: boolean;
  /** UNK-4: percent of the usual size below which a read is not believed; undefined: any size is. */
  readonly sizePercent: number | undefined;
  /** UNK-5: a group without a member list keeps its members. */
  readonly guardsMembers: boolean;
  /** DEL-24: who could not be read does not block the deletion of others, if the failure names it. */
  readonly isolatesFailures: boolean;
}

const DEFAULT_SIZE_PERCENT = 70;

/** Reads the properties of a source. A value that saving would refuse counts as absent. */
export function readSafety(properties: Readonly<Record<string, string>>): ReadSafety {
  const valueOf = (name: string): string => (properties[name] ?? '').trim();
  const followsReference = valueOf(READ_SAFETY_PROPERTIES.reference) === 'true';
  const isOn = (name: string): boolean => !followsReference && valueOf(name) !== 'disabled';
  const size = valueOf(READ_SAFETY_PROPERTIES.sizeGuard);
  const isSizeOff = followsReference || size === 'off';
  return {
    followsReference,
    confirmsAbsence: isOn(READ_SAFETY_PROPERTIES.confirmation),
    guardsEmptyReads: isOn(READ_SAFETY_PROPERTIES.emptyGuard),
    sizePercent: isSizeOff ? undefined : isPercent(size) ? Number(size) : DEFAULT_SIZE_PERCENT,
    guardsMembers: isOn(READ_SAFETY_PROPERTIES.membersGuard),
    isolatesFailures: valueOf(READ_SAFETY_PROPERTIES.isolation) === 'true',
  };
}

/** What is wrong with the value of the property of the size guard; undefined: nothing, or it is another property. */
export function readSafetyProblem(name: string, value: string): string | undefined {
  if (name !== READ_SAFETY_PROPERTIES.sizeGuard || value === '' || value === 'off' || isPercent(value))
    return undefined;
  return 'must be off or a percentage from 1 to 100';
}

function isPercent(text: string): boolean {
  return /^[1-9]\d?$|^100$/.test(text);
}

/** Reads that the usual size is taken of, and the size from which on it means something (UNK-4). */
export const SIZES_KEPT = 5;
const SMALLEST_USUAL_SIZE = 20;

/** Median of what the last full reads delivered, the lower one of two in the middle; undefined without any. */
export function usualSize(delivered: readonly number[]): number | undefined {
  const sorted = [...delivered].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** UNK-4: so few were delivered that nobody is believed to be missing. */
export function isSuspiciouslySmall(
  delivered: number,
  usual: number | undefined,
  percent: number | undefined,
): boolean {
  if (usual === undefined || percent === undefined || usual < SMALLEST_USUAL_SIZE) return false;
  return delivered * 100 < usual * percent;
}
