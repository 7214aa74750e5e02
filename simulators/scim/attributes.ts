import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, ScimProblem, USER_SCHEMA } from './scim-model.js';

/** An attribute path taken apart: extension URN if any, attribute, sub-attribute (RFC 7644 §3.10). */
export interface AttributePath {
  /** URN of an extension; absent for core attributes. */
  readonly extension?: string;
  /** Absent when the path names a whole extension. */
  readonly attribute?: string;
  readonly sub?: string;
}

const CORE_PREFIXES = [USER_SCHEMA, GROUP_SCHEMA].map((urn) => urn.toLowerCase());
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/** The key of `object` that equals `name` without regard to case (RFC 7643 §2.1), or undefined. */
export function keyOf(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const wanted = name.toLowerCase();
  for (const key in object) if (key.length === wanted.length && key.toLowerCase() === wanted) return key;
  return undefined;
}

/** Value of an attribute by its name in any case. */
export function attributeOf(object: JsonObject, name: string): JsonValue | undefined {
  const key = keyOf(object, name);
  return key === undefined ? undefined : object[key];
}

/** Takes `urn:…:attr.sub` apart. Throws 400 invalidPath for names that would reach an object's prototype. */
export function parseAttributePath(text: string): AttributePath {
  if (!text.toLowerCase().startsWith('urn:')) return splitSub(text);
  if (text.toLowerCase() === ENTERPRISE_SCHEMA.toLowerCase()) return { extension: ENTERPRISE_SCHEMA };
  const colon = text.lastIndexOf(':');
  const urn = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (CORE_PREFIXES.includes(urn.toLowerCase())) return splitSub(rest);
  // `urn:…:2.0:User` itself: the last part is a resource type, what stands before it ends in a version.
  if (/:\d+\.\d+$/.test(urn)) return { extension: text };
  return { extension: urn, ...splitSub(rest) };
}

function splitSub(text: string): AttributePath {
  const dot = text.indexOf('.');
  const attribute = dot < 0 ? text : text.slice(0, dot);
  const sub = dot < 0 ? undefined : text.slice(dot + 1);
  for (const name of [attribute, sub]) {
    if (name !== undefined && (RESERVED.has(name) || !/^[A-Za-z$][\w$-]*$/.test(name))) {
      throw new ScimProblem(400, `"${text}" is not an attribute path`, 'invalidPath');
    }
  }
  return sub === undefined ? { attribute } : { attribute, sub };
}

/**
 * All values that a path names in a resource: multi-valued attributes give each element (RFC 7644 §3.4.2.2). Without a
 * sub-attribute, a complex element counts as its `value`.
 */
export function valuesAt(resource: JsonObject, path: AttributePath): JsonValue[] {
  const holder = path.extension === undefined ? resource : attributeOf(resource, path.extension);
  if (!isJsonObject(holder)) return [];
  if (path.attribute === undefined) return [holder];
  return elementsOf(attributeOf(holder, path.attribute)).flatMap((element) => {
    if (!isJsonObject(element)) return path.sub === undefined ? [element] : [];
    return elementsOf(attributeOf(element, path.sub ?? 'value') ?? (path.sub === undefined ? element : undefined));
  });
}

/** A multi-valued attribute's elements; a single value is one element, null and absent none (RFC 7643 §2.5). */
export function elementsOf(value: JsonValue | undefined): JsonValue[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The resource reduced to `attributes`, or without `excluded`; `id` and `schemas` always stay (RFC 7644 §3.9). */
export function project(resource: JsonObject, attributes: readonly string[], excluded: readonly string[]): JsonObject {
  if (attributes.length > 0) {
    const kept: JsonObject = {};
    for (const name of ['schemas', 'id', ...attributes]) copyPath(resource, kept, parseAttributePath(name));
    return kept;
  }
  const copy = structuredClone(resource);
  for (const name of excluded) {
    const path = parseAttributePath(name);
    if (path.attribute !== undefined && ['id', 'schemas'].includes(path.attribute)) continue;
    removePath(copy, path);
  }
  return copy;
}

function copyPath(from: JsonObject, to: JsonObject, path: AttributePath): void {
  const name = path.extension ?? path.attribute ?? '';
  const key = keyOf(from, name);
  const value = key === undefined ? undefined : from[key];
  if (key === undefined || value === undefined) return;
  const inner = path.extension === undefined ? path.sub : path.attribute;
  if (inner === undefined) {
    to[key] = value;
  } else if (isJsonObject(value)) {
    const target = to[key];
    const holder: JsonObject = isJsonObject(target) ? target : {};
    to[key] = holder;
    copyPath(value, holder, splitSub(inner));
  } else if (Array.isArray(value)) {
    to[key] = value.map((element) => {
      const reduced: JsonObject = {};
      if (isJsonObject(element)) copyPath(element, reduced, splitSub(inner));
      return reduced;
    });
  }
}

function removePath(from: JsonObject, path: AttributePath): void {
  const key = keyOf(from, path.extension ?? path.attribute ?? '');
  if (key === undefined) return;
  const inner = path.extension === undefined ? path.sub : path.attribute;
  if (inner === undefined) {
    delete from[key];
    return;
  }
  for (const element of elementsOf(from[key])) if (isJsonObject(element)) removePath(element, splitSub(inner));
}
