import { ldifEntry } from '../../../simulators/directories/ldif.js';

/** A person as both sides shall show it. */
export interface Person {
  readonly id: string;
  given: string;
  family: string;
  mail: string;
  /** What the targets call the person; the id unless somebody got another name. */
  name?: string;
  /** Organizational unit below the people, or undefined. */
  unit?: string;
}

/** People and groups of a directory, kept beside it: what is expected does not come from the connector. */
export class Company {
  readonly people = new Map<string, Person>();
  /** Members of each group: ids of people and names of groups. */
  readonly groups = new Map<string, { people: Set<string>; groups: Set<string> }>();

  constructor(count: number) {
    for (let n = 0; n < count; n++) this.add(`p${String(n).padStart(4, '0')}`);
  }

  add(id: string, change: Partial<Person> = {}): Person {
    const person = { id, given: `Given ${id}`, family: `O'Family, ${id}`, mail: `${id}@example.org`, ...change };
    this.people.set(id, person);
    return person;
  }

  person(id: string): Person {
    const person = this.people.get(id);
    if (person === undefined) throw new Error(`there is no ${id}`);
    return person;
  }

  group(name: string, people: Iterable<string>, groups: Iterable<string> = []): void {
    this.groups.set(name, { people: new Set(people), groups: new Set(groups) });
  }

  /** `name: mail given family` of everybody whom the target is to have, sorted. */
  describePeople(isWanted: (id: string) => boolean = () => true): string[] {
    return [...this.people.values()]
      .filter(({ id }) => isWanted(id))
      .map(({ id, given, family, mail, name = id }) => lineOf(name, mail, given, family))
      .sort();
  }

  /** `name: members` of all groups, members sorted; only of those that the target can hold. */
  describeGroups(withNested: boolean, isWanted: (id: string) => boolean = () => true): string[] {
    return [...this.groups]
      .map(([name, { people, groups }]) =>
        groupLine(name, [
          ...[...people].filter(isWanted).map((id) => this.people.get(id)?.name ?? id),
          ...(withNested ? groups : []),
        ]),
      )
      .sort();
  }
}

/** One person in a line. */
export function lineOf(id: string, mail: unknown, given: unknown, family: unknown): string {
  return `${id}: ${String(mail)} ${String(given)} ${String(family)}`;
}

/** One group in a line. */
export function groupLine(name: string, members: readonly string[]): string {
  return `${name}: ${[...members].sort().join(' ')}`;
}

/** LDIF that changes attributes of an entry; an empty list removes. */
export function modifyLdif(dn: string, changes: Readonly<Record<string, readonly string[]>>): string {
  const [first] = ldifEntry(dn, {}).split('\n');
  const parts = Object.entries(changes).map(([name, values]) =>
    [`replace: ${name}`, ...values.map((value) => `${name}:: ${Buffer.from(value).toString('base64')}`), '-'].join(
      '\n',
    ),
  );
  return `${first}\nchangetype: modify\n${parts.join('\n')}\n`;
}
