import { isJsonObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/json.js';
import { LINK_STATE, ORIGIN } from '../../../state/codes.js';
import { textOf, usersByName } from './evidence.js';
import type { Evidence, TargetEvidence, Violation } from './evidence.js';
import { waitingIn, waitingPairs } from './waiting.js';

const COMPARED = ['title', 'nickName', 'active'];

/**
 * Invariant 1: each target is the transformed source, person by person and group by group. Accounts beyond that are those of strangers
 * and those that were released because nobody could prove that they are ours. What waits for a decision is as it was left.
 */
export async function checkContent(evidence: Evidence): Promise<Violation[]> {
  const complaints: string[] = [];
  const waiting = await waitingPairs(evidence);
  for (const target of evidence.targets) {
    const kept = await releasedKeys(evidence, target);
    const waits = waitingIn(waiting, target.no);
    const wanted = wantedUsers(evidence, target);
    const found = usersByName(target.simulator);
    for (const [name, people] of wanted) {
      if (waits.has(name)) continue;
      const [account, ...twins] = found.get(name) ?? [];
      if (account === undefined) complaints.push(`${name} is in the source and has no account in ${target.name}`);
      else complaints.push(...differences(people, account, target).map((what) => `${name} in ${target.name}: ${what}`));
      if (twins.length > 0) complaints.push(`${name} has ${twins.length + 1} accounts in ${target.name}`);
    }
    for (const [name, accounts] of found) {
      const left = accounts.filter(({ id }) => !target.strangers.has(textOf(id)) && !kept.has(textOf(id)));
      if (!wanted.has(name) && left.length > 0 && !waits.has(name))
        complaints.push(`${name} is gone and has an account in ${target.name}`);
    }
    complaints.push(...groupDifferences(evidence, target, waits));
  }
  return complaints.map((message) => ({ rule: '1', message }));
}

function wantedUsers(evidence: Evidence, target: TargetEvidence): Map<string, JsonObject[]> {
  const wanted = new Map<string, JsonObject[]>();
  for (const source of sourcesOf(evidence, target)) {
    for (const [name, users] of usersByName(source.simulator)) {
      const accepted = users.filter(target.wants);
      if (accepted.length > 0) wanted.set(name, [...(wanted.get(name) ?? []), ...accepted]);
    }
  }
  return wanted;
}

function sourcesOf(evidence: Evidence, target: TargetEvidence): Evidence['sources'] {
  return evidence.sources.filter((source) => target.sourceNos.includes(source.no));
}

/** With several sources any of them may have written last (CNF-11). */
function differences(people: readonly JsonObject[], account: JsonObject, target: TargetEvidence): string[] {
  return COMPARED.flatMap((attribute) => {
    if (target.drops.has(attribute)) return [];
    const wanted = people.map((one) => JSON.stringify(one[attribute] ?? null));
    const found = JSON.stringify(account[attribute] ?? null);
    return wanted.includes(found) ? [] : [`${attribute} is ${found} and not ${wanted.join(' or ')}`];
  });
}

function groupDifferences(evidence: Evidence, target: TargetEvidence, waits: ReadonlySet<string>): string[] {
  const nameOf = new Map(
    target.simulator.store.snapshot().users.map((user) => [textOf(user['id']), textOf(user['userName'])]),
  );
  const complaints: string[] = [];
  const expected = new Set<string>();
  for (const source of sourcesOf(evidence, target)) {
    const { users, groups } = source.simulator.store.snapshot();
    const wanted = new Map(
      users.filter(target.wants).map((user) => [textOf(user['id']), textOf(user['userName'])] as const),
    );
    for (const group of groups) {
      const name = textOf(group['displayName']);
      expected.add(name);
      if (waits.has(name.toLowerCase())) continue;
      const members = memberIds(group).flatMap((id) => wanted.get(id) ?? []);
      const here = target.simulator.store.snapshot().groups.filter((one) => one['displayName'] === name);
      if (here.length !== 1) complaints.push(`${name} is ${here.length} times in ${target.name}`);
      const actual = here.flatMap((one) => memberIds(one).map((id) => nameOf.get(id) ?? `unknown ${id}`));
      // Who waits may be missing, or may still be there.
      const decided = (names: readonly string[]): string =>
        names
          .filter((one) => !waits.has(one.toLowerCase()))
          .sort()
          .join();
      const [left, right] = [decided(members), decided(actual)];
      if (here.length === 1 && left !== right)
        complaints.push(`${name} in ${target.name} has ${right} and not ${left}`);
    }
  }
  for (const group of target.simulator.store.snapshot().groups) {
    const isOurs = !target.strangers.has(textOf(group['id']));
    const name = textOf(group['displayName']);
    if (isOurs && !expected.has(name) && !waits.has(name.toLowerCase()))
      complaints.push(`${name} is gone and still in ${target.name}`);
  }
  return complaints;
}

function memberIds(group: JsonObject): string[] {
  const members = group['members'];
  if (!Array.isArray(members)) return [];
  return [...new Set(members.flatMap((one) => (isJsonObject(one) ? [textOf(one['value'])] : [])))];
}

async function releasedKeys({ pool }: Evidence, target: TargetEvidence): Promise<Set<string>> {
  const rows = await pool.query<{ key: string }>(
    `select target_key as key from link where target_id = $1 and state = ${LINK_STATE.released} and target_key is not null
     union select target_key from released_entity where target_id = $1`,
    [target.no],
  );
  return new Set(rows.map((row) => row.key));
}

/**
 * Engine invariant 5: what counts as created by us was made by a POST of ours, and not by somebody else. And the other way round: an
 * account that a POST of ours has made, and that is still there, is known.
 */
export async function checkOrigins({ pool, targets }: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const target of targets) {
    const links = await pool.query<{ key: string; origin: number | null; state: number }>(
      'select target_key as key, origin, state from link where target_id = $1 and target_key is not null',
      [target.no],
    );
    for (const { key, origin, state } of links) {
      if (origin === ORIGIN.created && state === LINK_STATE.linked && target.strangers.has(key))
        violations.push({ rule: 'engine 5', message: `${key} was made by somebody else and counts as ours` });
    }
  }
  return violations;
}

/**
 * Nobody's account: made for one of ours, still there, and no link knows of it, and no list of what is not managed any more (DEL-22). To be asked
 * at rest. A create whose answer got lost is looked for when the pair is written next: not before somebody decides, where the pair waits for that.
 */
export async function checkOrphans(evidence: Evidence): Promise<Violation[]> {
  const { pool, targets } = evidence;
  const violations: Violation[] = [];
  const waiting = await waitingPairs(evidence);
  for (const target of targets) {
    const waits = waitingIn(waiting, target.no);
    const known = new Set(
      (
        await pool.query<{ key: string }>(
          `select target_key as key from link where target_id = $1 and target_key is not null
           union select target_key from released_entity where target_id = $1`,
          [target.no],
        )
      ).map((row) => row.key),
    );
    const { users, groups } = target.simulator.store.snapshot();
    for (const { id, userName, displayName } of [...users, ...groups]) {
      if (known.has(textOf(id)) || target.strangers.has(textOf(id))) continue;
      const name = textOf(userName) || textOf(displayName);
      if (waits.has(name.toLowerCase())) continue;
      violations.push({
        rule: '9',
        message: `${name} (${textOf(id)}) in ${target.name} was made by us and is not linked`,
      });
    }
  }
  return violations;
}
