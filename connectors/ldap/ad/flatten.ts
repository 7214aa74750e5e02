import { allOf, equals, inChain } from '../filter/build.js';
import { searchPage } from '../search.js';
import type { OpenedSession } from '../sessions.js';

/**
 * DNs of all users of a group and of the groups in it, at any depth (CONN-AD-05 to CONN-AD-07). The server follows the links: it finds each
 * user once, and a cycle ends by itself.
 */
export async function flattenedMembers(
  { session, rootDse }: OpenedSession,
  group: { readonly dn: string; readonly userClass: string },
  pageSize: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const query = {
    base: rootDse.defaultNamingContext ?? '',
    scope: 'sub',
    filter: allOf(equals('objectClass', group.userClass), inChain('memberOf', group.dn)),
    attributes: ['1.1'],
  } as const;
  const dns: string[] = [];
  let cookie: Buffer | undefined;
  do {
    const page = await searchPage(session, query, { size: pageSize, cookie }, signal);
    dns.push(...page.entries.map(({ dn }) => dn));
    cookie = page.cookie;
  } while (cookie !== undefined);
  return dns;
}
