import type { PropertyDescriptor } from '../contract.js';
import type { ScimProfile } from './profile.js';

const TARGET: PropertyDescriptor['roles'] = ['target'];

/** Names of the switches that some types have for users (CNF-6, DEL-11). */
export function userSwitchNames(prefix: string): {
  readonly resolution: string;
  readonly updateInsteadOfDelete: string;
} {
  return {
    resolution: `${prefix}.user.automatic.conflict.resolution`,
    updateInsteadOfDelete: `${prefix}.user.update.instead.delete`,
  };
}

/** Their descriptions, for the types that have them. */
export function userSwitches({ users }: ScimProfile, prefix: string): PropertyDescriptor[] {
  const { resolution, updateInsteadOfDelete } = userSwitchNames(prefix);
  return [
    ...(users?.switchesResolution === true
      ? [
          {
            name: resolution,
            label: 'Look for users that exist already',
            kind: 'boolean',
            roles: TARGET,
            defaultValue: 'true',
            description: 'false: a user that exists already fails with 409 instead of being found and updated.',
          } as const,
        ]
      : []),
    ...(users?.switchesUpdateInsteadOfDelete === true
      ? [
          {
            name: updateInsteadOfDelete,
            label: 'Update users instead of deleting them',
            kind: 'boolean',
            roles: TARGET,
            defaultValue: 'false',
            description: 'true: what the deleteEntity mappings give is sent as PATCH, and the user stays.',
          } as const,
        ]
      : []),
  ];
}
