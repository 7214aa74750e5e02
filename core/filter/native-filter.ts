import type { JsonObject, JsonValue } from '../json.js';
import { attributeSources } from './attribute-sources.js';
import type { AttributeSource, AttributeSources, ElementSources } from './attribute-sources.js';
import { compareValues } from './compare-values.js';
import type { NativeFilter, ScimFilter } from './filter-model.js';
import { instantMs } from './instant.js';

/** A part of a filter that a source cannot be asked for; the message names the part. */
export class UntranslatableFilterError extends Error {
  override readonly name = 'UntranslatableFilterError';
}

const LAST_MODIFIED = 'meta.lastmodified';
const NEVER: NativeFilter = { kind: 'always', holds: false };

/**
 * Translates a SCIM filter over the common JSON through the read mapping of a type into one over the attributes of the native entity (CONN-LDAP-46). An
 * attribute that no mapping gives is absent from every entity. Throws {@link UntranslatableFilterError} for what depends on a mapping that cannot be
 * turned round.
 */
export function throughReadMapping(
  filter: ScimFilter,
  type: JsonObject,
  properties: Readonly<Record<string, string>>,
): NativeFilter {
  return translate(filter, attributeSources(type, properties));
}

function translate(filter: ScimFilter, sources: AttributeSources): NativeFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.parts.map((part) => translate(part, sources)) };
    case 'not':
      return { kind: 'not', part: translate(filter.part, sources) };
    case 'element':
      return anyOf(
        elementsOf(sources, filter.attribute).map((element) => inElement(filter.part, element, filter.attribute)),
      );
    case 'present':
    case 'compare':
      return leaf(filter, sources);
  }
}

type Leaf = Extract<ScimFilter, { kind: 'present' | 'compare' }>;

function leaf(filter: Leaf, sources: AttributeSources): NativeFilter {
  const name = filter.attribute.toLowerCase();
  if (name === LAST_MODIFIED) return modified(filter);
  if (name === 'id') return ofSource(filter, sources.id, filter.attribute);
  const plain = sources.plain.get(name);
  if (plain !== undefined) return ofSource(filter, plain, filter.attribute);
  refuseUnclear(name, filter.attribute, sources);
  const { list, member } = listMember(name, sources);
  // `ne` holds where no element is equal, and `eq null` where none has a value, so they are about all of them.
  const opposite = oppositeOf(filter);
  if (opposite !== undefined) return { kind: 'not', part: leaf(opposite, sources) };
  if (filter.kind === 'present' && sources.lists.has(name))
    return anyOf(list.map((element) => exists(element, filter.attribute)));
  return anyOf(list.map((element) => ofMember(filter, element, member, filter.attribute)));
}

/** A filter that holds for an element at a time, in place of one that is about all of them. */
function oppositeOf(filter: Leaf): Leaf | undefined {
  if (filter.kind === 'present') return undefined;
  const { attribute, operator, value } = filter;
  if (value === null) return operator === 'eq' ? { kind: 'present', attribute } : undefined;
  return operator === 'ne' ? { ...filter, operator: 'eq' } : undefined;
}

/** An attribute that comes with one above it, or has some below, is not the same as one that no mapping gives. */
function refuseUnclear(name: string, wanted: string, { plain, opaque }: AttributeSources): void {
  const isWithin = (one: string, other: string): boolean => one.startsWith(`${other}.`) || one.startsWith(`${other}:`);
  const above = [...opaque].some((one) => one === '' || one === name || isWithin(name, one));
  if (above || [...plain.keys()].some((one) => isWithin(name, one)))
    throw new UntranslatableFilterError(`${wanted}: it is mapped as a part of something`);
  if ([...plain.keys()].some((one) => isWithin(one, name)))
    throw new UntranslatableFilterError(`${wanted}: it has attributes of its own, of which one has to be named`);
}

/** `emails.value`, and `emails` for short (RFC 7644 §3.4.2.2). */
function listMember(name: string, sources: AttributeSources): { list: readonly ElementSources[]; member: string } {
  const whole = sources.lists.get(name);
  if (whole !== undefined) return { list: whole, member: 'value' };
  const dot = name.lastIndexOf('.');
  return { list: sources.lists.get(name.slice(0, Math.max(dot, 0))) ?? [], member: name.slice(dot + 1) };
}

