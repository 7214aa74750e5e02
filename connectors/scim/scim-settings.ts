import type { JsonObject } from '../../core/json.js';
import { booleanProperty, integerProperty, listProperty, textProperty, type Properties } from '../property-values.js';
import { userMember } from './member-types.js';
import { originsOf, withOrigins } from './origins.js';
import type { ScimProfile } from './profile.js';
import { splitKeys } from './unique-key.js';

/** Types that SCIM knows; roles of other systems are groups here. */
export type ScimType = 'user' | 'group';

/** Properties of a SCIM system, read once and bounded. */
export interface ScimSettings {
  readonly pageSizeEntities: number;
  /** Path of the base and of the collections, without trailing slash. */
  readonly rootPath: string;
  readonly paths: Readonly<Record<ScimType, string>>;
  readonly filters: Readonly<Record<ScimType, string | undefined>>;
  readonly uniqueKeys: Readonly<Record<ScimType, readonly string[]>>;
  /** Attributes of a second search for a user that the first one does not find (CNF-5). */
  readonly userKeysAfter: readonly string[] | undefined;
  readonly sortBy: string | undefined;
  readonly attributes: string | undefined;
  readonly excludedAttributes: string | undefined;
  readonly memberAttributes: string | undefined;
  readonly patch: boolean;
  readonly contentType: string;
  readonly ifMatchAny: boolean;
  /** Path of the token request, or undefined when writes need no token. */
  readonly csrfPath: string | undefined;
  readonly memberThreshold: number | undefined;
  /** Only user members of groups are written (WRT-6). */
  readonly nestedGroupsStay: boolean;
  readonly discovery: boolean;
  readonly deltaOverlapMs: number;
  readonly maxConcurrentWrites: number;
  /** Operations in one bulk request at most; undefined: no bulk requests (WRT-3). */
  readonly bulkOperations: number | undefined;
  /** Entities of a page of members, and of a user's groups; undefined: not in pages of their own (CONN-SCIM-45). */
  readonly listPaging: Readonly<Record<ScimType, number | undefined>>;
  /** Attributes to ask for so that groups show their members; undefined: they show them by themselves. */
  readonly groupAttributes: string | undefined;
  readonly searchByPost: boolean;
  readonly textBooleans: boolean;
  /** What a member that is a user carries beside its id (CONN-SCIM-101). */
  readonly userMember: JsonObject;
}

/** Ranges of the whole-number properties, for reading, checking and describing them. */
export const PAGE_SIZE = { min: 1, max: 1000 } as const;
export const DELTA_OVERLAP_S = { min: 0, max: 86_400, fallback: 300 } as const;
export const LIST_PAGE_SIZE = { min: 1, max: 200_000, fallback: 100 } as const;
export const CONCURRENT_WRITES = { min: 1, max: 64 } as const;

/**
 * Settings in force. A property with the prefix of the type wins over `scim.` (PRP-4); a value out of range counts as the
 * default (PRP-7), the validator has said so on save.
 */
