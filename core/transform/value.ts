import type { JsonObject, JsonValue } from '../json.js';
import type { Budget } from './budget.js';
import { encodeBase64 } from './bytes.js';
import { EvaluationError } from './evaluation-error.js';

/** A value during evaluation: JSON, in which `decode` may have put bytes (FNC-22). Never mutated once it is shared. */
export type Value = string | number | boolean | null | Uint8Array | Value[] | ValueObject;

/** An object during evaluation; every {@link JsonObject} is one. */
export interface ValueObject {
  [name: string]: Value;
}

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Names that must not be written: assigning them could reach the prototype of every object. */
export function isForbiddenName(name: string): boolean {
  return FORBIDDEN_NAMES.has(name);
}

/** True for JSON objects, false for bytes, arrays, null and scalars. */
export function isObjectValue(value: unknown): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The own member of an object, undefined for anything else: inherited names such as `toString` are not members. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined;
export function memberOf(value: Value | undefined, name: string): Value | undefined;
export function memberOf(value: Value | undefined, name: string): Value | undefined {
  return isObjectValue(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Sets a member whose name came from an expression. Throws {@link EvaluationError} for the names of prototypes. */
export function setMember<T>(object: Record<string, T>, name: string, value: T): void {
  if (FORBIDDEN_NAMES.has(name)) throw new EvaluationError(`An attribute must not be called ${name}`);
  object[name] = value;
}

/** Deep copy; bytes become base64 text. A member called `__proto__` is left out: no target has such an attribute. */
export function copyValue(value: Value, budget: Budget): JsonValue {
  if (typeof value === 'string') {
    budget.produce(value.length + 1);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyList(value, budget);
  if (value instanceof Uint8Array) return encodeBase64(value);
  const copy: JsonObject = {};
  copyMembers(value, copy, budget);
  return copy;
}

function copyList(list: readonly Value[], budget: Budget): JsonValue[] {
  budget.produce(list.length + 1);
  const copy: JsonValue[] = [];
  for (const element of list) copy.push(copyValue(element, budget));
  return copy;
}

/** Copies the members of an object into another one; those of the same name are replaced. */
export function copyMembers(from: ValueObject, into: JsonObject, budget: Budget): void {
  // Texts are shared, not copied, so that what they take may be counted together.
  let units = 0;
  for (const name of Object.keys(from)) {
    const member = from[name];
    if (member === undefined || name === '__proto__') continue;
    units += name.length + 1;
    if (typeof member === 'string') {
      units += member.length + 1;
      into[name] = member;
    } else into[name] = copyValue(member, budget);
  }
  budget.produce(units);
}

/** Deep equality of JSON; order of members does not matter, types do. */
export function sameValue(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Uint8Array || right instanceof Uint8Array) return textOf(left) === textOf(right);
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((element, index) => {
      const other = right[index];
      return other !== undefined && sameValue(element, other);
    });
  }
  if (Array.isArray(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const mine = left[name];
    const other = Object.hasOwn(right, name) ? right[name] : undefined;
    return mine !== undefined && other !== undefined && sameValue(mine, other);
  });
}

/** String form of a value: text as it is, everything else as JSON (VAR-2), bytes as base64. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (_name, member: unknown) =>
    member instanceof Uint8Array ? encodeBase64(member) : member,
  );
}

/** JSON with sorted member names: equal values have equal texts. */
export function canonicalText(value: Value): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(encodeBase64(value));
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** Order of two strings by code point (CND-9): negative, zero or positive. */
export function compareByCodePoint(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    // A surrogate stands for a code point above every other unit, also above U+E000 to U+FFFF.
    const aHigh = a >= 0xd800 && a <= 0xdfff;
    const bHigh = b >= 0xd800 && b <= 0xdfff;
    if (aHigh !== bHigh) return aHigh ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}