function elementsOf(sources: AttributeSources, attribute: string): readonly ElementSources[] {
  const name = attribute.toLowerCase();
  if (sources.plain.has(name)) throw new UntranslatableFilterError(`${attribute}: its elements are mapped as a whole`);
  refuseUnclear(name, attribute, sources);
  return sources.lists.get(name) ?? [];
}

/** One element fulfils all of it, so there is one. */
function inElement(filter: ScimFilter, element: ElementSources, list: string): NativeFilter {
  if (element.isRepeated && !isOfOneValue(filter))
    throw new UntranslatableFilterError(
      `${list}[…]: one comparison, or several with "or", is all that can be asked of elements that are the values of one attribute`,
    );
  const part = ofElement(filter, element, list);
  const isSure =
    filter.kind !== 'not' && (filter.kind === 'present' || filter.kind === 'compare') && impliesElement(part);
  return isSure ? part : { kind: 'and', parts: [exists(element, list), part] };
}

function ofElement(filter: ScimFilter, element: ElementSources, list: string): NativeFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.parts.map((part) => ofElement(part, element, list)) };
    case 'not':
      return { kind: 'not', part: ofElement(filter.part, element, list) };
    case 'element':
      throw new UntranslatableFilterError(`${list}[${filter.attribute}[…]]: brackets inside brackets`);
    case 'present':
    case 'compare':
      return ofSource(filter, element.members.get(filter.attribute.toLowerCase()), `${list}.${filter.attribute}`);
  }
}

/** True where each value by itself decides, so that it does not matter which of them it is. */
function isOfOneValue(filter: ScimFilter): boolean {
  if (filter.kind === 'or') return filter.parts.every(isOfOneValue);
  return filter.kind === 'present' || (filter.kind === 'compare' && filter.operator !== 'ne' && filter.value !== null);
}

/** A member of some element, if there is such an element. */
function ofMember(filter: Leaf, element: ElementSources, member: string, wanted: string): NativeFilter {
  const part = ofSource(filter, element.members.get(member), wanted);
  return impliesElement(part) ? part : { kind: 'and', parts: [exists(element, wanted), part] };
}

/** It holds only where a native attribute has a value that makes the element, or never. */
function impliesElement(part: NativeFilter): boolean {
  if (part.kind === 'always') return !part.holds;
  return part.kind === 'present' || (part.kind === 'compare' && part.operator !== 'ne');
}

/** There is an element as soon as something makes it. */
function exists({ makers }: ElementSources, wanted: string): NativeFilter {
  return anyOf(makers.map((maker) => ofSource({ kind: 'present', attribute: wanted }, maker, wanted)));
}

function ofSource(filter: Leaf, source: AttributeSource | undefined, wanted: string): NativeFilter {
  if (source === undefined) return ofConstant(filter, undefined);
  if (source.kind === 'constant') return ofConstant(filter, source.value);
  if (source.kind === 'computed') throw new UntranslatableFilterError(`${wanted}: it is mapped ${source.why}`);
  const { attribute } = source;
  const of = { attribute, wanted, ...(source.isFirst && { isFirst: true }) };
  const present: NativeFilter = { kind: 'present', ...of };
  if (filter.kind === 'present') return present;
  const { operator, value } = filter;
  if (value !== null) return { kind: 'compare', operator, value, ...of };
  if (operator === 'ne') return present;
  if (operator === 'eq') return { kind: 'not', part: present };
  throw new UntranslatableFilterError(`${wanted} ${operator} null: only eq and ne compare with null`);
}

function ofConstant(filter: Leaf, value: JsonValue | undefined): NativeFilter {
  const values = (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined && one !== null);
  if (filter.kind === 'present') return { kind: 'always', holds: values.length > 0 };
  return { kind: 'always', holds: compareValues(values, filter.operator, filter.value) };
}

function modified(filter: Leaf): NativeFilter {
  if (filter.kind === 'present') return { kind: 'always', holds: true };
  const { operator, value } = filter;
  const ms = typeof value === 'string' ? instantMs(value) : undefined;
  if (ms === undefined || operator === 'co' || operator === 'sw' || operator === 'ew')
    throw new UntranslatableFilterError(
      `${filter.attribute} ${operator} ${JSON.stringify(value)}: it is compared with an instant such as "2026-01-31T12:00:00Z"`,
    );
  return { kind: 'modified', operator, ms };
}

function anyOf(parts: readonly NativeFilter[]): NativeFilter {
  const [only] = parts;
  if (only === undefined) return NEVER;
  return parts.length === 1 ? only : { kind: 'or', parts };
}
