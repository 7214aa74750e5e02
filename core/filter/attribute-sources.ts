import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import { ExpressionError } from '../transform/expression-error.js';
import { parseWholePath } from '../transform/condition/parse-condition.js';
import type { Condition } from '../transform/condition/condition-model.js';
import type { Path, Segment } from '../transform/path/path-model.js';
import { replacePlaceholders } from '../transform/template.js';

/** Where an attribute of the common JSON comes from. */
export type AttributeSource =
  /** An attribute of the native entity, as it is; `isFirst`: only the first of its values. */
  | { readonly kind: 'native'; readonly attribute: string; readonly isFirst: boolean }
  | { readonly kind: 'constant'; readonly value: JsonValue }
  /** From something that cannot be turned round; `why` completes "is mapped …". */
  | { readonly kind: 'computed'; readonly why: string };

/** An element of a list. */
export interface ElementSources {
  /** By the names of its members in lower case. */
  readonly members: ReadonlyMap<string, AttributeSource>;
  /** What makes the element: without a value of any of them there is none. */
  readonly makers: readonly AttributeSource[];
  /** One element for each value of a native attribute. */
  readonly isRepeated: boolean;
}

/** What a read mapping of one type makes of a native entity, as far as a filter needs to know. All names in lower case. */
export interface AttributeSources {
  /** By name: `username`, `name.familyname`, `urn:…:user:department`. */
  readonly plain: ReadonlyMap<string, AttributeSource>;
  /** Elements of lists by the name of the list, in the order in which they come to be. */
  readonly lists: ReadonlyMap<string, readonly ElementSources[]>;
  /** Names of what a mapping fills in a way that a filter cannot follow, with all that is below; empty: the whole entity. */
  readonly opaque: ReadonlySet<string>;
  /** The identifier (VAR-4). */
  readonly id: AttributeSource | undefined;
}

/** Keys of a mapping that change what comes out, or whether it comes out. */
const CHANGING = ['functions', 'condition', 'defaultValue', 'sourcePaths', 'sourceVariable'] as const;

/**
 * Reads a type of a read transformation backwards: which native attribute feeds which attribute of the common JSON (CONN-LDAP-46). `properties`
 * are put in place of placeholders. Mappings that cannot be understood count as computed; nothing is thrown.
 */
export function attributeSources(type: JsonObject, properties: Readonly<Record<string, string>>): AttributeSources {
  const plain = new Map<string, AttributeSource>();
  const lists = new Map<string, ElementMap>();
  const opaque = new Set<string>();
  let id: AttributeSource | undefined;
  const mappings = Array.isArray(type['mappings']) ? type['mappings'].filter(isJsonObject) : [];
  for (const mapping of mappings) {
    if (mapping['ignore'] === true || mapping['ignore'] === 'true') continue;
    const source = sourceOf(mapping, properties);
    if (mapping['targetVariable'] === 'entityIdSourceSystem') id = source;
    const target = targetOf(mapping, properties);
    if (target?.kind === 'plain') plain.set(target.name, fedBy(plain.get(target.name), source));
    else if (target?.kind === 'opaque') opaque.add(target.name);
    else if (target?.kind === 'list') addTo(lists, target, source);
  }
  for (const [name, elements] of lists) if (isMixed(elements)) opaque.add(name);
  return { plain, lists: new Map([...lists].map(([name, elements]) => [name, [...elements.values()]])), opaque, id };
}

type ElementMap = Map<
  string,
  ElementSources & { readonly members: Map<string, AttributeSource>; readonly makers: AttributeSource[] }
>;

function addTo(
  lists: Map<string, ElementMap>,
  target: Extract<Target, { kind: 'list' }>,
  source: AttributeSource,
): void {
  const elements = lists.get(target.list) ?? (new Map() as ElementMap);
  lists.set(target.list, elements);
  const { element: key, isRepeated } = target;
  const element = elements.get(key) ?? { members: new Map<string, AttributeSource>(), makers: [], isRepeated };
  elements.set(key, element);
  for (const [name, value] of target.known) element.members.set(name, { kind: 'constant', value });
  element.members.set(target.member, fedBy(element.members.get(target.member), source));
  element.makers.push(source);
}

/** Whichever of several mappings has a value comes last: that depends on the entity. */
function fedBy(before: AttributeSource | undefined, source: AttributeSource): AttributeSource {
  const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(source);
  return isSame ? source : { kind: 'computed', why: 'by several mappings' };
}

/** Elements by place, by what they hold, and one for each value: which is which depends on the entity. */
function isMixed(elements: ElementMap): boolean {
  return elements.size > 1 && [...elements].some(([key, { isRepeated }]) => isRepeated || key === FIRST);
}

