import type { ConnectorFactory } from '../contract.js';
import { HTTP_LIMITS, httpLimits } from '../http/http-client.js';
import { dialectOf, overrideProblems, PROFILE_PROPERTY, profileInForce } from './profile-overrides.js';
import { confirmationLimits } from './present-ids.js';
import { originErrors, originReset, splitRule } from './origins.js';
import { GENERIC_SCIM_2, type ScimProfile } from './profile.js';
import { SCIM_SAMPLES } from './samples.js';
import { scimProperties } from './scim-properties.js';
import { scimSettings } from './scim-settings.js';
import { userSwitchNames } from './user-switches.js';
import { booleanProperty } from '../property-values.js';
import { openScimConnector } from './scim.connector.js';
import { NOT_OFFERED_NAMES, scimErrors, scimWarnings } from './scim-validation.js';
import { scimReadTransformation } from './transformations/read.js';
import { scimWriteTransformation } from './transformations/write.js';

/** Creation times of SCIM servers have at least this step: many write whole seconds. */
const CREATION_TIME_GRANULARITY_MS = 1_000;

/** A SCIM system type from a profile: a dialect is another call of this function. */
export function scimFactory(
  typeName: string,
  prefix: string,
  profile: ScimProfile,
  {
    defaultTransformations = { read: scimReadTransformation(prefix), write: scimWriteTransformation(prefix) },
    samples = SCIM_SAMPLES,
  }: Partial<Pick<ConnectorFactory['descriptor'], 'defaultTransformations'> & Pick<ConnectorFactory, 'samples'>> = {},
): ConnectorFactory {
  return {
    descriptor: {
      typeName,
      prefix,
      roles: ['source', 'target'],
      properties: scimProperties(profile, prefix),
      toleratedNames: NOT_OFFERED_NAMES,
      defaultTransformations,
    },
    validate: (properties) => [...scimErrors(properties), ...originErrors(profile, prefix, properties)],
    warnings: scimWarnings,
    needsReset: (before, after) => originReset(profile, prefix, before, after),
    capabilities: (properties, role) => {
      const inForce = profileInForce(profile, properties);
      const settings = scimSettings(properties, inForce, prefix);
      const switches = userSwitchNames(prefix);
      // Without a comparison of times there are no deltas, whatever the property says (CONN-CORE-42).
      const split = role === 'target' ? splitRule(profile, prefix, properties) : undefined;
      const deltaTypes = role === 'source' && inForce.filter === 'full' ? inForce.delta.types : [];
      return {
        types: ['user', 'group'],
        speaksScim: true,
        paging: inForce.paging.method === 'cursor' ? 'cursor' : 'index',
        cursorResume: 'always',
        stableOrder: settings.sortBy !== undefined,
        readOne: true,
        confirmsTogether: confirmationLimits(inForce, settings.filters),
        delta: deltaTypes.length > 0 ? 'modified-filter' : 'none',
        deltaTypes,
        updateMode: settings.patch ? 'patch' : 'replace',
        changesMembers: true,
        ...(inForce.groups === 'members-only' && { membersOnly: ['group'], deletesAssignments: true }),
        conflictResolution:
          profile.users?.switchesResolution !== true || booleanProperty(properties, switches.resolution, true),
        ...(profile.users?.switchesUpdateInsteadOfDelete === true && {
          updateInsteadOfDelete: {
            property: switches.updateInsteadOfDelete,
            enabled: booleanProperty(properties, switches.updateInsteadOfDelete, false),
          },
        }),
        ...(split !== undefined && { splitsUsers: split }),
        maxConcurrentWrites: settings.maxConcurrentWrites,
        ...(settings.bulkOperations !== undefined && { entitiesPerWrite: settings.bulkOperations }),
        requestTimeoutMs: HTTP_LIMITS.writeTimeoutMs,
        creationTimeGranularityMs: CREATION_TIME_GRANULARITY_MS,
      };
    },
    open: (context) => openScimConnector(context, profile, prefix, httpLimits(context.limits)),
    samples,
    profile: {
      property: PROFILE_PROPERTY,
      inForce: (properties) => dialectOf(profileInForce(profile, properties)),
      problems: overrideProblems,
    },
  };
}

/** The general SCIM 2.0 system. */
export const scimSystemFactory: ConnectorFactory = scimFactory('SCIM System', 'scim', GENERIC_SCIM_2);
