/**
 * What a SCIM server can do and how it wants to be spoken to, as data: a dialect of a product is another constant of this type,
 * not code (CONN-PRESET-04). Values are what holds without any property set.
 */
export interface ScimProfile extends ScimDialect {
  /** Absent: 2.0. */
  readonly version?: '1.1';
  /** `If-Match: *` is sent unless the property says otherwise, because the server demands a tag with every change. */
  readonly ifMatchAny?: boolean;
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
  readonly bulk: {
    /** Operations in one bulk request where the property says nothing, or too much (CONN-SCIM-81). */
    readonly operations: number;
    readonly maxOperations: number;
    /** Types that are written so, and those of them that are updated one by one all the same (CONN-SCIM-82). */
    readonly types: readonly ('user' | 'group')[];
    readonly updatesApart?: readonly ('user' | 'group')[];
  };
  /** What a type does otherwise with users that exist, or that are to be deleted; absent: nothing. */
  readonly users?: {
    /** Searched for when the property of the unique attributes is absent and the first search finds nobody (CNF-5). */
    readonly keysAfter?: readonly string[];
    /** `<prefix>.user.automatic.conflict.resolution` is offered: `false` turns the search off (CNF-6). */
    readonly switchesResolution?: boolean;
    /** `<prefix>.user.update.instead.delete` is offered: a deletion becomes a PATCH message only if it is `true` (DEL-11). */
    readonly switchesUpdateInsteadOfDelete?: boolean;
    /** Users belong to an identity provider, named by `<prefix>.origin` (CONN-SCIM-101); `several`: one user may have an account of each. */
    readonly origins?: 'one' | 'several';
  };
  /** In-flight writes at most, per process; the engine starts lower and grows. */
  readonly maxConcurrentWrites: number;
}

/** The part of a profile that differs between servers of the same type: an administrator may change it for one system. */
export interface ScimDialect {
  /** `eq-only`: comparisons for equality, joined by `and`. */
  readonly filter: 'full' | 'eq-only' | 'none';
  /**
   * How the source is asked whether entities that a list has left out exist (DEL-23). `together`: several in one filter with `or`. `single`:
   * one by one. `auto`: together only where a filter is configured: a single question is a search then, too. Without one it is a read by id,
   * which does not depend on the index that the list came from.
   */
  readonly confirmations: 'auto' | 'single' | 'together';
  /** `post-when-long`: a filter that makes the address too long goes to `/.search` (CONN-SCIM-27). */
  readonly search: 'query' | 'post-when-long';
  readonly sort: boolean;
  /** `members-only`: groups are neither created nor deleted, and of those that exist only the members are written (CONN-CORE-12). */
  readonly groups: 'all' | 'members-only';
  /** What a PUT does to attributes that it lacks. `keeps`: they are sent as null when they were there before. */
  readonly putAbsent: 'clears' | 'keeps';
  /** Version tags are sent with writes: to servers that announce them, to any, or never (CONN-SCIM-64). */
  readonly etag: 'announced' | 'always' | 'never';
  /** `text`: booleans are "True" and "False" on the wire. */
  readonly booleans: 'json' | 'text';
  /** `any-case`: the server spells the same identifier in different cases (CONN-CORE-06). */
  readonly ids: 'exact' | 'any-case';
  /** Refusals of a create that mean "exists already", beside 409 and `uniqueness` (CONN-SCIM-51). */
  readonly conflict: {
    readonly statuses: readonly number[];
    /** Parts of the text of an answer 400 or 422, in any case. */
    readonly texts: readonly string[];
  };
  readonly delta: {
    /** Types whose `meta.lastModified` moves with every change and can be filtered by (CONN-SCIM-39, CONN-SCIM-40). */
    readonly types: readonly ('user' | 'group')[];
    /** Instants in filters carry milliseconds (CONN-SCIM-35). */
    readonly milliseconds: boolean;
  };
  readonly paging: {
    /** `auto`: cursors where the server announces them (CONN-SCIM-24). */
    readonly method: 'auto' | 'index' | 'cursor';
    /** Entities of a page at most, whatever the server says. */
    readonly maxPageEntities?: number | undefined;
    /** `estimate`: `totalResults` may change without anything having moved (CONN-SCIM-25). */
    readonly total: 'exact' | 'estimate';
    /** The server filters after it has cut the page: always go on by `itemsPerPage` (CONN-SCIM-20 b). */
    readonly advanceByItemsPerPage: boolean;
  };
  readonly members: {
    /** Above this number of members they are written in slices; undefined: never (CONN-SCIM-70). */
    readonly threshold?: number | undefined;
    readonly maxThreshold: number;
    /** Additions per request at most; undefined: as many as the threshold allows. */
    readonly additionsPerRequest?: number | undefined;
    /** Removals per request at most (CONN-SCIM-72). */
    readonly removalsPerRequest: number;
    /**
     * One operation for each member that is removed, or one with the list of them (CONN-SCIM-72). `empties`: any removal takes all members out, so
     * that those who stay are added again in the same request (CONN-SCIM-76).
     */
    readonly removal: 'filter' | 'list' | 'empties';
    /** A group may lose its last member; the update fails, or leaves one of them in (CONN-SCIM-75). */
    readonly removeLast: 'allowed' | 'refused' | 'skipped';
    /** `single`: without PATCH, members come and go one by one under `/Groups/{id}/members` (CONN-SCIM-77). */
    readonly written: 'with-group' | 'single';
    /** Additions and removals may stand in one request. */
    readonly mixed: boolean;
    /** What adding a member does that the group has already. `added`: it is there twice, so a group is looked at first (VAR-10). */
    readonly repeated: 'ignored' | 'added';
    /** `afterwards`: a group is created empty and filled then (CONN-SCIM-56). */
    readonly onCreate: 'with-group' | 'afterwards';
    /** `on-request`: only when `attributes` names them. `never`: what a group holds cannot be read. */
    readonly shown: 'always' | 'on-request' | 'never';
    /** Members that a group shows at most without paging of members; undefined: all (CONN-SCIM-48). */
    readonly shownAtMost?: number | undefined;
    /** Members say what they are in capital letters: `USER`, `GROUP` (CONN-SCIM-101). Absent: as the transformation gives it. */
    readonly types?: 'upper-case';
    /** They also carry the origin of the users. */
    readonly origins?: boolean;
  };
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
  filter: 'full',
  confirmations: 'auto',
  search: 'query',
  sort: true,
  groups: 'all',
  putAbsent: 'clears',
  etag: 'announced',
  booleans: 'json',
  ids: 'exact',
  conflict: { statuses: [], texts: [] },
  delta: { types: ['user', 'group'], milliseconds: false },
  paging: { method: 'auto', total: 'exact', advanceByItemsPerPage: false },
  members: {
    maxThreshold: 200_000,
    removalsPerRequest: 100,
    removal: 'filter',
    removeLast: 'allowed',
    written: 'with-group',
    repeated: 'ignored',
    mixed: true,
    onCreate: 'with-group',
    shown: 'always',
  },
  bulk: { operations: 20, maxOperations: 100, types: ['user', 'group'] },
  maxConcurrentWrites: 32,
};
