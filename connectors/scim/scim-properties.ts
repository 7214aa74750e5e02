import { HTTP_PROPERTIES } from '../http-properties.js';
import type { PropertyDescriptor } from '../contract.js';
import { PAGING_METHODS, PROFILE_PROPERTY } from './profile-overrides.js';
import { originProperties } from './origins.js';
import type { ScimProfile } from './profile.js';
import { groupPrefixDescriptor } from './transformations/group-prefix.js';
import { userSwitches } from './user-switches.js';
import { CONCURRENT_WRITES, DELTA_OVERLAP_S, LIST_PAGE_SIZE, PAGE_SIZE } from './scim-settings.js';

const SOURCE: PropertyDescriptor['roles'] = ['source'];
const TARGET: PropertyDescriptor['roles'] = ['target'];
const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** All properties of a SCIM system type (scim.md §1), the connection's first. */
export function scimProperties(profile: ScimProfile, prefix: string): readonly PropertyDescriptor[] {
  return [
    ...HTTP_PROPERTIES,
    ...readProperties(profile),
    groupPrefixDescriptor(prefix),
    ...writeProperties(profile, prefix),
    ...addressProperties(profile),
  ];
}

function readProperties(profile: ScimProfile): PropertyDescriptor[] {
  return [
    {
      name: 'scim.user.filter',
      label: 'User filter',
      kind: 'filter',
      roles: SOURCE,
      description: 'SCIM filter; only users that match are read, for example: active eq true.',
    },
    {
      name: 'scim.group.filter',
      label: 'Group filter',
      kind: 'filter',
      roles: SOURCE,
      description: 'SCIM filter; only groups that match are read.',
    },
    {
      name: 'scim.page.size',
      label: 'Page size',
      kind: 'integer',
      roles: SOURCE,
      ...PAGE_SIZE,
      defaultValue: String(profile.pageSizeEntities),
      description: 'Entities asked for in one request; the server may give fewer.',
    },
    {
      name: 'scim.sort.by',
      label: 'Sort by',
      kind: 'text',
      roles: SOURCE,
      description:
        'Attribute that lists are sorted by, if the server can: choose one that never changes. Makes pages stable while entities come and go.',
    },
    {
      name: 'scim.paging.method',
      label: 'Paging',
      kind: 'enum',
      roles: SOURCE,
      values: PAGING_METHODS,
      defaultValue: 'auto',
      description: 'auto: by cursors (RFC 9865) where the server announces them, else by index.',
    },
    ...listPagingProperties('scim.group.members', 'Members of groups', 'members of a group'),
    ...listPagingProperties('scim.user.groups', 'Groups of users', 'groups of a user'),
    {
      name: 'scim.read.attributes',
      label: 'Attributes read',
      kind: 'text',
      roles: SOURCE,
      description: 'Comma list sent as "attributes". Not together with scim.read.excluded.attributes.',
    },
    {
      name: 'scim.read.excluded.attributes',
      label: 'Attributes not read',
      kind: 'text',
      roles: SOURCE,
      description: 'Comma list sent as "excludedAttributes".',
    },
    {
      name: 'scim.group.members.additional.attributes',
      label: 'Additional member attributes',
      kind: 'text',
      roles: SOURCE,
      description: 'Comma list sent as "membersAdditionalAttributes", for servers that know it.',
    },
    {
      name: 'scim.delta.overlap.seconds',
      label: 'Overlap of delta reads (seconds)',
      kind: 'integer',
      roles: SOURCE,
      min: DELTA_OVERLAP_S.min,
      max: DELTA_OVERLAP_S.max,
      defaultValue: String(DELTA_OVERLAP_S.fallback),
      description: 'A delta read starts this long before the last one, because clocks differ.',
    },
  ];
}

function listPagingProperties(name: string, label: string, what: string): PropertyDescriptor[] {
  return [
    {
      name: `${name}.paging.enabled`,
      label: `${label} in pages`,
      kind: 'boolean',
      roles: SOURCE,
      defaultValue: 'false',
      description: `true: from one page of them on, the ${what} are read in requests of their own.`,
    },
    {
      name: `${name}.page.size`,
      label: `${label} in a page`,
      kind: 'integer',
      roles: SOURCE,
      min: LIST_PAGE_SIZE.min,
      max: LIST_PAGE_SIZE.max,
      defaultValue: String(LIST_PAGE_SIZE.fallback),
      description: `How many ${what} one request asks for.`,
    },
  ];
}

