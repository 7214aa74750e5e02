import type { Filter } from 'ldapts';
import type { JsonObject } from '../../core/json.js';
import type { CallOptions, Match, NativeEntity } from '../contract.js';
import { isConnectorError } from '../errors.js';
import { formatDn, normalizeDn, parseDn } from './dn/dn.js';
import type { Dn } from './dn/dn.js';
import { newName } from './entry-name.js';
import { anyOf, equals } from './filter/build.js';
import { comparable } from './find-existing.js';
import type { FindTools } from './find-existing.js';
import type { Operation } from './ldap-error.js';
import { DN_ATTRIBUTE } from './ldap-settings.js';
import type { LdapSettings, LdapType } from './ldap-settings.js';
import { searchAll } from './search.js';
import { writtenBody } from './write-values.js';

/** Entries that one search looks for; the answer stays below what directories hand out without paging (500). */
const MAX_TOGETHER = 100;
const ACCOUNT_NAME = 'sAMAccountName';

/** One entity in hand. */
interface Wanted {
  readonly body: JsonObject;
  /** Undefined: the body does not tell its name, so that there is nothing to look for (CNF-8). */
  readonly dn: Dn | undefined;
  readonly accountName: string | undefined;
}

/**
 * What is there for each body (PLN-14): by DN, in Active Directory also by `sAMAccountName` (CONN-LDAP-65). Three searches for each hundred:
 * entries of the type below its path, entries of any class with these names, and account names elsewhere in the domain.
 */
export async function matchEntries(
  tools: FindTools,
  type: LdapType,
  bodies: readonly JsonObject[],
  options: CallOptions,
): Promise<Match[]> {
  const operation: Operation = { label: `find existing ${type}s`, kind: 'entity' };
  const wanted = bodies.map((body) => wantedOf(tools.settings, type, body, operation));
  const found: Match[] = [];
  for (let at = 0; at < wanted.length; at += MAX_TOGETHER)
    found.push(...(await matchPortion(tools, type, wanted.slice(at, at + MAX_TOGETHER), operation, options.signal)));
  return found;
}

function wantedOf(settings: LdapSettings, type: LdapType, body: JsonObject, operation: Operation): Wanted {
  try {
    const written = writtenBody(settings, type, body, operation);
    const account = written.attributes.get(ACCOUNT_NAME.toLowerCase())?.values[0];
    const accountName = settings.dialect.kind === 'ad' && typeof account === 'string' ? account : undefined;
    return { body, dn: newName(settings, type, written, operation), accountName };
  } catch (error) {
    // What cannot be named cannot be created either; the job will say so.
    if (!isConnectorError(error)) throw error;
    return { body, dn: undefined, accountName: undefined };
  }
}

async function matchPortion(
  tools: FindTools,
  type: LdapType,
  wanted: readonly Wanted[],
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<Match[]> {
  const names = wanted.flatMap(filtersOf);
  if (names.length === 0) return wanted.map(() => ({ outcome: 'none' }));
  const entries = await tools.reader.readMatching(type, anyOf(names), operation, signal);
  const found = wanted.map((one) => matchOf(one, entries));
  const open = wanted.filter((one, index) => one.dn !== undefined && found[index]?.outcome === 'none');
  if (open.length === 0) return found;
  const hidden = await findHidden(tools, type, open, operation, signal);
  return found.map((match, index) => hidden.get(wanted[index] ?? NOTHING) ?? match);
}

const NOTHING: Wanted = { body: {}, dn: undefined, accountName: undefined };

function filtersOf({ dn, accountName }: Wanted): Filter[] {
  const [first] = dn?.[0] ?? [];
  return [
    ...(first === undefined ? [] : [equals(first.type, first.value)]),
    ...(accountName === undefined ? [] : [equals(ACCOUNT_NAME, accountName)]),
  ];
}

function matchOf({ body, dn, accountName }: Wanted, entries: readonly NativeEntity[]): Match {
  if (dn === undefined) return { outcome: 'none' };
  const name = normalizeDn(dn);
  const matching = entries.filter(
    (entry) => normalizeDn(parseDn(textAt(entry, DN_ATTRIBUTE))) === name || isSame(entry, ACCOUNT_NAME, accountName),
  );
  const [first] = matching;
  if (first === undefined) return { outcome: 'none' };
  if (matching.length > 1) return { outcome: 'many', ids: matching.map(({ id }) => id) };
  return { outcome: 'one', entity: comparable(first, body) };
}

function isSame(entry: NativeEntity, attribute: string, value: string | undefined): boolean {
  return value !== undefined && textAt(entry, attribute).toLowerCase() === value.toLowerCase();
}

function textAt({ body }: NativeEntity, attribute: string): string {
  const value = body[attribute];
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : '';
}

/** What the type's own look-up does not see, and a create would meet: an entry of another class, an account elsewhere in the domain. */
async function findHidden(
  { settings, sessions }: FindTools,
  type: LdapType,
  open: readonly Wanted[],
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<Map<Wanted, Match>> {
  const { base } = settings.types[type];
  const names = open.flatMap(({ dn }) => filtersOf({ ...NOTHING, dn }));
  const accounts = open.flatMap(({ accountName }) => filtersOf({ ...NOTHING, accountName }));
  return sessions.use(operation, signal, async ({ session }) => {
    const under = (from: Dn, filters: readonly Filter[]) =>
      filters.length === 0
        ? []
        : searchAll(
            session,
            { base: formatDn(from), scope: 'sub', filter: anyOf(filters), attributes: [ACCOUNT_NAME] },
            signal,
          );
    const byName = await under(base, names);
    const byAccount = await under(domainOf(base), accounts);
    const hidden = new Map<Wanted, Match>();
    for (const one of open) {
      const named = byName.find(
        (entry) => one.dn !== undefined && normalizeDn(parseDn(entry.dn)) === normalizeDn(one.dn),
      );
      const account = byAccount.find((entry) => sameText(entry.text(ACCOUNT_NAME), one.accountName));
      if (named !== undefined) hidden.set(one, { outcome: 'hidden', id: named.dn, by: DN_ATTRIBUTE });
      else if (account !== undefined) hidden.set(one, { outcome: 'hidden', id: account.dn, by: ACCOUNT_NAME });
    }
    return hidden;
  });
}

function sameText(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one.toLowerCase() === other.toLowerCase();
}

/** The domain that a path lies in: account names are unique there. */
function domainOf(base: Dn): Dn {
  const at = base.findIndex((rdn) => rdn[0]?.type.toLowerCase() === 'dc');
  return at < 0 ? base : base.slice(at);
}
