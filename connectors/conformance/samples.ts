import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { EntitySample, GroupSample } from '../entity-samples.js';
import { valueAt, withValueAt } from './json-pointer.js';

/** Everything of this kit's making begins like this, in any system: what a crash leaves behind is found by it. */
const MARK_PREFIX = 'mtck';
const MARK = /^mtck[a-z0-9]{8}/;

/** A mark that no other run has. `random`: uniform in [0, 1). */
export function newMark(random: () => number): string {
  const letters = Array.from({ length: 8 }, () => Math.floor(random() * 36).toString(36));
  return MARK_PREFIX + letters.join('');
}

/** True for names that only this kit gives. */
export function isMarked(name: JsonValue | undefined): boolean {
  return typeof name === 'string' && MARK.test(name);
}

/** A body from a sample, for example the third user of a mark. */
export function sampleBody(sample: EntitySample, mark: string, n: number): JsonObject {
  return filled(sample.body, { mark, n: String(n) }) as JsonObject;
}

/** The properties that show only the entities of a mark; undefined where the sample names none. */
export function filterOf(sample: EntitySample, mark: string): Record<string, string> | undefined {
  return sample.filter === undefined ? undefined : (filled({ ...sample.filter }, { mark }) as Record<string, string>);
}

/** A group with these members. */
export function withMembers(sample: GroupSample, body: JsonObject, ids: readonly string[]): JsonObject {
  const members = ids.map((id) => filled(sample.member, { id }));
  return withValueAt(body, sample.members, members);
}

/** Identifiers of the members in a body as it was read, sorted. */
export function memberIds(sample: GroupSample, body: JsonObject): string[] {
  const list = valueAt(body, sample.members);
  const ids = (Array.isArray(list) ? list : list === undefined || list === null ? [] : [list]).map((member) =>
    idIn(sample.member, member),
  );
  return ids.filter((id): id is string => id !== undefined).sort();
}

/** The text that stands in `actual` where the sample has `${id}`. */
function idIn(sample: JsonValue, actual: JsonValue | undefined): string | undefined {
  if (sample === '${id}') return typeof actual === 'string' ? actual : undefined;
  if (!isJsonObject(sample) || !isJsonObject(actual)) return undefined;
  for (const [name, part] of Object.entries(sample)) {
    const id = idIn(part, actual[name]);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** Every `${name}` in texts replaced; a text of a single placeholder stays a text. */
function filled(value: JsonValue, values: Readonly<Record<string, string>>): JsonValue {
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  }
  if (Array.isArray(value)) return value.map((element) => filled(element, values));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, filled(part, values)]));
}
