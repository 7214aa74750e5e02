import { Control, PagedResultsControl, SearchRequest, type Filter } from 'ldapts';
import type { Entry } from './entry.js';
import { connectorError, type Operation } from './ldap-error.js';
import { RESULT } from './wire/result-codes.js';
import type { LdapSession, SearchAnswer } from './wire/session.js';
import { ResultError } from './wire/wire-error.js';

/** Keeps Active Directory from generating referrals. */
export const DOMAIN_SCOPE = '1.2.840.113556.1.4.1339';
export const SHOW_DELETED = '1.2.840.113556.1.4.417';
export const SHOW_RECYCLED = '1.2.840.113556.1.4.2064';
export const PERMISSIVE_MODIFY = '1.2.840.113556.1.4.1413';

/** What is searched where. */
export interface Query {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: Filter;
  /** Empty = all that are not operational. */
  readonly attributes: readonly string[];
  readonly controls?: readonly string[];
  readonly sizeLimit?: number;
}

/** One page of a paged search. */
export interface SearchPage {
  readonly entries: readonly Entry[];
  readonly references: readonly string[];
  /** To ask for the next page on the same connection; undefined at the end. */
  readonly cookie: Buffer | undefined;
  /** All of it as it came. */
  readonly bytes: number;
  /** The server has taken no notice of the control: everything came at once (CONN-LDAP-21). */
  readonly streamed: boolean;
}

/** The library asks the server to give up after 10 s unless told otherwise; our own limit is on the client's side. */
const NO_TIME_LIMIT = 0;

/**
 * Asks for one page. The end is the empty cookie and nothing else (CONN-LDAP-23): a page without entries may be followed by others, and a
 * reader that stops there takes the rest of the directory for absent. Throws ResultError, WireError.
 */
export async function searchPage(
  session: LdapSession,
  query: Query,
  page: { readonly size: number; readonly cookie?: Buffer | undefined },
  signal: AbortSignal | undefined,
): Promise<SearchPage> {
  const value = { size: page.size, ...(page.cookie === undefined ? {} : { cookie: page.cookie }) };
  // Not critical on the first page only: a server that cannot page answers all at once, one that loses the cookie must say so.
  const control = new PagedResultsControl({ value, critical: page.cookie !== undefined });
  const answer = await session.search(request(query, [control]), { signal });
  const paged = answer.controls.find((one) => one instanceof PagedResultsControl);
  const cookie = paged?.value?.cookie;
  return {
    entries: answer.entries,
    references: answer.references,
    cookie: cookie !== undefined && cookie.length > 0 ? cookie : undefined,
    bytes: answer.bytes,
    streamed: paged === undefined,
  };
}

/** All entries of a search that is known to be small. */
export async function searchAll(session: LdapSession, query: Query, signal?: AbortSignal): Promise<readonly Entry[]> {
  const answer = await session.search(request(query, []), { signal });
  return answer.entries;
}

/** At most `query.sizeLimit` entries; that there are more is no error. */
export async function searchFew(session: LdapSession, query: Query, signal?: AbortSignal): Promise<readonly Entry[]> {
  const answer = await session.search(request(query, []), { signal }, [RESULT.sizeLimitExceeded]);
  return answer.entries;
}

/** One entry by its DN; undefined when it does not exist, or does not match the filter. */
export async function readEntry(
  session: LdapSession,
  query: Omit<Query, 'scope'>,
  signal?: AbortSignal,
): Promise<Entry | undefined> {
  try {
    const [entry] = await searchAll(session, { ...query, scope: 'base' }, signal);
    return entry;
  } catch (error) {
    if (error instanceof ResultError && error.code === RESULT.noSuchObject) return undefined;
    throw error;
  }
}

/** Throws when references came and the administrator wants none to be passed over (CONN-LDAP-15). */
export function checkReferences(
  { references }: Pick<SearchAnswer, 'references'>,
  failOnReferral: boolean,
  operation: Operation,
): void {
  if (!failOnReferral || references.length === 0) return;
  throw connectorError(
    'fatal',
    operation,
    `the server points to ${references.length} other servers, and ldap.referrals is fail`,
  );
}

function request(query: Query, controls: readonly Control[]): SearchRequest {
  return new SearchRequest({
    messageId: 0,
    baseDN: query.base,
    scope: query.scope,
    filter: query.filter,
    attributes: [...query.attributes],
    sizeLimit: query.sizeLimit ?? 0,
    timeLimit: NO_TIME_LIMIT,
    controls: [...controls, ...(query.controls ?? []).map((oid) => new Control(oid))],
  });
}
