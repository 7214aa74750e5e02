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
  const { list, member } = listMember(name, sources);
  // `ne` holds where no element is equal, so it is about all of them.
  if (filter.kind === 'compare' && filter.operator === 'ne')
    return { kind: 'not', part: leaf({ ...filter, operator: 'eq' }, sources) };
  return anyOf(list.map((element) => ofSource(filter, element.get(member), filter.attribute)));
}

/** `emails.value`, and `emails` for short (RFC 7644 §3.4.2.2). */
function listMember(name: string, sources: AttributeSources): { list: readonly ElementSources[]; member: string } {
  const whole = sources.lists.get(name);
  if (whole !== undefined) return { list: whole, member: 'value' };
  const dot = name.lastIndexOf('.');
  return { list: sources.lists.get(name.slice(0, Math.max(dot, 0))) ?? [], member: name.slice(dot + 1) };
}

function elementsOf(sources: AttributeSources, attribute: string): readonly ElementSources[] {
  return sources.lists.get(attribute.toLowerCase()) ?? [];
}

/** What one element has to fulfil; several members of one native list cannot be told apart. */
function inElement(filter: ScimFilter, element: ElementSources, list: string): NativeFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.parts.map((part) => inElement(part, element, list)) };
    case 'not':
      return { kind: 'not', part: inElement(filter.part, element, list) };
    case 'element':
      throw new UntranslatableFilterError(`${list}[${filter.attribute}[…]]: brackets inside brackets`);
    case 'present':
    case 'compare':
      return ofSource(filter, element.get(filter.attribute.toLowerCase()), `${list}.${filter.attribute}`);
  }
}

function ofSource(filter: Leaf, source: AttributeSource | undefined, wanted: string): NativeFilter {
  if (source === undefined) return ofConstant(filter, undefined);
  if (source.kind === 'constant') return ofConstant(filter, source.value);
  if (source.kind === 'computed') throw new UntranslatableFilterError(`${wanted}: it is mapped ${source.why}`);
  const { attribute } = source;
  if (filter.kind === 'present') return { kind: 'present', attribute, wanted };
  const { operator, value } = filter;
  if (value !== null) return { kind: 'compare', attribute, operator, value, wanted };
  const present: NativeFilter = { kind: 'present', attribute, wanted };
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
