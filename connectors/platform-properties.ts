import { NOTIFICATION_PROPERTIES } from '../core/notifications/settings.js';
import { FIXED_CLASSES } from '../core/plan/change.js';
import { GOVERNOR_PROPERTIES } from '../core/plan/limits.js';
import { WRITE_BACK_PROPERTY } from '../core/write-back.js';
import type { PropertyDescriptor } from './contract.js';
import { READ_SAFETY } from './read-safety-properties.js';
import { RELIABILITY_PROPERTIES } from './reliability-properties.js';
import { RETRY_AFTER_PROPERTY } from './retry-policy.js';
import { TRACE_PROPERTIES } from './trace-properties.js';

const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** Platform properties (PRP-40 to PRP-62). */
export const PLATFORM_PROPERTIES: readonly PropertyDescriptor[] = [
  {
    name: 'ips.date.variable.format',
    label: 'Date format',
    kind: 'text',
    roles: BOTH,
    defaultValue: 'yyyy-MM-dd HH:mm:ss.SSS',
    predefinedValue: 'yyyy-MM-dd HH:mm:ss.SSS',
    description: 'Format of the variable currentDate.',
  },
  {
    name: 'ips.delta.read',
    label: 'Delta read',
    kind: 'enum',
    roles: ['source'],
    values: ['enabled', 'disabled'],
    description: 'enabled: only changed entities are read where the source can tell them.',
  },
  {
    name: 'ips.full.read.force.count',
    label: 'Force full read after',
    kind: 'integer',
    roles: ['source'],
    min: 1,
    description: 'A full read after this many scheduled delta jobs; absent: never.',
  },
  {
    name: 'ips.delta.max.share',
    label: 'Largest share of changes in a delta read (percent)',
    kind: 'integer',
    roles: ['source'],
    min: 1,
    max: 100,
    description:
      'A delta read becomes a full read when more than this share of all entities has changed or waits to be repeated; absent: 50; 100: never.',
  },
  ...RELIABILITY_PROPERTIES,
  {
    name: 'ips.delete.existedbefore.entities',
    label: 'Delete entities that existed before',
    kind: 'boolean',
    roles: ['target'],
    defaultValue: 'false',
    description: 'true: entities that existed before the first provisioning are deleted as well.',
  },
  {
    name: 'ips.delete.shared.entities',
    label: 'Delete entities that another source has too',
    kind: 'boolean',
    roles: ['target'],
    defaultValue: 'false',
    description:
      'true: an entity is deleted when one source lets it go although another enabled source still provisions it; false: it stays as long as one of them does.',
  },
  {
    name: 'ips.delete.threshold.users',
    label: 'Deletion threshold of users',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    description: 'No user is deleted in a job that would delete more; absent: no limit.',
  },
  {
    name: 'ips.delete.threshold.groups',
    label: 'Deletion threshold of groups',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    description: 'The same for groups.',
  },
  {
    name: 'ips.delete.threshold.roles',
    label: 'Deletion threshold of roles',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    description: 'The same for roles.',
  },
  ...FIXED_CLASSES.map((name): PropertyDescriptor => ({
    name: GOVERNOR_PROPERTIES.ofClass(name),
    label: `Governor: ${name}`,
    kind: 'text',
    roles: ['target'],
    description:
      'on: held above 50 in one job or 24 hours, or above 10 and 10 % of the links; off: not counted; a number: held above it. Absent: on for delete, disable and recreate.',
  })),
  {
    name: GOVERNOR_PROPERTIES.attributes,
    label: 'Governor: attributes',
    kind: 'text',
    roles: ['target'],
    description: 'Target attributes whose changes are counted on their own, for example manager=20, department.',
  },
  {
    name: GOVERNOR_PROPERTIES.groupMembers,
    label: 'Governor: removed members of a group (percent)',
    kind: 'text',
    roles: ['target'],
    description: 'A larger share of the members of a group of at least 10 is held; absent: 30; off: never.',
  },
  ...READ_SAFETY,
  {
    name: RETRY_AFTER_PROPERTY,
    label: 'Behaviour of the reference: Retry-After',
    kind: 'enum',
    roles: ['source', 'target'],
    values: ['enabled', 'disabled'],
    defaultValue: 'enabled',
    description:
      'With ips.reference.behavior: a Retry-After of 429 or 503 is waited for once where the reference repeats nothing. disabled: it is not.',
  },
  {
    name: WRITE_BACK_PROPERTY,
    label: 'Attribute written back to the source',
    kind: 'text',
    roles: ['target'],
    description:
      'Attribute of a user that this target generates and that is stored in the source, for example urn:ietf:params:scim:schemas:extension:sap:2.0:User:userUuid; a=b where it is called b in the source.',
  },
  {
    name: 'ips.plan.facet',
    label: 'Plans: facet',
    kind: 'text',
    roles: ['source'],
    description:
      'Attribute of the common JSON by which plans are counted and filtered, for example department; a#b for b inside of a.',
  },
  {
    name: 'ips.plan.first',
    label: 'Plans: plan first',
    kind: 'boolean',
    roles: ['source'],
    defaultValue: 'false',
    description: 'true: every job stops at its plan, and only what is approved is sent, whoever asks.',
  },
  {
    name: 'ips.plan.second.person',
    label: 'Plans: verbs that need two people',
    kind: 'text',
    roles: ['source'],
    description: 'Verbs whose changes two different people have to approve, for example delete, disable.',
  },
  {
    name: 'ips.plan.expiry.days',
    label: 'Plans: expiry (days)',
    kind: 'integer',
    roles: ['source'],
    min: 1,
    max: 365,
    description: 'Days in which a plan can be decided and applied; absent: 7.',
  },
  {
    name: 'ips.overwrite.existedbefore.assignments',
    label: 'Overwrite assignments that existed before',
    kind: 'boolean',
    roles: ['target'],
    defaultValue: 'true',
    description: 'Effective for AS ABAP only.',
  },
  {
    name: 'ips.application.id',
    label: 'Application ID',
    kind: 'text',
    roles: BOTH,
    description: 'Application that groups belong to.',
  },
  ...TRACE_PROPERTIES,
  {
    name: NOTIFICATION_PROPERTIES.repeat,
    label: 'Repeat failure notifications',
    kind: 'boolean',
    roles: ['source'],
    defaultValue: 'false',
    description: 'true: a mail after every failed job.',
  },
  {
    name: NOTIFICATION_PROPERTIES.ignored,
    label: 'Ignored failures',
    kind: 'integer',
    roles: ['source'],
    min: 0,
    defaultValue: '0',
    description: 'So many failed jobs in a row send no mail.',
  },
  {
    name: NOTIFICATION_PROPERTIES.skipIntermediate,
    label: 'Skip intermediate notifications',
    kind: 'boolean',
    roles: ['source'],
    defaultValue: 'false',
    description: 'true: no mail while a job still runs.',
  },
];
