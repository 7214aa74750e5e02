import { READ_SAFETY_PROPERTIES } from '../core/sync/read-safety.js';
import type { PropertyDescriptor } from './contract.js';

const SOURCE: PropertyDescriptor['roles'] = ['source'];

/** What stands against a read that is not to be trusted, and how it is switched off. */
export const READ_SAFETY: readonly PropertyDescriptor[] = [
  {
    name: READ_SAFETY_PROPERTIES.reference,
    label: 'Behaviour of the reference',
    kind: 'boolean',
    roles: SOURCE,
    defaultValue: 'false',
    description:
      'true: no governor, nobody who was not delivered is asked for once more, no guard against empty, small or incomplete reads, and only what the reference repeats is repeated.',
  },
  {
    name: READ_SAFETY_PROPERTIES.confirmation,
    label: 'Confirm deletions at the source',
    kind: 'enum',
    roles: SOURCE,
    values: ['enabled', 'disabled'],
    defaultValue: 'enabled',
    description:
      'enabled: who was not delivered is asked for before a deletion, and kept unless the source says that it does not exist. disabled: a complete full read is enough.',
  },
  {
    name: READ_SAFETY_PROPERTIES.emptyGuard,
    label: 'Guard against empty reads',
    kind: 'enum',
    roles: SOURCE,
    values: ['enabled', 'disabled'],
    defaultValue: 'enabled',
    description:
      'enabled: a full read without any entity of a type deletes nobody of it, unless that was accepted when the job was started. disabled: it is believed.',
  },
  {
    name: READ_SAFETY_PROPERTIES.sizeGuard,
    label: 'Guard against small reads (percent)',
    kind: 'text',
    roles: SOURCE,
    defaultValue: '70',
    description:
      'A full read that delivers less than this share of the median of the last five deletes nobody who is missing, unless that was accepted when the job was started; off: never.',
  },
  {
    name: READ_SAFETY_PROPERTIES.membersGuard,
    label: 'Guard against groups without member lists',
    kind: 'enum',
    roles: SOURCE,
    values: ['enabled', 'disabled'],
    defaultValue: 'enabled',
    description:
      'enabled: a group that comes without a member list keeps its members, unless other groups of the same page came with theirs. disabled: it is taken for empty.',
  },
  {
    name: READ_SAFETY_PROPERTIES.isolation,
    label: 'Isolate failed entities',
    kind: 'boolean',
    roles: SOURCE,
    defaultValue: 'false',
    description:
      'true: an entity that could not be read does not keep others from being deleted, if the failure names its id; false: one failed entity blocks all deletions of the job.',
  },
];
