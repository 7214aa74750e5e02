import type { JsonObject } from '../core/json.js';
import { DEPARTMENTS, FIRST_NAMES, LAST_NAMES, PROJECTS, SITES, TITLES } from './population-names.js';
import { createRandom, pickIndex } from './random.js';

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** People that one manager has at most: who has number n reports to number (n − 1) / TEAM. */
const TEAM = 9;
/** Every so many people one is inactive. */
const INACTIVE_EVERY = 50;

/** A SCIM User with its id, as a source would deliver it. */
export type GeneratedPerson = JsonObject & { id: string; userName: string };

/** A SCIM Group with its id and members. */
export type GeneratedGroup = JsonObject & {
  id: string;
  displayName: string;
  members: { value: string; type: string }[];
};

export interface Population {
  readonly seed: number;
  readonly people: GeneratedPerson[];
  readonly groups: GeneratedGroup[];
  /** People ever made: the number of the next one. */
  readonly nextNumber: number;
}

export function generatePopulation(options: { people: number; groups: number; seed: number }): Population {
  const people = generatePeople(options.people, options.seed);
  const groups = generateGroups(people, options.groups, options.seed);
  return { seed: options.seed, people, groups, nextNumber: options.people };
}

/** The first `count` people of a seed. A longer list begins with the shorter one. */
export function generatePeople(count: number, seed: number): GeneratedPerson[] {
  return Array.from({ length: count }, (_, number) => personAt(number, seed));
}

/** Person number `number` of a seed, whoever else exists: lists of any length can be made one by one. */
export function personAt(number: number, seed: number): GeneratedPerson {
  const random = createRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const { first, last, userName } = nameAt(number, seed);
  const department = DEPARTMENTS[pickIndex(random, DEPARTMENTS.length)] ?? DEPARTMENTS[0];
  const site = SITES[pickIndex(random, SITES.length)] ?? SITES[0];
  const title = TITLES[pickIndex(random, TITLES.length)] ?? TITLES[0];
  const employeeNumber = String(100_000 + number);
  const phone = String(1_000_000 + Math.floor(random() * 9_000_000));
  const enterprise: JsonObject = {
    employeeNumber,
    costCenter: department.costCenter,
    organization: 'Example Corporation',
    department: department.name,
  };
  if (number > 0) enterprise['manager'] = { value: personId(managerOf(number), seed) };
  return {
    schemas: [USER_SCHEMA, ENTERPRISE_SCHEMA],
    id: personId(number, seed),
    externalId: `E${employeeNumber}`,
    userName,
    name: { givenName: first, familyName: last, formatted: `${first} ${last}` },
    displayName: `${first} ${last}`,
    title,
    userType: number % 12 === 11 ? 'Contractor' : 'Employee',
    locale: site.locale,
    preferredLanguage: site.locale.slice(0, 2),
    timezone: site.timezone,
    active: number % INACTIVE_EVERY !== INACTIVE_EVERY - 1,
    emails: [{ value: `${userName}@example.com`, type: 'work', primary: true }],
    phoneNumbers: [{ value: `+00 555 ${phone}`, type: 'work' }],
    addresses: [{ type: 'work', locality: site.city, country: site.country }],
    [ENTERPRISE_SCHEMA]: enterprise,
  };
}

/**
 * Groups of these people: one per department, one per site, then projects whose members are drawn. Each has at least one member where
 * there are people at all.
 */
export function generateGroups(people: readonly GeneratedPerson[], count: number, seed: number): GeneratedGroup[] {
  const random = createRandom(Math.imul(seed + 7, 0xc2b2ae35));
  return Array.from({ length: count }, (_, number) => {
    const department = DEPARTMENTS[number];
    const site = SITES[number - DEPARTMENTS.length];
    const chosen =
      department !== undefined
        ? people.filter((person) => departmentOf(person) === department.name)
        : site !== undefined
          ? people.filter((person) => person['timezone'] === site.timezone)
          : draw(people, 5 + pickIndex(random, 40), random);
    const members = chosen.length > 0 ? chosen : people.slice(0, 1);
    return {
      schemas: [GROUP_SCHEMA],
      id: `g${seed.toString(36)}-${String(number).padStart(4, '0')}`,
      externalId: `G${String(1000 + number)}`,
      displayName: groupName(number),
      members: members.map((person) => ({ value: person.id, type: 'User' })),
    };
  });
}

/** Number of the manager; person 0 has none. */
export function managerOf(number: number): number {
  return Math.floor((number - 1) / TEAM);
}

/** Id of person number `number` of a seed. */
export function personId(number: number, seed: number): string {
  return `p${seed.toString(36)}-${String(number).padStart(7, '0')}`;
}

function groupName(number: number): string {
  const department = DEPARTMENTS[number];
  if (department !== undefined) return `Department ${department.name}`;
  const site = SITES[number - DEPARTMENTS.length];
  if (site !== undefined) return `Site ${site.city}`;
  const place = number - DEPARTMENTS.length - SITES.length;
  const round = Math.floor(place / PROJECTS.length);
  return `Project ${PROJECTS[place % PROJECTS.length] ?? ''}${round === 0 ? '' : ` ${round + 1}`}`;
}

export function departmentOf(person: JsonObject): string {
  const enterprise = person[ENTERPRISE_SCHEMA];
  const department =
    typeof enterprise === 'object' && enterprise !== null && 'department' in enterprise ? enterprise.department : '';
  return typeof department === 'string' ? department : '';
}

/** A step that shares no factor with the number of pairs, so that stepping visits each pair exactly once. */
const PAIRS = FIRST_NAMES.length * LAST_NAMES.length;
const STEP = coprimeTo(PAIRS);

/** Each pair of first and last name comes up once before the second round starts with a number behind it. */
function nameAt(number: number, seed: number): { first: string; last: string; userName: string } {
  const place = (number * STEP + Math.imul(seed, 7919)) % PAIRS;
  const index = place < 0 ? place + PAIRS : place;
  const first = FIRST_NAMES[index % FIRST_NAMES.length] ?? '';
  const last = LAST_NAMES[Math.floor(index / FIRST_NAMES.length)] ?? '';
  const round = Math.floor(number / PAIRS);
  return { first, last, userName: `${plain(first)}.${plain(last)}${round === 0 ? '' : round + 1}` };
}

function coprimeTo(size: number): number {
  let step = 7_901;
  while (greatestCommonDivisor(step, size) !== 1) step += 2;
  return step;
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}

/** Letters that Unicode does not take apart into a base letter and an accent. */
const SPECIAL: Record<string, string> = { ø: 'o', ł: 'l', ı: 'i', ß: 'ss' };

function plain(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\p{Mn}']/gu, '')
    .replace(/[øłıß]/g, (letter) => SPECIAL[letter] ?? letter);
}

function draw(people: readonly GeneratedPerson[], count: number, random: () => number): GeneratedPerson[] {
  const chosen = new Set<GeneratedPerson>();
  const wanted = Math.min(count, people.length);
  while (chosen.size < wanted) {
    const person = people[pickIndex(random, people.length)];
    if (person !== undefined) chosen.add(person);
  }
  return [...chosen];
}
