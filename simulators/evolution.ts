import { isJsonObject, type JsonObject } from '../core/json.js';
import { departmentOf, personAt, type GeneratedGroup, type GeneratedPerson, type Population } from './population.js';
import { createRandom, pickIndex } from './random.js';

/** What happened in a population between two reads. The id lists are disjoint for people. */
export interface Evolution {
  readonly population: Population;
  readonly changedPeople: GeneratedPerson[];
  readonly joinedPeople: GeneratedPerson[];
  readonly leftPeopleIds: string[];
  /** Groups whose member list differs: joiners enter their department's group, leavers leave all. */
  readonly changedGroups: GeneratedGroup[];
}

/** Just the part of a simulated store that an evolution changes. */
export interface EvolvingStore {
  add(type: 'User' | 'Group', content: JsonObject): string;
  update(type: 'User' | 'Group', id: string, change: JsonObject): void;
  remove(type: 'User' | 'Group', id: string): boolean;
}

/**
 * Moves a population on: some people get another title, some join, some leave. Nobody who manages others leaves, so that no other
 * person changes with it. Pure and deterministic. Throws RangeError when there are too few people for what is asked.
 */
export function evolve(
  population: Population,
  options: { changed: number; joined: number; left: number; seed: number },
): Evolution {
  const random = createRandom(options.seed);
  const managers = managerIds(population.people);
  const leaving = drawIds(
    population.people.filter((person) => !managers.has(person.id)),
    options.left,
    random,
  );
  const changing = drawIds(
    population.people.filter((person) => !leaving.has(person.id)),
    options.changed,
    random,
  );

  const changedPeople: GeneratedPerson[] = [];
  const stayers = population.people.flatMap((person) => {
    if (leaving.has(person.id)) return [];
    if (!changing.has(person.id)) return [person];
    const title = typeof person['title'] === 'string' ? person['title'] : 'Employee';
    const changed = { ...person, title: title.startsWith('Senior ') ? title.slice(7) : `Senior ${title}` };
    changedPeople.push(changed);
    return [changed];
  });
  const joinedPeople = Array.from({ length: options.joined }, (_, place) =>
    withPresentManager(personAt(population.nextNumber + place, population.seed), stayers),
  );
  const groups = population.groups.map((group) => moveMembers(group, leaving, joinedPeople));
  return {
    population: {
      seed: population.seed,
      people: [...stayers, ...joinedPeople],
      groups,
      nextNumber: population.nextNumber + options.joined,
    },
    changedPeople,
    joinedPeople,
    leftPeopleIds: [...leaving],
    changedGroups: groups.filter((group) => !population.groups.includes(group)),
  };
}

/** Carries an evolution out on a store that holds the population it started from. */
export function applyEvolution(store: EvolvingStore, evolution: Evolution): void {
  for (const person of evolution.joinedPeople) store.add('User', person);
  for (const { id, title } of evolution.changedPeople) store.update('User', id, { title: title ?? null });
  for (const { id, members } of evolution.changedGroups) store.update('Group', id, { members });
  for (const id of evolution.leftPeopleIds) store.remove('User', id);
}

function moveMembers(
  group: GeneratedGroup,
  leaving: ReadonlySet<string>,
  joined: readonly GeneratedPerson[],
): GeneratedGroup {
  const staying = group.members.filter((member) => !leaving.has(member.value));
  const entering = joined.filter((person) => group.displayName === `Department ${departmentOf(person)}`);
  if (staying.length === group.members.length && entering.length === 0) return group;
  return { ...group, members: [...staying, ...entering.map((person) => ({ value: person.id, type: 'User' }))] };
}

function managerIds(people: readonly GeneratedPerson[]): Set<string> {
  return new Set(people.flatMap((person) => managerIdOf(person) ?? []));
}

function managerIdOf(person: GeneratedPerson): string | undefined {
  const enterprise = Object.values(person).find((value) => isJsonObject(value) && isJsonObject(value['manager']));
  const manager = isJsonObject(enterprise) ? enterprise['manager'] : undefined;
  const id = isJsonObject(manager) ? manager['value'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** A joiner whose numbered manager has left reports to the first person instead. */
function withPresentManager(person: GeneratedPerson, stayers: readonly GeneratedPerson[]): GeneratedPerson {
  const managerId = managerIdOf(person);
  const head = stayers[0];
  if (managerId === undefined || head === undefined || stayers.some((other) => other.id === managerId)) return person;
  const enterprise = Object.keys(person).find((key) => {
    const value = person[key];
    return isJsonObject(value) && 'manager' in value;
  });
  const value = enterprise === undefined ? undefined : person[enterprise];
  if (enterprise === undefined || !isJsonObject(value)) return person;
  return { ...person, [enterprise]: { ...value, manager: { value: head.id } } };
}

function drawIds(people: readonly GeneratedPerson[], count: number, random: () => number): Set<string> {
  if (count > people.length) throw new RangeError(`${count} people are wanted, only ${people.length} can be drawn`);
  const pool = [...people];
  const drawn = new Set<string>();
  while (drawn.size < count) {
    const place = pickIndex(random, pool.length);
    const person = pool[place];
    const last = pool.pop();
    if (person !== undefined) drawn.add(person.id);
    if (last !== undefined && place < pool.length) pool[place] = last;
  }
  return drawn;
}
