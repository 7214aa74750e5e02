import { GENERIC_SCIM_2, type ScimProfile } from '../profile.js';

/**
 * Cloud Foundry UAA speaks SCIM 1.1: plain JSON, no discovery, no sorting, entity tags demanded of every change, and members one by one where
 * PATCH is switched off (CONN-SCIM-77, CONN-SCIM-101).
 */
export const UAA: ScimProfile = {
  ...GENERIC_SCIM_2,
  version: '1.1',
  contentType: 'application/json',
  ifMatchAny: true,
  sort: false,
  delta: { ...GENERIC_SCIM_2.delta, types: [] },
  users: { origins: 'one' },
  members: {
    ...GENERIC_SCIM_2.members,
    threshold: 20_000,
    written: 'single',
    types: 'upper-case',
    origins: true,
  },
};

/** The authorization service of BTP, which is built on it: users may have accounts under several origins (PRP-172, LNK-3). */
export const XSUAA: ScimProfile = {
  ...UAA,
  users: { origins: 'several' },
  members: { ...UAA.members, origins: false },
};
