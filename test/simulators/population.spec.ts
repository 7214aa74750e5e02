import { describe, expect, it } from '@jest/globals';
import { applyEvolution, evolve } from '../../simulators/evolution.js';
import { generatePeople, generatePopulation, personAt } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';

describe('generated populations', () => {
  it('are the same for the same seed, differ for another, and a longer list begins with the shorter one', () => {
    expect(generatePopulation({ people: 50, groups: 5, seed: 3 })).toEqual(
      generatePopulation({ people: 50, groups: 5, seed: 3 }),
    );
    expect(generatePeople(50, 3).slice(0, 20)).toEqual(generatePeople(20, 3));
    expect(generatePeople(5, 3)).not.toEqual(generatePeople(5, 4));
  });

  it('have unique ids and user names beyond the number of name pairs, all plain ASCII', () => {
    const names = new Set<string>();
    const ids = new Set<string>();
    for (let number = 0; number < 80_000; number += 1) {
      const { id, userName } = personAt(number, 1);
      names.add(userName);
      ids.add(id);
      if (!/^[a-z]+\.[a-z]+\d*$/.test(userName)) throw new Error(`not plain: ${userName}`);
    }
    expect(names.size).toBe(80_000);
    expect(ids.size).toBe(80_000);
  });

  it('1,000 people and 40 groups: every manager and member exists, some people are inactive, mails are example.com', () => {
    const { people, groups } = generatePopulation({ people: 1000, groups: 40, seed: 1 });
    const ids = new Set(people.map((person) => person.id));
    expect(groups).toHaveLength(40);
    expect(new Set(groups.map((group) => group.displayName)).size).toBe(40);
    for (const group of groups) {
      expect(group.members.length).toBeGreaterThan(0);
      expect(group.members.every((member) => ids.has(member.value))).toBe(true);
    }
    expect(people.filter((person) => person['active'] === false)).toHaveLength(20);
    const managers = JSON.stringify(people).match(/"manager":\{"value":"([^"]+)"/g) ?? [];
    expect(managers).toHaveLength(999);
    expect(managers.every((text) => ids.has(text.slice(20, -1)))).toBe(true);
    expect(people.every((person) => JSON.stringify(person['emails']).includes('@example.com'))).toBe(true);
  });
});

describe('evolve', () => {
  const population = generatePopulation({ people: 300, groups: 30, seed: 2 });
  const evolution = evolve(population, { changed: 10, joined: 5, left: 7, seed: 9 });

  it('changes exactly so many people, leaves the population it was given alone, and is repeatable', () => {
    expect(evolution.changedPeople).toHaveLength(10);
    expect(evolution.joinedPeople).toHaveLength(5);
    expect(evolution.leftPeopleIds).toHaveLength(7);
    expect(evolution.population.people).toHaveLength(298);
    expect(population).toEqual(generatePopulation({ people: 300, groups: 30, seed: 2 }));
    expect(evolve(population, { changed: 10, joined: 5, left: 7, seed: 9 })).toEqual(evolution);
  });

  it('leaves no manager or member behind who is gone, even after many rounds', () => {
    let { population: now } = evolution;
    for (let round = 0; round < 30; round += 1)
      now = evolve(now, { changed: 3, joined: 4, left: 8, seed: round }).population;
    const ids = new Set(now.people.map((person) => person.id));
    const managers = [...JSON.stringify(now.people).matchAll(/"manager":\{"value":"([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(managers.filter((id) => !ids.has(id))).toEqual([]);
    expect(now.groups.flatMap((group) => group.members).filter((member) => !ids.has(member.value))).toEqual([]);
  });

  it('applied to a store gives the new population', async () => {
    const sim = await startScimSimulator({ users: population.people, groups: population.groups });
    applyEvolution(sim.store, evolution);
    const { users, groups } = sim.store.snapshot();
    await sim.stop();
    const plain = (resource: object): object => ({ ...resource, meta: undefined });
    const byId = (left: { id?: unknown }, right: { id?: unknown }): number =>
      String(left.id).localeCompare(String(right.id));
    expect(users.map(plain).sort(byId)).toEqual(evolution.population.people.map(plain).sort(byId));
    expect(groups.map((group) => (group['members'] as unknown[] | undefined)?.length ?? 0)).toEqual(
      evolution.population.groups.map((group) => group.members.length),
    );
  });

  it('refuses to let more people go than may', () => {
    expect(() =>
      evolve(generatePopulation({ people: 3, groups: 0, seed: 1 }), { changed: 0, joined: 0, left: 3, seed: 1 }),
    ).toThrow(RangeError);
  });
});