export function scimSettings(given: Properties, profile: ScimProfile, prefix: string): ScimSettings {
  const properties = withGenericNames(given, prefix);
  const rootPath = rootPathOf(properties, profile);
  return {
    rootPath,
    paths: {
      user: rootPath + leadingSlash(textProperty(properties, 'scim.users.path') ?? profile.usersPath),
      group: rootPath + leadingSlash(textProperty(properties, 'scim.groups.path') ?? profile.groupsPath),
    },
    pageSizeEntities: integerProperty(properties, 'scim.page.size', {
      ...PAGE_SIZE,
      fallback: profile.pageSizeEntities,
    }),
    filters: {
      user: withOrigins(textProperty(properties, 'scim.user.filter'), profile, prefix, properties),
      group: textProperty(properties, 'scim.group.filter'),
    },
    uniqueKeys: {
      user: uniqueKeys(properties, 'scim.user.unique.attribute', profile.uniqueKeys.user),
      group: uniqueKeys(properties, 'scim.group.unique.attribute', profile.uniqueKeys.group),
    },
    userKeysAfter:
      textProperty(properties, 'scim.user.unique.attribute') === undefined ? profile.users?.keysAfter : undefined,
    sortBy: textProperty(properties, 'scim.sort.by'),
    attributes: joined(properties, 'scim.read.attributes'),
    excludedAttributes: joined(properties, 'scim.read.excluded.attributes'),
    memberAttributes: joined(properties, 'scim.group.members.additional.attributes'),
    patch: booleanProperty(properties, 'scim.support.patch.operation', false),
    contentType: textProperty(properties, 'scim.content.type') ?? profile.contentType,
    ifMatchAny: booleanProperty(properties, 'scim.include.if.match.wildcard.header', profile.ifMatchAny ?? false),
    csrfPath: csrfPath(properties),
    memberThreshold: memberThreshold(properties, profile),
    nestedGroupsStay: booleanProperty(properties, 'scim.patch.group.members.of.nested.groups', false),
    discovery: textProperty(properties, 'scim.discovery') !== 'off',
    deltaOverlapMs: integerProperty(properties, 'scim.delta.overlap.seconds', DELTA_OVERLAP_S) * 1000,
    maxConcurrentWrites: integerProperty(properties, 'scim.max.concurrent.writes', {
      ...CONCURRENT_WRITES,
      fallback: profile.maxConcurrentWrites,
    }),
    bulkOperations: booleanProperty(properties, 'scim.support.bulk.operation', false)
      ? integerProperty(properties, 'scim.bulk.operations.max.count', {
          min: 1,
          max: profile.bulk.maxOperations,
          fallback: profile.bulk.operations,
        })
      : undefined,
    listPaging: {
      group: listPaging(properties, 'scim.group.members'),
      user: listPaging(properties, 'scim.user.groups'),
    },
    groupAttributes: profile.members.shown === 'on-request' ? GROUP_ATTRIBUTES : undefined,
    searchByPost: profile.search === 'post-when-long',
    textBooleans: profile.booleans === 'text',
    userMember: userMember(profile, originsOf(profile, prefix, properties)),
  };
}

/** What a group consists of: asked for by name where members are shown only then. */
const GROUP_ATTRIBUTES = 'id,externalId,displayName,members,meta';

function listPaging(properties: Properties, name: string): number | undefined {
  if (!booleanProperty(properties, `${name}.paging.enabled`, false)) return undefined;
  return integerProperty(properties, `${name}.page.size`, LIST_PAGE_SIZE);
}

function withGenericNames(given: Properties, prefix: string): Properties {
  if (prefix === 'scim') return given;
  const properties: Record<string, string> = { ...given };
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith(`${prefix}.`)) properties[`scim.${name.slice(prefix.length + 1)}`] = value;
  }
  return properties;
}

/** Path of URL plus base path; a URL that already ends with the base path is accepted (CONN-SCIM-01). */
function rootPathOf(properties: Properties, profile: ScimProfile): string {
  const urlPath = withoutTrailingSlash(urlOf(properties)?.pathname ?? '');
  const base = textProperty(properties, 'scim.base.path') ?? profile.basePath;
  const basePath = base === '' ? '' : withoutTrailingSlash(leadingSlash(base));
  return basePath !== '' && urlPath.endsWith(basePath) ? urlPath : urlPath + basePath;
}

function csrfPath(properties: Properties): string | undefined {
  if (textProperty(properties, 'scim.api.csrf.protection') !== 'enabled') return undefined;
  const path = textProperty(properties, 'scim.csrf.token.path') ?? textProperty(properties, 'csrf.token.path');
  if (path === undefined) return undefined;
  return withoutTrailingSlash(urlOf(properties)?.pathname ?? '') + leadingSlash(path);
}

/** The URL property, if it is one. */
export function urlOf(properties: Properties): URL | undefined {
  const text = textProperty(properties, 'URL');
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}

/** CONN-SCIM-71: a value out of range counts as the preset's. */
function memberThreshold(properties: Properties, profile: ScimProfile): number | undefined {
  const name = 'scim.patch.group.members.above.threshold';
  const range = { min: 1, max: profile.members.maxThreshold, fallback: 0 };
  const value = integerProperty(properties, name, range);
  return value === 0 ? profile.members.threshold : value;
}

function uniqueKeys(properties: Properties, name: string, fallback: readonly string[]): readonly string[] {
  const text = textProperty(properties, name);
  return text === undefined ? fallback : splitKeys(text);
}

function joined(properties: Properties, name: string): string | undefined {
  const list = listProperty(properties, name);
  return list.length === 0 ? undefined : list.join(',');
}

function leadingSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

function withoutTrailingSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
