import type { Change } from 'ldapts';
import type { CallOptions } from '../contract.js';
import { dnKey, formatDn } from './dn/dn.js';
import { change } from './entry-diff.js';
import { allOf, equals } from './filter/build.js';
import { membersAreNames, type LdapSettings } from './ldap-settings.js';
import { searchPage } from './search.js';
import type { OpenedSession } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError } from './wire/wire-error.js';

const PAGE_SIZE = 500;

/** How groups may name a member. */
export interface MemberName {
  readonly dn: string;
  readonly id: string;
}

type Modify = (dn: string, changes: Change[]) => Promise<void>;

/**
 * Takes a user out of the groups below the group path before it is deleted (CONN-LDAP-86): most directories leave the DN of a deleted user in
 * its groups, and whoever gets that DN later inherits them. A group that would be left without any member gets the placeholder; without one it
 * keeps the DN, because its class forbids an empty list.
 */
export async function leaveGroups(
  opened: OpenedSession,
  settings: LdapSettings,
  user: MemberName,
  options: CallOptions,
  modify: Modify,
): Promise<void> {
  const { memberAttribute, emptyMemberDn } = settings;
  const member = nameIn(settings, user);
  for (const group of await groupsWith(opened, settings, member, options)) {
    const leave = change('delete', memberAttribute, [member]);
    try {
      await modify(group, [leave]);
    } catch (error) {
      if (!(error instanceof ResultError) || error.code !== RESULT.objectClassViolation) throw error;
      if (emptyMemberDn !== undefined) await modify(group, [change('add', memberAttribute, [emptyMemberDn]), leave]);
    }
  }
}

/**
 * Gives a renamed entry its new name in the groups below the group path, for the same reason (CONN-LDAP-77): most directories leave the old DN
 * there. True when a group had to be written. May be repeated, and may run beside a server that does the same by itself.
 */
export async function renameInGroups(
  opened: OpenedSession,
  settings: LdapSettings,
  { from, to }: { readonly from: MemberName; readonly to: MemberName },
  options: CallOptions,
  modify: Modify,
): Promise<boolean> {
  const [former, current] = [nameIn(settings, from), nameIn(settings, to)];
  if (membersAreNames(settings) ? former === current : dnKey(former) === dnKey(current)) return false;
  const groups = await groupsWith(opened, settings, former, options);
  const leave = change('delete', settings.memberAttribute, [former]);
  for (const group of groups) {
    try {
      // In one request, so that a class that demands a member is content.
      await modify(group, [leave, change('add', settings.memberAttribute, [current])]);
    } catch (error) {
      const code = error instanceof ResultError ? error.code : undefined;
      if (code === RESULT.attributeOrValueExists) await modify(group, [leave]);
      else if (code !== RESULT.noSuchAttribute) throw error;
    }
  }
  return groups.length > 0;
}

function nameIn(settings: LdapSettings, { dn, id }: MemberName): string {
  return membersAreNames(settings) ? id : dn;
}

async function groupsWith(
  { session }: OpenedSession,
  settings: LdapSettings,
  member: string,
  { signal }: CallOptions,
): Promise<readonly string[]> {
  const { base, objectClass } = settings.types.group;
  if (base.length === 0) return [];
  const query = {
    base: formatDn(base),
    scope: settings.scope,
    filter: allOf(equals('objectClass', objectClass), equals(settings.memberAttribute, member)),
    attributes: ['1.1'],
  };
  const groups: string[] = [];
  let cookie: Buffer | undefined;
  do {
    const page = await searchPage(session, query, { size: PAGE_SIZE, cookie }, signal);
    groups.push(...page.entries.map(({ dn }) => dn));
    cookie = page.cookie;
  } while (cookie !== undefined);
  return groups;
}
