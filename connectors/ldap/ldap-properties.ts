import type { PropertyDescriptor } from '../contract.js';
import type { Dialect } from './dialect.js';
import { connectionProperties, fixed } from './ldap-connection-properties.js';
import { FLATTEN_PAGE_SIZE, PAGE_SIZE } from './ldap-settings.js';

const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];
const SOURCE: PropertyDescriptor['roles'] = ['source'];
const TARGET: PropertyDescriptor['roles'] = ['target'];

/** All properties of a directory type (PRP-100 to PRP-119, specification §1). */
export function ldapProperties(dialect: Dialect): readonly PropertyDescriptor[] {
  return [
    ...connectionProperties(),
    ...entries(dialect),
    ...reading(),
    ...writing(),
    ...(dialect.kind === 'ad' ? onlyAd() : onlyLdap()),
  ];
}

function entries({ userClass, groupClass, userId }: Dialect): PropertyDescriptor[] {
  const text = (name: string, label: string, value: string, description: string, roles = BOTH): PropertyDescriptor => ({
    name,
    label,
    kind: 'text',
    roles,
    defaultValue: value,
    predefinedValue: value,
    description,
  });
  return [
    path('ldap.user.path', 'User path', 'users'),
    path('ldap.group.path', 'Group path', 'groups'),
    text('ldap.user.object.class', 'User class', userClass, 'Class of users when reading and writing.'),
    text('ldap.group.object.class', 'Group class', groupClass, 'Class of groups when reading and writing.'),
    text(
      'ldap.attribute.user.id',
      'User identifier',
      userId,
      'Attribute that identifies a user, or distinguishedName.',
    ),
    text(
      'ldap.attribute.group.id',
      'Group identifier',
      'cn',
      'Attribute that identifies a group, or distinguishedName.',
    ),
    text(
      'ldap.group.uniquename.attribute',
      'Group name in memberOf',
      'cn',
      'Attribute of a group shown in the groups of a user; ldap.attribute.group.id wins.',
    ),
    text(
      'ldap.member.uniquename.attribute',
      'User name in member',
      userId,
      'Attribute of a user shown in the members of a group; ldap.attribute.user.id wins.',
      SOURCE,
    ),
    fixed('ldap.attribute.dn', 'DN attribute', 'distinguishedName', 'Name under which the DN of an entry is shown.'),
  ];
}

function reading(): PropertyDescriptor[] {
  const optional = (name: string, label: string, kind: 'text' | 'filter', description: string): PropertyDescriptor => ({
    name,
    label,
    kind,
    roles: SOURCE,
    description,
  });
  const list = 'Comma list, used by connector version 2; absent: all attributes.';
  return [
    optional('ldap.user.attributes', 'User attributes', 'text', list),
    optional('ldap.group.attributes', 'Group attributes', 'text', list),
    optional('ldap.user.filter', 'User filter', 'filter', 'LDAP filter; only matching users are read.'),
    optional('ldap.group.filter', 'Group filter', 'filter', 'LDAP filter; only matching groups are read.'),
    optional(
      'ldap.binary.attributes',
      'Binary attributes',
      'text',
      'Comma list of attributes with bytes that the schema does not name as such.',
    ),
    {
      name: 'ldap.page.size',
      label: 'Page size',
      kind: 'integer',
      roles: SOURCE,
      min: PAGE_SIZE.min,
      max: PAGE_SIZE.max,
      defaultValue: String(PAGE_SIZE.fallback),
      description: 'Entries per page; above 1000 is discouraged.',
    },
    {
      name: 'ldap.search.scope',
      label: 'Search scope',
      kind: 'enum',
      roles: BOTH,
      values: ['sub', 'one'],
      defaultValue: 'sub',
      description: 'sub: everything below the paths; one: directly below only.',
    },
  ];
}

function writing(): PropertyDescriptor[] {
  return [
    {
      name: 'ldap.group.empty.member.dn',
      label: 'Placeholder member',
      kind: 'text',
      roles: TARGET,
      description: 'DN that stands in groups without members, for classes that demand one.',
    },
    {
      name: 'ldap.dn.escape.mode',
      label: 'Special characters in names',
      kind: 'enum',
      roles: TARGET,
      values: ['documented', 'rfc4514'],
      defaultValue: 'documented',
      description: 'documented: names with = < > # \\ are refused; rfc4514: every name is possible.',
    },
  ];
}

function onlyLdap(): PropertyDescriptor[] {
  const attribute = (name: string, label: string, value: string): PropertyDescriptor => ({
    name: `ldap.attribute.${name}`,
    label,
    kind: 'text',
    roles: BOTH,
    defaultValue: value,
    predefinedValue: value,
    description: 'Attribute name used by the default transformation and the connector.',
  });
  const required = (type: string): PropertyDescriptor => ({
    name: `ldap.attribute.${type}.object.class.required`,
    label: `Mandatory attribute of the ${type} class`,
    kind: 'text',
    roles: TARGET,
    defaultValue: 'cn',
    predefinedValue: 'cn',
    description: 'Filled from the name when no mapping gives it.',
  });
  return [
    attribute('group.member', 'Membership attribute', 'member'),
    attribute('user.groups', 'Groups attribute of users', 'memberOf'),
    attribute('user.mail', 'E-mail attribute', 'mail'),
    attribute('user.mobile', 'Mobile attribute', 'mobile'),
    attribute('user.givenName', 'Given name attribute', 'givenName'),
    attribute('user.surname', 'Surname attribute', 'sn'),
    attribute('user.telephoneNumber', 'Telephone attribute', 'telephoneNumber'),
    required('user'),
    required('group'),
    {
      name: 'ldap.delta.attribute',
      label: 'Attribute for delta reads',
      kind: 'text',
      roles: SOURCE,
      description:
        'For example modifyTimestamp: delta reads ask for entries with a later time. Absent: every read is full.',
    },
    {
      name: 'ldap.delta.accesslog.path',
      label: 'Access log',
      kind: 'text',
      roles: SOURCE,
      description: 'Suffix of the access log of slapd, for example cn=accesslog: delta reads then also see deletions.',
    },
  ];
}

function onlyAd(): PropertyDescriptor[] {
  return [
    {
      name: 'ad.group.flatten',
      label: 'Resolve nested groups',
      kind: 'boolean',
      roles: SOURCE,
      defaultValue: 'false',
      description: 'true: users of nested groups become direct members.',
    },
    {
      name: 'ad.group.flatten.page.size',
      label: 'Page size for nested groups',
      kind: 'integer',
      roles: SOURCE,
      min: FLATTEN_PAGE_SIZE.min,
      max: FLATTEN_PAGE_SIZE.max,
      defaultValue: String(FLATTEN_PAGE_SIZE.fallback),
      description: 'Users per page when nested groups are resolved.',
    },
    {
      name: 'ad.delta.scope.check',
      label: 'Notice moves in delta reads',
      kind: 'boolean',
      roles: SOURCE,
      defaultValue: 'false',
      description: 'true: one more search over the domain finds objects that were moved out of the paths.',
    },
  ];
}

function path(name: string, label: string, what: string): PropertyDescriptor {
  return {
    name,
    label,
    kind: 'text',
    roles: BOTH,
    required: true,
    description: `DN below which ${what} are read and created.`,
  };
}
