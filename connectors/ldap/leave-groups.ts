import type { Change } from 'ldapts';
import type { CallOptions } from '../contract.js';
import { formatDn } from './dn/dn.js';
import { change } from './entry-diff.js';
import { allOf, equals } from './filter/build.js';
import { membersAreNames, type LdapSettings } from './ldap-settings.js';
import { searchPage } from './search.js';
import type { OpenedSession } from './sessions.js';
import { ResultError } from './wire/wire-error.js';

const PAGE_SIZE = 500;
const OBJECT_CLASS_VIOLATION = 65;

/**
 * Takes a user out of the groups below the group path before it is deleted (CONN-LDAP-86): most directories leave the DN of a deleted user in
 * its groups, and whoever gets that DN later inherits them. A group that would be left without any member gets the placeholder; without one it
 * keeps the DN, because its class forbids an empty list.
 */
export async function leaveGroups(
  { session }: OpenedSession,
  settings: LdapSettings,
  user: { readonly dn: string; readonly id: string },
  { signal }: CallOptions,
  modify: (dn: string, changes: Change[]) => Promise<void>,
): Promise<void> {
  const { memberAttribute, emptyMemberDn } = settings;
  const { base, objectClass } = settings.types.group;
  if (base.length === 0) return;
  const member = membersAreNames(settings) ? user.id : user.dn;
  const query = {
    base: formatDn(base),
    scope: settings.scope,
    filter: allOf(equals('objectClass', objectClass), equals(memberAttribute, member)),
    attributes: ['1.1'],
  };
  const groups: string[] = [];
  let cookie: Buffer | undefined;
  do {
    const page = await searchPage(session, query, { size: PAGE_SIZE, cookie }, signal);
    groups.push(...page.entries.map(({ dn }) => dn));
    cookie = page.cookie;
  } while (cookie !== undefined);
  for (const group of groups) {
    const leave = change('delete', memberAttribute, [member]);
    try {
      await modify(group, [leave]);
    } catch (error) {
      if (!(error instanceof ResultError) || error.code !== OBJECT_CLASS_VIOLATION) throw error;
      if (emptyMemberDn !== undefined) await modify(group, [change('add', memberAttribute, [emptyMemberDn]), leave]);
    }
  }
}
