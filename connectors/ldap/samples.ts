import type { EntitySamples } from '../entity-samples.js';
import type { JsonObject } from '../../core/json.js';

function samplesOf(
  user: JsonObject,
  group: JsonObject,
  { emptyWith, ...names }: { user: string; group: string; emptyWith?: string },
): EntitySamples {
  return {
    user: {
      body: user,
      name: `/${names.user}/0`,
      text: '/sn/0',
      optional: '/title/0',
      filter: { 'ldap.user.filter': `(${names.user}=\${mark}*)` },
    },
    group: {
      body: group,
      name: `/${names.group}/0`,
      text: '/description/0',
      filter: { 'ldap.group.filter': `(${names.group}=\${mark}*)` },
      members: '/member',
      member: '${id}',
      mayBeEmpty: true,
      ...(emptyWith === undefined ? {} : { emptyWith }),
    },
    pageSizeProperty: 'ldap.page.size',
    addressProperty: 'ldap.url',
  };
}

/** What a directory with `inetOrgPerson` and `groupOfNames` accepts. */
export const LDAP_SAMPLES: EntitySamples = samplesOf(
  { uid: ['${mark}-${n}'], cn: ['Given ${n}'], sn: ['Family'], title: [], mail: ['${mark}.${n}@example.org'] },
  { cn: ['${mark}-${n}'], description: ['A group'] },
  // The class demands a member.
  { user: 'uid', group: 'cn', emptyWith: 'ldap.group.empty.member.dn' },
);

/** What a domain controller accepts; names of accounts have at most 20 characters. */
export const AD_SAMPLES: EntitySamples = samplesOf(
  {
    cn: ['${mark}-${n}'],
    sAMAccountName: ['${mark}-${n}'],
    sn: ['Family'],
    title: [],
    mail: ['${mark}.${n}@example.org'],
  },
  { cn: ['${mark}-${n}'], sAMAccountName: ['${mark}-g${n}'], description: ['A group'] },
  { user: 'cn', group: 'cn' },
);
