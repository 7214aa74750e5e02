import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { attribute } from './scim-envelope.js';
import { allOf, anyOf, equalsFilter } from './scim-filter.js';

/** One attribute by which an existing entity is looked up (CONN-CORE-51, CNF-8). */
export interface UniqueKey {
  /** As the server's filter names it, for example `emails.value` or `urn:x:Group:name`. */
  readonly filterAttribute: string;
  /** Values as sent; several only for `emails[*].value`. Empty: the entity has none. */
  readonly values: readonly Scalar[];
  /** Steps into a resource: names; lists on the way are entered at every element. */
  readonly steps: readonly string[];
}

type Scalar = string | number | boolean;

interface Step {
  readonly name: string;
  /** Position in a list, `all` for `[*]` and `[]`, undefined where no list is named. */
  readonly index?: number | 'all';
}

/** The attributes of a unique-attribute property: separated by commas that stand outside brackets. */
export function splitKeys(property: string): readonly string[] {
  return property
    .split(/,(?![^[]*\])/)
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** A key with its values in the body of the create attempt. Undefined if the key is not an attribute path. */
export function uniqueKey(key: string, body: JsonObject): UniqueKey | undefined {
  const steps = parseSteps(key);
  if (steps === undefined) return undefined;
  return {
    filterAttribute: filterAttribute(steps),
    values: valuesAt(body, steps),
    steps: steps.map(({ name }) => name),
  };
}

/** True if the text is an attribute path: `userName`, `emails[0].value`, `urn:…:attr`, `['urn:…']['attr']`. */
export function isKeyPath(key: string): boolean {
  return parseSteps(key) !== undefined;
}

/** Filter under which all keys match; a key with several values matches with any of them. */
export function keysFilter(keys: readonly UniqueKey[]): string {
  const parts = keys.map(({ filterAttribute: name, values }) =>
    anyOf(values.map((value) => equalsFilter(name, value))),
  );
  return allOf(parts) ?? '';
}

/**
 * Whether a resource really has the values that were asked for. Compared without case and in composed form, because most SCIM
 * attributes are (RFC 7643 §2.3.1); a resource without the attribute does not match: adopting a stranger is worse than a conflict.
 */
export function matchesKeys(resource: JsonObject, keys: readonly UniqueKey[]): boolean {
  return keys.every(({ steps, values }) => {
    const found = collect(resource, steps).map(folded);
    return values.some((value) => found.includes(folded(value)));
  });
}

/** The body with another text at the place of a key; what stands there and is no text stays. */
export function withOtherText(body: JsonObject, key: string, change: (text: string) => string): JsonObject {
  const changed = changedAt(body, parseSteps(key) ?? [], change);
  return isJsonObject(changed) ? changed : body;
}

function changedAt(value: JsonValue, steps: readonly Step[], change: (text: string) => string): JsonValue {
  const [step, ...rest] = steps;
  if (step === undefined) return typeof value === 'string' ? change(value) : value;
  if (!isJsonObject(value)) return value;
  const { name, index = 0 } = step;
  const entries = Object.entries(value).map(([key, member]): [string, JsonValue] => {
    if (key.toLowerCase() !== name.toLowerCase()) return [key, member];
    if (!Array.isArray(member)) return [key, changedAt(member, rest, change)];
    const isMeant = (place: number): boolean => index === 'all' || place === index;
    return [key, member.map((one, place) => (isMeant(place) ? changedAt(one, rest, change) : one))];
  });
  return Object.fromEntries(entries);
}

function folded(value: Scalar): string {
  return String(value).normalize('NFC').toLowerCase();
}

const BRACKETED = /^\[\s*(?:'([^']+)'|"([^"]+)")\s*\]/;
const INDEX = /^\[\s*(\d+|\*)?\s*\]/;
const NAME = /^\.?([A-Za-z$][\w$-]*)/;
/** `urn:…:attr.sub`: the version in a URN holds a dot, so the attribute starts after the last colon. */
const URN = /^(urn:[\w:.-]*[\w-]):([A-Za-z$][\w$-]*)/i;

function parseSteps(key: string): readonly Step[] | undefined {
  let rest = key.trim().replace(/^\$\.?/, '');
  const steps: Step[] = [];
  const urn = URN.exec(rest);
  if (urn !== null) {
    steps.push({ name: urn[1] ?? '' }, { name: urn[2] ?? '' });
    rest = rest.slice(urn[0].length);
  }
  while (rest !== '') {
    const match = BRACKETED.exec(rest) ?? NAME.exec(rest);
    if (match !== null) {
      steps.push({ name: match[1] ?? match[2] ?? '' });
    } else {
      const previous = steps.pop();
      const index = INDEX.exec(rest);
      if (previous === undefined || index === null || previous.index !== undefined) return undefined;
      steps.push({ ...previous, index: index[1] === undefined || index[1] === '*' ? 'all' : Number(index[1]) });
      rest = rest.slice(index[0].length);
      continue;
    }
    rest = rest.slice(match[0].length);
  }
  return steps.length === 0 ? undefined : steps;
}

/** An index is dropped for the server (CNF-8); an attribute of an extension is joined to its URN with a colon. */
function filterAttribute(steps: readonly Step[]): string {
  const [first, second, ...rest] = steps.map(({ name }) => name);
  if (first === undefined || second === undefined) return first ?? '';
  const separator = /^urn:/i.test(first) ? ':' : '.';
  return [`${first}${separator}${second}`, ...rest].join('.');
}

function valuesAt(body: JsonObject, steps: readonly Step[]): readonly Scalar[] {
  let values: JsonValue[] = [body];
  for (const { name, index } of steps) {
    values = values.flatMap((value) => {
      const member = isJsonObject(value) ? attribute(value, name) : undefined;
      if (member === undefined || member === null) return [];
      if (!Array.isArray(member)) return [member];
      // A path that names no position means the first, as a path of the transformation would.
      return index === 'all' ? member : member.slice(index ?? 0, (index ?? 0) + 1);
    });
  }
  return values.filter(isScalar);
}

function collect(resource: JsonObject, names: readonly string[]): readonly Scalar[] {
  let values: JsonValue[] = [resource];
  for (const name of names) {
    values = values.flatMap((value) => {
      const member = isJsonObject(value) ? attribute(value, name) : undefined;
      if (member === undefined || member === null) return [];
      return Array.isArray(member) ? member : [member];
    });
  }
  return values.filter(isScalar);
}

function isScalar(value: JsonValue): value is Scalar {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean';
}
