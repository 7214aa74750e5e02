/**
 * What a simulated server does differently from the others, as data. Each switch is a behaviour that real servers were seen to have;
 * {@link DIALECTS} names the combinations that tests, demo and benchmark use.
 */
export interface ScimDialect {
  readonly name: string;
  /** One line for people who choose a dialect. */
  readonly description: string;
  /** PATCH is understood; otherwise 501. */
  readonly patch: boolean;
  /** PUT is understood; otherwise 501. */
  readonly put: boolean;
  /** PUT leaves attributes that are absent from the body as they were. */
  readonly putKeepsAbsent: boolean;
  /** Answer of a successful PATCH: 200 with the resource, or 204. */
  readonly patchAnswer: 'resource' | 'no-content';
  /** Answer of a successful POST: the resource, or 201 with only the `Location` header. */
  readonly createAnswer: 'resource' | 'location-only';
  readonly deleteStatus: 200 | 204;
  /** `index`: startIndex and count; `cursor`: RFC 9865 only. */
  readonly paging: 'index' | 'cursor';
  /** Resources in one page at most, whatever `count` asks for. */
  readonly maxPageEntities: number;
  /** Resources in a page when `count` is absent. */
  readonly defaultPageEntities: number;
  /** `itemsPerPage` repeats the requested count even where the page was capped. */
  readonly echoesRequestedCount: boolean;
  readonly honoursStartIndex: boolean;
  readonly totalResults: 'exact' | 'page-size' | 'absent';
  readonly resourcesKey: 'Resources' | 'resources';
  /** `eq-only` also allows `and`; everything refused is 400 invalidFilter. */
  readonly filter: 'full' | 'eq-only' | 'none';
  /** Every filtered list is empty, though the entity exists and creating it gives a conflict. */
  readonly hidesOnFilter: boolean;
  readonly sort: boolean;
  /** `string`: booleans are written as "True" and "False" (old Entra clients and servers). */
  readonly booleans: 'json' | 'string';
  readonly conflictStatus: 400 | 409 | 500;
  readonly conflictScimType: boolean;
  /** POST of an existing key answers 200 with the existing entity, overwritten, instead of a conflict. */
  readonly adoptOnPost: boolean;
  /** Uniqueness of names ignores case, or case and diacritics (as Active Directory does). */
  readonly keyFolding: 'case' | 'accents';
  /** `ignored`: members sent with POST are silently dropped; `refused`: 400. */
  /** Users are unique by name and `origin`, as in UAA. */
  readonly keyHasOrigin: boolean;
  /** A PATCH is a partial resource with `meta.attributes` (SCIM 1.1). */
  readonly patchForm: '2.0' | '1.1';
  /** `uaa`: `error` and `message`, without a schema. */
  readonly errors: 'scim' | 'uaa';
  /** Members must say what they are in capital letters, and come and go under `/Groups/{id}/members` too. */
  readonly memberTypes: 'any' | 'upper-case';
  readonly membersOnCreate: 'stored' | 'ignored' | 'refused';
  /** `fixed`: POST and DELETE of groups are 501, a change of anything but members is 400 mutability. */
  readonly groups: 'free' | 'fixed';
  /** Group answers contain `members`. */
  readonly returnsMembers: boolean;
  /** Users show the groups that they are members of. */
  readonly showsGroups: boolean;
  /** A member id that is no user or group here is refused with 400 invalidValue. */
  readonly checksMembers: boolean;
  /** Member values in one PATCH at most; more is 400 tooMany. */
  readonly maxMembersPerPatch: number;
  /** Operations in one bulk request at most; more is 413. None: bulk requests are 501. */
  readonly bulkOperations: number;
  /** `bare`: items without `bulkId`, their status an object, as some servers answer. */
  readonly bulkAnswer: 'standard' | 'bare';
  readonly etags: 'none' | 'supported' | 'required';
  /** Accepted `Content-Type` values of writes, without parameters; anything else is 415. */
  readonly contentTypes: readonly string[];
  /** `/ServiceProviderConfig`, `/Schemas`, `/ResourceTypes` exist; otherwise 404. */
  readonly discovery: boolean;
  readonly timestamps: 'milliseconds' | 'seconds';
}

const STANDARD: ScimDialect = {
  name: 'standard',
  description: 'By the book: PATCH and PUT, index paging, all filters',
  patch: true,
  put: true,
  putKeepsAbsent: false,
  patchAnswer: 'resource',
  createAnswer: 'resource',
  deleteStatus: 204,
  paging: 'index',
  maxPageEntities: 1000,
  defaultPageEntities: 100,
  echoesRequestedCount: false,
  honoursStartIndex: true,
  totalResults: 'exact',
  resourcesKey: 'Resources',
  filter: 'full',
  hidesOnFilter: false,
  sort: true,
  booleans: 'json',
  conflictStatus: 409,
  conflictScimType: true,
  adoptOnPost: false,
  keyFolding: 'case',
  keyHasOrigin: false,
  patchForm: '2.0',
  errors: 'scim',
  memberTypes: 'any',
  membersOnCreate: 'stored',
  groups: 'free',
  returnsMembers: true,
  showsGroups: false,
  checksMembers: true,
  maxMembersPerPatch: Number.MAX_SAFE_INTEGER,
  bulkOperations: 0,
  bulkAnswer: 'standard',
  etags: 'none',
  contentTypes: ['application/scim+json', 'application/json'],
  discovery: true,
  timestamps: 'milliseconds',
};

