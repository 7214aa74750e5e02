import type { Change } from 'ldapts';
import type { CallOptions } from '../contract.js';
import { DnSyntaxError, dnKey, formatDn, isAtOrBelow, parseDn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { change } from './entry-diff.js';
import { allOf, anyOf, equals } from './filter/build.js';
import { connectorError, translated, type Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, membersAreNames, type LdapSettings, type LdapType } from './ldap-settings.js';
import { identifierOf, identifierValue } from './native-entity.js';
import { searchAll } from './search.js';
import type { OpenedSession } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError } from './wire/wire-error.js';
import type { WantedMember } from './write-values.js';

/** Values in one modify request (CONN-LDAP-81). */
const BATCH = 1_000;
/** Identifiers in one search. */
const LOOKUP_BATCH = 50;

/** Values to add to and to take from the membership attribute, as the directory has them. */
export interface MemberChange {
  readonly additions: readonly string[];
  readonly removals: readonly string[];
}

/** Applies a modify; given by the writer, which knows controls and session. */
export type ApplyChanges = (changes: Change[]) => Promise<void>;

/** The directory values of the wanted members of a new group (CONN-LDAP-80). */
export async function memberValues(
  opened: OpenedSession,
  settings: LdapSettings,
  members: readonly WantedMember[],
  options: CallOptions,
): Promise<string[]> {
  const { additions } = await memberChange(opened, settings, undefined, members, options);
  return [...additions];
}

/**
 * What turns the members of an entry into the wanted ones. A member that can be told from the DN is compared without a question; the others
 * are looked up by their identifier.
 */
export async function memberChange(
  opened: OpenedSession,
  settings: LdapSettings,
  entry: Entry | undefined,
  wanted: readonly WantedMember[],
  options: CallOptions,
): Promise<MemberChange> {
  const current = entry?.texts(settings.memberAttribute) ?? [];
  if (membersAreNames(settings)) return nameChange(current, wanted);
  const byKey = new Map(current.map((value) => [dnKey(value), value]));
  const byName = new Map(
    current.flatMap((value) => namesOf(settings, value).map((name) => [name, dnKey(value)] as const)),
  );
  const kept = new Set<string>();
  const open: WantedMember[] = [];
  const additions = new Map<string, string>();
  for (const member of wanted) {
    const dn = asDn(member.value);
    const key =
      dn === undefined
        ? (byName.get(nameKey(member.type ?? 'user', member.value)) ??
          (member.type === undefined ? byName.get(nameKey('group', member.value)) : undefined))
        : dnKey(dn);
    if (key !== undefined && byKey.has(key)) kept.add(key);
    else if (dn !== undefined && key !== undefined) additions.set(key, dn);
    else open.push(member);
  }
  for (const dn of await lookUp(opened, settings, open, options)) {
    const key = dnKey(dn);
    if (byKey.has(key)) kept.add(key);
    else additions.set(key, dn);
  }
  if (kept.size + additions.size === 0 && settings.emptyMemberDn !== undefined) {
    const key = dnKey(settings.emptyMemberDn);
    if (byKey.has(key)) kept.add(key);
    else additions.set(key, settings.emptyMemberDn);
  }
  const removals = [...byKey].filter(([key]) => !kept.has(key)).map(([, value]) => value);
  return { additions: [...additions.values()], removals };
}

/**
 * Writes members in batches: additions first, so that a class that demands a member is never without one. A batch that the server refuses
 * because of single values is repeated one by one (CONN-LDAP-81, CONN-LDAP-82). Throws `invalid` at the end for members that the directory
 * does not take, when all others are written.
 */
export async function writeMembers(
  settings: LdapSettings,
  { additions, removals }: MemberChange,
  apply: ApplyChanges,
  operation: Operation,
): Promise<void> {
  let refused = 0;
  for (const [kind, values] of [['add', additions] as const, ['delete', removals] as const]) {
    for (let start = 0; start < values.length; start += BATCH) {
      refused += await writeBatch(settings, kind, values.slice(start, start + BATCH), apply, operation);
    }
  }
  if (refused === 0) return;
  throw connectorError('invalid', operation, `${refused} members are unknown to the directory; the others are written`);
}

async function writeBatch(
  settings: LdapSettings,
  kind: 'add' | 'delete',
  values: readonly string[],
  apply: ApplyChanges,
  operation: Operation,
): Promise<number> {
  try {
    await apply([change(kind, settings.memberAttribute, values)]);
    return 0;
  } catch (error) {
    if (!(error instanceof ResultError) || !concernsValues(error.code)) throw error;
    if (values.length > 1) {
      let refused = 0;
      for (const value of values) refused += await writeBatch(settings, kind, [value], apply, operation);
      return refused;
    }
    // Adding what is there and removing what is not is success (CONN-CORE-54).
    const done = kind === 'add' ? RESULT.attributeOrValueExists : RESULT.noSuchAttribute;
    return error.code === done ? 0 : 1;
  }
}