function writeProperties(profile: ScimProfile, prefix: string): PropertyDescriptor[] {
  return [
    ...userSwitches(profile, prefix),
    ...originProperties(profile, prefix),
    {
      name: 'scim.user.unique.attribute',
      label: 'Unique attributes of users',
      kind: 'text',
      roles: TARGET,
      // Where a second search depends on it, an absent property is not the same as its usual value (CNF-5).
      ...(profile.users?.keysAfter === undefined && { defaultValue: profile.uniqueKeys.user.join(',') }),
      predefinedValue: profile.uniqueKeys.user.join(','),
      description:
        'Comma list; all must match for an existing user to be adopted, for example userName,emails[0].value.',
    },
    {
      name: 'scim.group.unique.attribute',
      label: 'Unique attributes of groups',
      kind: 'text',
      roles: TARGET,
      defaultValue: profile.uniqueKeys.group.join(','),
      predefinedValue: profile.uniqueKeys.group.join(','),
      description: 'The same for groups.',
    },
    {
      name: 'scim.support.patch.operation',
      label: 'Update with PATCH',
      kind: 'boolean',
      roles: TARGET,
      defaultValue: 'false',
      description: 'true: PATCH with what has changed; false: PUT with the whole entity.',
    },
    {
      name: 'scim.content.type',
      label: 'Content type',
      kind: 'text',
      roles: TARGET,
      defaultValue: profile.contentType,
      description: 'Content-Type of writing requests, for example application/json.',
    },
    {
      name: 'scim.include.if.match.wildcard.header',
      label: 'Send If-Match: *',
      kind: 'boolean',
      roles: TARGET,
      defaultValue: String(profile.ifMatchAny ?? false),
      description: 'true: every writing request carries If-Match: *.',
    },
    {
      name: 'scim.patch.group.members.above.threshold',
      label: 'Members in slices above',
      kind: 'integer',
      roles: TARGET,
      min: 1,
      max: profile.members.maxThreshold,
      ...(profile.members.threshold === undefined ? {} : { defaultValue: String(profile.members.threshold) }),
      description:
        'Groups with more members are written by PATCH in slices of this size; absent: always in one request.',
    },
    {
      name: 'scim.patch.group.members.of.nested.groups',
      label: 'Only user members',
      kind: 'boolean',
      roles: TARGET,
      defaultValue: 'false',
      description: 'true: only members that are users are written, by PATCH; groups that are members stay as they are.',
    },
    {
      name: 'scim.support.bulk.operation',
      label: 'Bulk requests',
      kind: 'boolean',
      roles: TARGET,
      defaultValue: 'false',
      description:
        'true: writes of several entities go together to /Bulk, if the server does not say that it has none.',
    },
    {
      name: 'scim.bulk.operations.max.count',
      label: 'Operations in a bulk request',
      kind: 'integer',
      roles: TARGET,
      min: 1,
      max: profile.bulk.maxOperations,
      defaultValue: String(profile.bulk.operations),
      description: 'At most; less where the server announces less.',
    },
    {
      name: 'scim.api.csrf.protection',
      label: 'CSRF protection',
      kind: 'enum',
      roles: TARGET,
      values: ['enabled', 'disabled'],
      defaultValue: 'disabled',
      description: 'enabled: a token is fetched from scim.csrf.token.path before the first write.',
    },
    {
      name: 'scim.csrf.token.path',
      label: 'CSRF token path',
      kind: 'text',
      roles: TARGET,
      description: 'Path appended to URL to fetch the token. csrf.token.path means the same.',
    },
    {
      name: 'csrf.token.path',
      label: 'CSRF token path (older name)',
      kind: 'text',
      roles: TARGET,
      description: 'Same as scim.csrf.token.path.',
    },
    {
      name: 'scim.max.concurrent.writes',
      label: 'Writes at a time',
      kind: 'integer',
      roles: TARGET,
      ...CONCURRENT_WRITES,
      defaultValue: String(profile.maxConcurrentWrites),
      description: 'Writing requests under way at once, for each process, at most.',
    },
  ];
}

function addressProperties(profile: ScimProfile): PropertyDescriptor[] {
  return [
    {
      name: 'scim.base.path',
      label: 'Base path',
      kind: 'text',
      roles: BOTH,
      defaultValue: profile.basePath,
      description: 'Appended to URL unless it ends with it already, for example /scim/v2.',
    },
    {
      name: 'scim.users.path',
      label: 'Path of users',
      kind: 'text',
      roles: BOTH,
      defaultValue: profile.usersPath,
      description: 'Appended to the base path.',
    },
    {
      name: 'scim.groups.path',
      label: 'Path of groups',
      kind: 'text',
      roles: BOTH,
      defaultValue: profile.groupsPath,
      description: 'Appended to the base path.',
    },
    {
      name: 'scim.discovery',
      label: 'Discovery',
      kind: 'enum',
      roles: BOTH,
      values: ['auto', 'off'],
      defaultValue: 'auto',
      description: 'auto: /ServiceProviderConfig is read once a day; off: never.',
    },
    {
      name: PROFILE_PROPERTY,
      label: 'Profile',
      kind: 'text',
      roles: BOTH,
      description: 'What this server does otherwise than others, as JSON; see /systems/{id}/profile and the probe.',
    },
  ];
}
