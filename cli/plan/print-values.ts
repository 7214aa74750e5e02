import { isJsonObject } from '../../core/json.js';
import type { JsonValue } from '../../core/json.js';
import type { RemoteAttribute } from './remote-plan.js';

/** Values are cut to fit a terminal. */
const MAX_VALUE = 48;
/** Members named of those that come or go. */
const MAX_MEMBERS = 3;

/** One attribute of a change, line by line: what is the same on both sides is left out, objects are opened. */
export function movements({ name, before, after }: RemoteAttribute): string[] {
  if (name === 'members') return [`members ${memberMovement(before, after)}`];
  return leaves(name, before, after).map(([path, from, to]) => {
    if (isNothing(from)) return `${safe(path)}: ${text(to)}`;
    return isNothing(to) ? `${safe(path)}: ${text(from)} → removed` : `${safe(path)}: ${text(from)} → ${text(to)}`;
  });
}

/** Before → after in one line, safe to be shown on a terminal. */
export function movement({ before, after }: Pick<RemoteAttribute, 'before' | 'after'>): string {
  return `${text(before)} → ${text(after)}`;
}

/** What an entity was that is deleted: a few of its values in one line. */
export function wasLine(attributes: readonly RemoteAttribute[]): string {
  const known = attributes
    .filter(({ name, before }) => name !== 'schemas' && name !== 'id' && isScalar(before))
    .map(({ name, before }) => `${safe(name)} ${text(before)}`);
  return known.slice(0, 3).join(', ');
}

type Leaf = [path: string, before: JsonValue | undefined, after: JsonValue | undefined];

function leaves(path: string, before: JsonValue | undefined, after: JsonValue | undefined): Leaf[] {
  const isOpened = (isJsonObject(before) || isNothing(before)) && (isJsonObject(after) || isNothing(after));
  if (!isOpened || (isNothing(before) && isNothing(after))) return isSame(before, after) ? [] : [[path, before, after]];
  const from = isJsonObject(before) ? before : {};
  const to = isJsonObject(after) ? after : {};
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) => leaves(`${path}.${name}`, from[name], to[name]));
}

function memberMovement(before: JsonValue | undefined, after: JsonValue | undefined): string {
  const [old, wanted] = [memberIds(before), memberIds(after)];
  const came = wanted.filter((id) => !old.includes(id));
  const gone = old.filter((id) => !wanted.includes(id));
  const parts = [...(came.length > 0 ? [`+${named(came)}`] : []), ...(gone.length > 0 ? [`−${named(gone)}`] : [])];
  return `${old.length} → ${wanted.length}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

function named(ids: readonly string[]): string {
  const more = ids.length > MAX_MEMBERS ? ` and ${ids.length - MAX_MEMBERS} more` : '';
  return `${ids.length} (${ids.slice(0, MAX_MEMBERS).map(safe).join(', ')}${more})`;
}

function memberIds(value: JsonValue | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((member) => {
    const id = isJsonObject(member) ? member['value'] : member;
    return typeof id === 'string' ? id : JSON.stringify(id);
  });
}

function text(value: JsonValue | undefined): string {
  if (isNothing(value)) return '–';
  if (Array.isArray(value)) return cut(value.map(oneOf).join(', '));
  return cut(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Lists of addresses and numbers are told by their values. */
function oneOf(value: JsonValue): string {
  const inner = isJsonObject(value) ? value['value'] : value;
  return typeof inner === 'string' ? inner : JSON.stringify(inner ?? value);
}

function cut(given: string): string {
  const printable = safe(given);
  return printable.length > MAX_VALUE ? `${printable.slice(0, MAX_VALUE - 1)}…` : printable;
}

/** A terminal must not be steered by what a directory holds. */
export function safe(given: string): string {
  return given.replaceAll(/\p{Cc}/gu, ' ');
}

function isNothing(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isScalar(value: JsonValue | undefined): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isSame(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  return JSON.stringify(before ?? null) === JSON.stringify(after ?? null);
}
