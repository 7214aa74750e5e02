import type { EntitySamples } from '../entity-samples.js';

/** What most SCIM servers accept. */
export const SCIM_SAMPLES: EntitySamples = {
  user: {
    body: {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: '${mark}-${n}',
      externalId: '${mark}-${n}',
      name: { givenName: 'Given ${n}', familyName: 'Family' },
      emails: [{ value: '${mark}.${n}@example.org', type: 'work', primary: true }],
      active: true,
    },
    name: '/userName',
    text: '/name/familyName',
    textKey: 'name.familyName',
    optional: '/title',
    filter: { 'scim.user.filter': 'userName sw "${mark}"' },
  },
  group: {
    body: {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: '${mark}-${n}',
    },
    name: '/displayName',
    text: '/displayName',
    filter: { 'scim.group.filter': 'displayName sw "${mark}"' },
    members: '/members',
    member: { value: '${id}' },
    mayBeEmpty: true,
  },
  pageSizeProperty: 'scim.page.size',
  addressProperty: 'URL',
  updateModeProperties: {
    replace: { 'scim.support.patch.operation': 'false' },
    patch: { 'scim.support.patch.operation': 'true' },
  },
};
