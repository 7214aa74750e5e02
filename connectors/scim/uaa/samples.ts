import type { EntitySamples } from '../../entity-samples.js';
import { SCIM_SAMPLES } from '../samples.js';

const CORE_SCHEMA = 'urn:scim:schemas:core:1.0';

/** What UAA accepts: users of its own directory, which every UAA has. */
export const UAA_SAMPLES: EntitySamples = {
  ...SCIM_SAMPLES,
  user: {
    body: {
      schemas: [CORE_SCHEMA],
      userName: '${mark}-${n}',
      origin: 'uaa',
      name: { givenName: 'Given ${n}', familyName: 'Family' },
      emails: [{ value: '${mark}.${n}@example.org', primary: true }],
      active: true,
    },
    name: '/userName',
    text: '/name/familyName',
    textKey: 'name.familyName',
    optional: '/externalId',
    filter: { 'scim.user.filter': 'userName sw "${mark}"' },
  },
  group: {
    body: { schemas: [CORE_SCHEMA], displayName: '${mark}-${n}' },
    name: '/displayName',
    text: '/displayName',
    filter: { 'scim.group.filter': 'displayName sw "${mark}"' },
    members: '/members',
    member: { value: '${id}', type: 'USER' },
    mayBeEmpty: true,
  },
};