function sourceOf(mapping: JsonObject, properties: Readonly<Record<string, string>>): AttributeSource {
  const changing = CHANGING.find((key) => mapping[key] !== undefined);
  if (changing !== undefined) return { kind: 'computed', why: `with "${changing}"` };
  const type = mapping['type'] ?? 'set';
  if (type !== 'set') return { kind: 'computed', why: `by a mapping of type ${JSON.stringify(type)}` };
  const constant = mapping['constant'];
  if (constant !== undefined) return constantOf(constant, properties);
  const path = pathOf(mapping['sourcePath'], properties);
  const native = path === undefined ? undefined : nativeAttribute(path);
  return (
    native ?? {
      kind: 'computed',
      why: `from ${JSON.stringify(mapping['sourcePath'] ?? null)}, which is more than one attribute`,
    }
  );
}

function constantOf(constant: JsonValue, properties: Readonly<Record<string, string>>): AttributeSource {
  if (typeof constant !== 'string') return { kind: 'constant', value: constant };
  if (constant.includes('${')) return { kind: 'computed', why: 'from a variable' };
  return { kind: 'constant', value: replacePlaceholders(constant, properties) };
}

function pathOf(raw: JsonValue | undefined, properties: Readonly<Record<string, string>>): Path | undefined {
  if (typeof raw !== 'string') return undefined;
  try {
    return parseWholePath(replacePlaceholders(raw, properties));
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

/** `$.mail`, `$.mail[0]`, `$.mail[*]`. */
function nativeAttribute({ segments, function: fn }: Path): AttributeSource | undefined {
  const [first, second, ...more] = segments;
  if (fn !== undefined || more.length > 0 || first?.kind !== 'member') return undefined;
  const isFirst = second?.kind === 'index' && second.index === 0;
  const isWhole = second === undefined || second.kind === 'wildcard';
  return isWhole || isFirst ? { kind: 'native', attribute: first.name, isFirst } : undefined;
}

/** The element of a list at its first place. */
const FIRST = '0';

type Target =
  | { readonly kind: 'plain' | 'opaque'; readonly name: string }
  | {
      readonly kind: 'list';
      readonly list: string;
      /** What tells the element from the others of its list. */
      readonly element: string;
      /** Members that the path itself gives the element. */
      readonly known: readonly (readonly [string, JsonValue])[];
      readonly member: string;
      readonly isRepeated: boolean;
    };

/** Undefined where the mapping fills no attribute. */
function targetOf(mapping: JsonObject, properties: Readonly<Record<string, string>>): Target | undefined {
  if (mapping['targetPath'] === undefined) return undefined;
  const path = pathOf(mapping['targetPath'], properties);
  if (path === undefined || path.segments.length === 0) return { kind: 'opaque', name: '' };
  const at = path.segments.findIndex((segment) => segment.kind !== 'member');
  if (at === -1) return { kind: 'plain', name: nameOf(path.segments) };
  const list = nameOf(path.segments.slice(0, at));
  const [element, ...rest] = path.segments.slice(at);
  return (element === undefined ? undefined : elementTarget(list, element, rest)) ?? { kind: 'opaque', name: list };
}

/** Undefined for elements that no filter can tell apart. */
function elementTarget(list: string, element: Segment, rest: readonly Segment[]): Target | undefined {
  if (rest.some((segment) => segment.kind !== 'member')) return undefined;
  const member = nameOf(rest);
  if (element.kind === 'index') {
    if (element.index !== 0) return undefined;
    return member === ''
      ? { kind: 'plain', name: list }
      : { kind: 'list', list, element: FIRST, known: [], member, isRepeated: false };
  }
  if (element.kind !== 'filter') return undefined;
  const known = equalitiesOf(element.condition);
  const key = JSON.stringify(known ?? element.condition);
  if (rest.length > 0) return known && { kind: 'list', list, element: key, known, member, isRepeated: false };
  const distributed = existingMember(element.condition);
  return distributed === undefined
    ? undefined
    : { kind: 'list', list, element: key, known: [], member: distributed.toLowerCase(), isRepeated: true };
}

/** As filters write it: extensions are followed by a colon (RFC 7644 §3.10). */
function nameOf(segments: readonly Segment[]): string {
  const names = segments.flatMap((segment) => (segment.kind === 'member' ? [segment.name] : []));
  const [first, ...rest] = names;
  const text = first?.startsWith('urn:') === true && rest.length > 0 ? `${first}:${rest.join('.')}` : names.join('.');
  return text.toLowerCase();
}

/** `@.type == 'work'`: members of the element that the mapping makes. */
function equalitiesOf(condition: Condition): (readonly [string, JsonValue])[] | undefined {
  const parts = condition.kind === 'and' ? condition.parts : [condition];
  const known: (readonly [string, JsonValue])[] = [];
  for (const part of parts) {
    if (part.kind !== 'compare' || (part.operator !== '==' && part.operator !== '===')) return undefined;
    const { left, right } = part;
    if (left.kind !== 'path' || right.kind !== 'literal') return undefined;
    known.push([nameOf(left.path.segments), right.value]);
  }
  return known;
}

function existingMember(condition: Condition): string | undefined {
  if (condition.kind !== 'exists' || condition.path.root !== '@') return undefined;
  const [only, ...more] = condition.path.segments;
  return only?.kind === 'member' && more.length === 0 ? only.name : undefined;
}