function concernsValues(code: number): boolean {
  const codes = [
    RESULT.attributeOrValueExists,
    RESULT.noSuchAttribute,
    RESULT.noSuchObject,
    RESULT.unwillingToPerform,
  ] as number[];
  return codes.includes(code);
}

/** RFC 2307 groups list user names; names of groups have no place there. */
function nameChange(current: readonly string[], wanted: readonly WantedMember[]): MemberChange {
  const names = new Set(wanted.filter(({ type }) => type !== 'group').map(({ value }) => value));
  const has = new Set(current);
  return {
    additions: [...names].filter((name) => !has.has(name)),
    removals: current.filter((name) => !names.has(name)),
  };
}

/** An identifier that is a DN stays one (CONN-LDAP-80); a name that only holds an equals sign is no DN. */
function asDn(value: string): string | undefined {
  if (!value.includes('=')) return undefined;
  try {
    const dn = parseDn(value);
    return dn.length > 1 ? formatDn(dn) : undefined;
  } catch (error) {
    if (error instanceof DnSyntaxError) return undefined;
    throw error;
  }
}

/** The names under which a member may be wanted, as far as its DN tells. */
function namesOf(settings: LdapSettings, value: string): string[] {
  let dn;
  try {
    dn = parseDn(value);
  } catch (error) {
    if (error instanceof DnSyntaxError) return [];
    throw error;
  }
  const [pair, second] = dn[0] ?? [];
  if (pair === undefined || second !== undefined || typeof pair.value !== 'string') return [];
  const named = pair.value;
  return (['user', 'group'] as const)
    .filter((type) => settings.types[type].id.toLowerCase() === pair.type.toLowerCase())
    .filter((type) => isAtOrBelow(dn, settings.types[type].base))
    .map((type) => nameKey(type, named));
}

function nameKey(type: LdapType, id: string): string {
  return `${type} ${id.toLowerCase()}`;
}

/**
 * DNs of the members with these identifiers; one that is not found gets the DN that it would have. Of a member whose type nobody tells a user is
 * looked for first, then a group.
 */
async function lookUp(
  opened: OpenedSession,
  settings: LdapSettings,
  members: readonly WantedMember[],
  options: CallOptions,
): Promise<string[]> {
  const dns: string[] = [];
  const search = async (type: LdapType, ids: readonly string[], found: Map<string, string>): Promise<void> => {
    for (let start = 0; start < ids.length; start += LOOKUP_BATCH) {
      const batch = ids.slice(start, start + LOOKUP_BATCH);
      for (const [id, dn] of await lookUpBatch(opened, settings, type, batch, options)) found.set(id, dn);
    }
  };
  for (const type of [undefined, 'user', 'group'] as const) {
    const ids = [...new Set(members.filter((one) => one.type === type).map(({ value }) => value))];
    const found = new Map<string, string>();
    await search(type ?? 'user', ids, found);
    const missing = ids.filter((id) => !found.has(id.toLowerCase()));
    if (type === undefined) await search('group', missing, found);
    dns.push(...ids.map((id) => found.get(id.toLowerCase()) ?? conjecturedDn(settings, type ?? 'user', id)));
  }
  return dns;
}

function conjecturedDn(settings: LdapSettings, type: LdapType, value: string): string {
  const { id, base } = settings.types[type];
  return formatDn([[{ type: id, value }], ...base]);
}

/** DNs by lower-case identifier. */
async function lookUpBatch(
  { session }: OpenedSession,
  settings: LdapSettings,
  type: LdapType,
  ids: readonly string[],
  { signal }: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const { id, base, objectClass } = settings.types[type];
  if (id.toLowerCase() === DN_ATTRIBUTE.toLowerCase()) return new Map(ids.map((dn) => [dn.toLowerCase(), dn]));
  const query = {
    base: formatDn(base),
    scope: settings.scope,
    filter: allOf(
      equals('objectClass', objectClass),
      anyOf(ids.map((value) => equals(id, identifierValue(value, id)))),
    ),
    attributes: [id],
  };
  const operation: Operation = { label: 'look up members', kind: 'entity' };
  const found = await translated(operation, () => searchAll(session, query, signal));
  return new Map(found.map((entry) => [identifierOf(entry, id)?.toLowerCase() ?? '', entry.dn]));
}