function dialect(name: string, description: string, differences: Partial<ScimDialect>): ScimDialect {
  return { ...STANDARD, ...differences, name, description };
}

/** Every dialect by name. */
export const DIALECTS = {
  standard: STANDARD,
  'demo-modern': dialect('demo-modern', 'Demo target: PATCH answers 204, entity tags, pages of 100', {
    put: false,
    patchAnswer: 'no-content',
    etags: 'supported',
    maxPageEntities: 100,
  }),
  'demo-legacy': dialect(
    'demo-legacy',
    'Demo target: PUT only, eq filters, pages capped at 50, no discovery, plain JSON',
    {
      patch: false,
      filter: 'eq-only',
      maxPageEntities: 50,
      echoesRequestedCount: true,
      conflictScimType: false,
      discovery: false,
      sort: false,
      contentTypes: ['application/json', 'application/scim+json'],
      timestamps: 'seconds',
    },
  ),
  'put-only': dialect('put-only', 'PATCH answers 501', { patch: false }),
  'patch-only': dialect('patch-only', 'PUT answers 501, PATCH 204', { put: false, patchAnswer: 'no-content' }),
  'put-keeps-absent': dialect('put-keeps-absent', 'PUT does not clear absent attributes', { putKeepsAbsent: true }),
  'caps-page': dialect('caps-page', 'Caps pages at 50 but echoes the requested count', {
    maxPageEntities: 50,
    echoesRequestedCount: true,
  }),
  'no-filter': dialect('no-filter', 'Every filter is 400 invalidFilter', { filter: 'none' }),
  'eq-only': dialect('eq-only', 'Filters: only eq joined by and', { filter: 'eq-only' }),
  'string-booleans': dialect('string-booleans', 'Booleans are "True" and "False"', { booleans: 'string' }),
  'hides-on-filter': dialect('hides-on-filter', 'Conflict on create, but the filter finds nothing', {
    hidesOnFilter: true,
  }),
  'ignores-start-index': dialect('ignores-start-index', 'Every page is the first page', { honoursStartIndex: false }),
  'adopt-on-post': dialect('adopt-on-post', 'POST of an existing name overwrites and answers 200', {
    adoptOnPost: true,
  }),
  'groups-without-members': dialect('groups-without-members', 'Members sent with POST are dropped; PATCH works', {
    membersOnCreate: 'ignored',
  }),
  'refuses-members-on-create': dialect('refuses-members-on-create', 'POST of a group with members is 400', {
    membersOnCreate: 'refused',
  }),
  'fixed-groups': dialect('fixed-groups', 'Groups are neither created nor deleted, only their members change', {
    groups: 'fixed',
  }),
  'shows-groups': dialect('shows-groups', 'Users show their groups', { showsGroups: true }),
  'hides-members': dialect('hides-members', 'Groups never show members; at most 100 changed per PATCH', {
    returnsMembers: false,
    maxMembersPerPatch: 100,
    put: false,
    patchAnswer: 'no-content',
    filter: 'eq-only',
  }),
  'conflict-400': dialect('conflict-400', 'Conflict is 400 with scimType uniqueness', { conflictStatus: 400 }),
  'conflict-bare': dialect('conflict-bare', 'Conflict is 409 without scimType', { conflictScimType: false }),
  'folds-accents': dialect('folds-accents', 'Names that differ only in accents are the same', {
    keyFolding: 'accents',
  }),
  'total-is-page-size': dialect('total-is-page-size', 'totalResults is the size of the page', {
    totalResults: 'page-size',
  }),
  'no-total': dialect('no-total', 'No totalResults in lists', { totalResults: 'absent' }),
  cursor: dialect('cursor', 'Cursor paging of RFC 9865, lower-case resources, no total', {
    paging: 'cursor',
    resourcesKey: 'resources',
    totalResults: 'absent',
  }),
  bulk: dialect('bulk', 'Bulk requests of up to 50 operations', { bulkOperations: 50 }),
  'bulk-bare': dialect('bulk-bare', 'Bulk answers without bulkId, 10 operations at most', {
    bulkOperations: 10,
    bulkAnswer: 'bare',
  }),
  etags: dialect('etags', 'Entity tags, If-Match checked when sent', { etags: 'supported' }),
  'etags-required': dialect('etags-required', 'Writes without If-Match are 428', { etags: 'required' }),
  uaa: dialect('uaa', 'SCIM 1.1 of Cloud Foundry UAA: origins, If-Match demanded, typed members, no discovery', {
    resourcesKey: 'resources',
    conflictScimType: false,
    keyHasOrigin: true,
    patchForm: '1.1',
    errors: 'uaa',
    memberTypes: 'upper-case',
    etags: 'required',
    contentTypes: ['application/json'],
    sort: false,
    discovery: false,
  }),
  'json-only': dialect('json-only', 'application/scim+json is 415', { contentTypes: ['application/json'] }),
  'location-only': dialect('location-only', 'POST answers 201 with a Location header and no body', {
    createAnswer: 'location-only',
  }),
} as const satisfies Record<string, ScimDialect>;

export type ScimDialectName = keyof typeof DIALECTS;

/** The dialect of a name; throws RangeError with the known names for any other text. */
export function dialectOf(name: string): ScimDialect {
  const found = Object.values<ScimDialect>(DIALECTS).find((candidate) => candidate.name === name);
  if (found === undefined) {
    throw new RangeError(`unknown SCIM dialect "${name}"; known are ${Object.keys(DIALECTS).join(', ')}`);
  }
  return found;
}
