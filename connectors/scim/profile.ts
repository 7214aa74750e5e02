/**
 * What a SCIM server can do and how it wants to be spoken to, as data: a dialect of a product is another constant of this type,
 * not code (CONN-PRESET-04). Values are what holds without any property set.
 */
export interface ScimProfile {
  /** Appended to `URL` unless it is already there (CONN-SCIM-01). */
  readonly basePath: string;
  readonly usersPath: string;
  readonly groupsPath: string;
  /** Entities per page asked for (CONN-CORE-25). */
  readonly pageSizeEntities: number;
  /** Attributes that must all match to adopt an existing entity (CNF-3). */
  readonly uniqueKeys: { readonly user: readonly string[]; readonly group: readonly string[] };
  readonly contentType: string;
  /** Attributes that only the server sets: never sent (CONN-SCIM-60). */
  readonly readOnlyAttributes: { readonly user: readonly string[]; readonly group: readonly string[] };
  readonly members: {
    /** Above this number of members they are written in slices; undefined: never (CONN-SCIM-70). */
    readonly threshold: number | undefined;
    readonly maxThreshold: number;
    /** Removals per request at most (CONN-SCIM-72). */
    readonly removalsPerRequest: number;
    /** Additions and removals may stand in one request. */
    readonly mixed: boolean;
  };
  readonly bulk: {
    /** Operations in one bulk request where the property says nothing, or too much (CONN-SCIM-81). */
    readonly operations: number;
    readonly maxOperations: number;
    /** Types that are written so (CONN-SCIM-82). */
    readonly types: readonly ('user' | 'group')[];
  };
  readonly paging: {
    /** `estimate`: `totalResults` may change without anything having moved (CONN-SCIM-25). */
    readonly total: 'exact' | 'estimate';
    /** The server filters after it has cut the page: always go on by `itemsPerPage` (CONN-SCIM-20 b). */
    readonly advanceByItemsPerPage: boolean;
  };
  /** In-flight writes at most, per process; the engine starts lower and grows. */
  readonly maxConcurrentWrites: number;
}

/** A server that follows RFC 7643 and RFC 7644 and announces nothing else. */
export const GENERIC_SCIM_2: ScimProfile = {
  basePath: '',
  usersPath: '/Users',
  groupsPath: '/Groups',
  pageSizeEntities: 100,
  uniqueKeys: { user: ['userName'], group: ['displayName'] },
  contentType: 'application/scim+json',
  readOnlyAttributes: { user: ['meta', 'groups'], group: ['meta'] },
  members: { threshold: undefined, maxThreshold: 200_000, removalsPerRequest: 100, mixed: true },
  bulk: { operations: 20, maxOperations: 100, types: ['user', 'group'] },
  paging: { total: 'exact', advanceByItemsPerPage: false },
  maxConcurrentWrites: 32,
};
