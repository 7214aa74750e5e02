import { canonicalJson } from '../../core/canonical-json.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { Content } from './landscape.js';

/** Attributes of people that every server of the demo keeps as they were sent. */
const COMPARED = ['userName', 'externalId', 'displayName', 'title', 'active', 'locale', 'timezone'];
/** Differences told at most. */
const TOLD = 5;

/**
 * What a target holds differently from the source: people by user name, groups by display name with the user names of their members.
 * Ids are each server's own. Empty when both agree.
 */
export function differencesBetween(source: Content, target: Content): string[] {
  const differences = [
    ...compareMaps('person', peopleOf(source), peopleOf(target)),
    ...compareMaps('group', groupsOf(source), groupsOf(target)),
  ];
  const more = differences.length - TOLD;
  return more > 0 ? [...differences.slice(0, TOLD), `and ${more} more`] : differences;
}

function compareMaps(
  kind: string,
  source: ReadonlyMap<string, readonly JsonValue[]>,
  target: ReadonlyMap<string, readonly JsonValue[]>,
): string[] {
  const names = new Set([...source.keys(), ...target.keys()]);
  return [...names].flatMap((name) => {
    const [wanted] = source.get(name) ?? [];
    const [found, ...more] = target.get(name) ?? [];
    if (found === undefined) return [`${kind} ${name} is missing`];
    if (wanted === undefined) return [`${kind} ${name} is not in the source`];
    if (more.length > 0) return [`${kind} ${name} is there ${more.length + 1} times`];
    const [wantedText, foundText] = [canonicalJson(wanted), canonicalJson(found)];
    return wantedText === foundText ? [] : [`${kind} ${name} is ${foundText} instead of ${wantedText}`];
  });
}

function peopleOf(content: Content): Map<string, JsonValue[]> {
  return grouped(content.users, 'userName', (user) => ({
    ...Object.fromEntries(COMPARED.flatMap((name) => (user[name] === undefined ? [] : [[name, user[name]]]))),
    name: partsOfName(user['name']),
    emails: listOf(user['emails']).map((email) => email['value'] ?? null),
  }));
}

function groupsOf(content: Content): Map<string, JsonValue[]> {
  const userNames = new Map(content.users.map((user) => [textOf(user, 'id'), textOf(user, 'userName')]));
  return grouped(content.groups, 'displayName', (group) => {
    const members = listOf(group['members']).map((member) => textOf(member, 'value'));
    return members.map((id) => userNames.get(id) ?? `unknown member ${id}`).sort();
  });
}

function grouped(
  entities: readonly JsonObject[],
  key: string,
  view: (entity: JsonObject) => JsonValue,
): Map<string, JsonValue[]> {
  const map = new Map<string, JsonValue[]>();
  for (const entity of entities) {
    const name = textOf(entity, key);
    map.set(name, [...(map.get(name) ?? []), view(entity)]);
  }
  return map;
}

/** Servers make `formatted` themselves, each in its own way. */
function partsOfName(name: JsonValue | undefined): JsonValue {
  return isJsonObject(name) ? [name['givenName'] ?? null, name['familyName'] ?? null] : null;
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textOf(entity: JsonObject, name: string): string {
  const value = entity[name];
  return typeof value === 'string' ? value : '';
}
