import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { PatchOperation } from './patch-diff.js';

/** Members by identifier. */
export type Members = ReadonlyMap<string, JsonObject>;

/** How many changes fit into one request. */
export interface SliceLimits {
  readonly additions: number;
  readonly removals: number;
  /** One operation for each member, or one with all of them. */
  readonly removal: 'filter' | 'list' | 'empties';
  /** Additions, removals and other operations may stand in one request. */
  readonly mixed: boolean;
}

/** The members of a group body, or undefined if it has no such attribute: then membership is not ours to write. */
export function membersOf(body: JsonObject): Members | undefined {
  const members = body['members'];
  if (members === undefined) return undefined;
  const result = new Map<string, JsonObject>();
  for (const member of Array.isArray(members) ? members : []) {
    const id = memberId(member);
    if (id !== undefined && isJsonObject(member)) result.set(id, member);
  }
  return result;
}

function memberId(member: JsonValue): string | undefined {
  const value = isJsonObject(member) ? member['value'] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Ids of members that are groups: they say so, their address says so, or the caller knows it. */
export function groupMembers(lists: readonly Members[], known: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  const groups = new Set(known);
  for (const members of lists) {
    for (const [id, member] of members) if (saysGroup(member)) groups.add(id);
  }
  return groups;
}

function saysGroup({ type, $ref }: JsonObject): boolean {
  if (typeof type === 'string') return type.toLowerCase() === 'group';
  return typeof $ref === 'string' && /(^|\/)Groups\//i.test($ref);
}

/** The other members. */
export function withoutMembers(members: Members, ids: ReadonlySet<string>): Members {
  return new Map([...members].filter(([id]) => !ids.has(id)));
}

/** What turns the known members into the desired ones. */
export function memberChange(known: Members, desired: Members): { additions: JsonObject[]; removals: string[] } {
  const additions = [...desired].filter(([id]) => !known.has(id)).map(([, member]) => member);
  const removals = [...known.keys()].filter((id) => !desired.has(id));
  return { additions, removals };
}

/**
 * The operations of one group as requests that are sent one after the other (CONN-SCIM-70, CONN-SCIM-72, CONN-SCIM-73): other
 * attributes first, then additions, then removals, so that a group is never empty in between. A single request if all fits.
 */
export function patchRequests(
  attributes: readonly PatchOperation[],
  change: { readonly additions: readonly JsonObject[]; readonly removals: readonly string[] },
  limits: SliceLimits,
): PatchOperation[][] {
  if (limits.removal === 'empties' && change.removals.length > 0) return refillRequests(attributes, change, limits);
  const additions = slices(change.additions, limits.additions).map((members) => [additionOf(members)]);
  const removals = slices(change.removals, limits.removals).map((ids) =>
    limits.removal === 'list' ? [removalOfAll(ids)] : ids.map(removalOf),
  );
  const requests = [...(attributes.length > 0 ? [[...attributes]] : []), ...additions, ...removals];
  const fitsInOne = additions.length <= 1 && removals.length <= 1;
  return limits.mixed && fitsInOne && requests.length > 1 ? [requests.flat()] : requests;
}

/** One removal with all that follows from it: it takes everybody out, and whoever is to be in the group comes back in the same request. */
function refillRequests(
  attributes: readonly PatchOperation[],
  change: { readonly additions: readonly JsonObject[]; readonly removals: readonly string[] },
  limits: SliceLimits,
): PatchOperation[][] {
  const [first = [], ...others] = slices(change.additions, limits.additions);
  const refill = [removalOfAll(change.removals), ...(first.length > 0 ? [additionOf(first)] : [])];
  const requests = [refill, ...others.map((members) => [additionOf(members)])];
  return attributes.length > 0 ? [[...attributes], ...requests] : requests;
}

function additionOf(members: readonly JsonObject[]): PatchOperation {
  return { op: 'add', path: 'members', value: [...members] };
}

/** Removal of one member by a value path. */
export function removalOf(id: string): PatchOperation {
  return { op: 'remove', path: `members[value eq ${JSON.stringify(id)}]` };
}

function removalOfAll(ids: readonly string[]): PatchOperation {
  return { op: 'remove', path: 'members', value: ids.map((value) => ({ value })) };
}

function slices<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}
