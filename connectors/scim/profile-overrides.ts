import { z } from 'zod';
import { issueText } from '../../core/issue-text.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { textProperty, type Properties } from '../property-values.js';
import type { ScimDialect, ScimProfile } from './profile.js';

/** Property that holds what one system does otherwise than its type, as JSON. */
export const PROFILE_PROPERTY = 'scim.profile';

/** Values of `scim.paging.method`. */
export const PAGING_METHODS = ['auto', 'index', 'cursor'] as const;

const MAX_MEMBERS = 200_000;
const count = (max: number) => z.int().min(1).max(max);

/** {@link ScimDialect}, every part of it optional. */
const overridesSchema = z.strictObject({
  filter: z.enum(['full', 'eq-only', 'none']).optional(),
  confirmations: z.enum(['auto', 'single', 'together']).optional(),
  search: z.enum(['query', 'post-when-long']).optional(),
  sort: z.boolean().optional(),
  groups: z.enum(['all', 'members-only']).optional(),
  putAbsent: z.enum(['clears', 'keeps']).optional(),
  etag: z.enum(['announced', 'always', 'never']).optional(),
  booleans: z.enum(['json', 'text']).optional(),
  ids: z.enum(['exact', 'any-case']).optional(),
  conflict: z
    .strictObject({
      // What a server error has done nobody knows: those are looked up anyway (RTY-5).
      statuses: z.array(z.int().min(400).max(499)).max(20).optional(),
      texts: z.array(z.string().min(3).max(200)).max(20).optional(),
    })
    .optional(),
  delta: z
    .strictObject({
      types: z.array(z.enum(['user', 'group'])).optional(),
      milliseconds: z.boolean().optional(),
    })
    .optional(),
  paging: z
    .strictObject({
      method: z.enum(PAGING_METHODS).optional(),
      maxPageEntities: count(1000).optional(),
      total: z.enum(['exact', 'estimate']).optional(),
      advanceByItemsPerPage: z.boolean().optional(),
    })
    .optional(),
  members: z
    .strictObject({
      threshold: count(MAX_MEMBERS).optional(),
      additionsPerRequest: count(MAX_MEMBERS).optional(),
      removalsPerRequest: count(MAX_MEMBERS).optional(),
      removal: z.enum(['filter', 'list', 'empties']).optional(),
      removeLast: z.enum(['allowed', 'refused', 'skipped']).optional(),
      written: z.enum(['with-group', 'single']).optional(),
      repeated: z.enum(['ignored', 'added']).optional(),
      mixed: z.boolean().optional(),
      onCreate: z.enum(['with-group', 'afterwards']).optional(),
      shown: z.enum(['always', 'on-request', 'never']).optional(),
      shownAtMost: count(MAX_MEMBERS).optional(),
    })
    .optional(),
});

/** A wrong place in overrides, as a JSON pointer. */
export interface OverrideProblem {
  readonly pointer: string;
  readonly message: string;
}

/** What is wrong with overrides; empty when nothing is. */
export function overrideProblems(overrides: JsonValue): OverrideProblem[] {
  const parsed = overridesSchema.safeParse(overrides, { error: issueText });
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => ({
    pointer: path.map((step) => `/${String(step)}`).join(''),
    message,
  }));
}

/** The overrides of a property value; undefined for a text that is none. */
export function parseOverrides(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The profile in force. Overrides that are wrong count as absent: saving has refused them (PRP-7). */
export function profileInForce(base: ScimProfile, properties: Properties): ScimProfile {
  const text = textProperty(properties, PROFILE_PROPERTY);
  const parsed = text === undefined ? undefined : overridesSchema.safeParse(parseOverrides(text));
  return withPagingMethod(parsed?.success === true ? merged(base, parsed.data) : base, properties);
}

/** The property of its own is older than profiles, and wins. */
function withPagingMethod(profile: ScimProfile, properties: Properties): ScimProfile {
  const method = textProperty(properties, 'scim.paging.method');
  const known = PAGING_METHODS.find((candidate) => candidate === method);
  return known === undefined || known === 'auto'
    ? profile
    : { ...profile, paging: { ...profile.paging, method: known } };
}

function merged(base: ScimProfile, overrides: z.infer<typeof overridesSchema>): ScimProfile {
  const { conflict, delta, paging, members, ...plain } = overrides;
  return {
    ...base,
    ...defined(plain),
    conflict: { ...base.conflict, ...defined(conflict) },
    delta: { ...base.delta, ...defined(delta) },
    paging: { ...base.paging, ...defined(paging) },
    members: { ...base.members, ...defined(members) },
  };
}

/** The part of a profile that can be overridden, as people see it. */
export function dialectOf(profile: ScimProfile): JsonObject {
  const {
    filter,
    confirmations,
    search,
    sort,
    groups,
    putAbsent,
    etag,
    booleans,
    ids,
    conflict,
    delta,
    paging,
    members,
  } = profile;
  const { maxThreshold: _, ...shownMembers } = members;
  const dialect: Omit<ScimDialect, 'members'> & { readonly members: object } = {
    filter,
    confirmations,
    search,
    sort,
    groups,
    putAbsent,
    etag,
    booleans,
    ids,
    conflict,
    delta,
    paging,
    members: shownMembers,
  };
  return JSON.parse(JSON.stringify(dialect)) as JsonObject;
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without the members that are undefined. */
function defined<T extends object>(values: T | undefined): Defined<T> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as Defined<T>;
}
