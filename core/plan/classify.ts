import { canonicalJson } from '../canonical-json.js';
import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { ChangeVerb, GovernedClass } from './change.js';

/** What an update changes, as far as the governor and a reviewer care. */
export interface UpdateShape {
  readonly verb: ChangeVerb;
  /** Names of the top-level attributes that change; members are one of them. */
  readonly attributes: readonly string[];
  readonly membersBefore: number;
  readonly added: number;
  readonly removed: number;
}

const MEMBERS = 'members';

/** Compares the target JSON last written with the planned one. `before` null: nothing is known, every attribute counts as changed. */
export function shapeOf(before: JsonObject | null, after: JsonObject): UpdateShape {
  const attributes = changedAttributes(before ?? {}, after);
  const members = memberDifference(before?.[MEMBERS], after[MEMBERS]);
  return { verb: verbOf(before, after, attributes, members), attributes, ...members };
}

/** Top-level attributes with another value, sorted; values compare in canonical form, member lists as sets. */
function changedAttributes(before: JsonObject, after: JsonObject): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => !isSame(name, before[name], after[name])).sort();
}

function isSame(name: string, before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  if (name === MEMBERS) {
    const { added, removed } = memberDifference(before, after);
    return added === 0 && removed === 0;
  }
  if (isNothing(before) || isNothing(after)) return isNothing(before) && isNothing(after);
  return canonicalJson(before) === canonicalJson(after);
}

function isNothing(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function verbOf(
  before: JsonObject | null,
  after: JsonObject,
  attributes: readonly string[],
  members: Pick<UpdateShape, 'added' | 'removed'>,
): ChangeVerb {
  if (disables(before, after)) return 'disable';
  if (attributes.length !== 1 || attributes[0] !== MEMBERS) return 'update';
  return members.removed > 0 ? 'removeMember' : 'addMember';
}

/** GOV-1: `active` goes from true to false; an account of which nothing is known counts as active. */
export function disables(before: JsonObject | null, after: JsonObject): boolean {
  return after['active'] === false && before?.['active'] !== false;
}

function memberDifference(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): Pick<UpdateShape, 'membersBefore' | 'added' | 'removed'> {
  const old = memberIds(before);
  const wanted = memberIds(after);
  let removed = 0;
  for (const id of old) if (!wanted.has(id)) removed += 1;
  let added = 0;
  for (const id of wanted) if (!old.has(id)) added += 1;
  return { membersBefore: old.size, added, removed };
}

function memberIds(value: JsonValue | undefined): Set<string> {
  if (!Array.isArray(value)) return new Set();
  return new Set(value.map((member) => memberId(member)));
}

function memberId(member: JsonValue): string {
  return canonicalJson(isJsonObject(member) ? (member['value'] ?? member) : member);
}

/**
 * The planned group with the members it has: what is removed stays until somebody has approved the removal, what is added goes on (GOV-6).
 * Null when nothing else changes.
 */
export function withoutRemovals(before: JsonObject, after: JsonObject): JsonObject | null {
  const old = before[MEMBERS];
  const wanted = after[MEMBERS];
  if (!Array.isArray(old)) return null;
  const kept = Array.isArray(wanted) ? wanted : [];
  const ids = memberIds(kept);
  const merged = { ...after, [MEMBERS]: [...kept, ...old.filter((member) => !ids.has(memberId(member)))] };
  return changedAttributes(before, merged).length === 0 ? null : merged;
}

/** Target ids of the members that an update takes out of a group. */
export function removedMembers(before: JsonObject, after: JsonObject): string[] {
  const wanted = memberIds(after[MEMBERS]);
  return asMembers(before).flatMap((member) => {
    const id = isJsonObject(member) ? member['value'] : member;
    return typeof id === 'string' && !wanted.has(memberId(member)) ? [id] : [];
  });
}

/** The document without these members. */
export function withoutMembers(document: JsonObject, gone: ReadonlySet<string>): JsonObject {
  if (gone.size === 0) return document;
  const ids = memberIds([...gone]);
  return { ...document, [MEMBERS]: asMembers(document).filter((member) => !ids.has(memberId(member))) };
}

function asMembers(document: JsonObject): readonly JsonValue[] {
  const members = document[MEMBERS];
  return Array.isArray(members) ? members : [];
}

/** How much of which class an update counts (GOV-1). A disable is not an update too; members count one by one. */
export function unitsOf(shape: UpdateShape, named: readonly string[]): Map<GovernedClass, number> {
  const units = new Map<GovernedClass, number>();
  if (shape.verb === 'disable') units.set('disable', 1);
  else if (shape.verb === 'update') units.set('update', 1);
  if (shape.added > 0) units.set('addMember', shape.added);
  if (shape.removed > 0) units.set('removeMember', shape.removed);
  for (const name of named) if (shape.attributes.includes(name)) units.set(`attribute:${name}`, 1);
  return units;
}
