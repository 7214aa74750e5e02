import type { JsonObject, JsonValue } from '../../core/json.js';
import type { CallOptions, NativeEntity, Resolution } from '../contract.js';
import { isUnfinished } from './ad/account.js';
import { formatDn, isAtOrBelow, parseDn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { namingAttribute, newName } from './entry-name.js';
import { allOf, equals } from './filter/build.js';
import { parseGeneralizedTime } from './generalized-time.js';
import type { Operation } from './ldap-error.js';
import type { LdapReader } from './ldap-reader.js';
import type { LdapSettings, LdapType } from './ldap-settings.js';
import { readRootDse } from './root-dse.js';
import { readEntry, searchFew } from './search.js';
import type { OpenedSession, Sessions } from './sessions.js';
import { identifierOf } from './native-entity.js';
import { writtenBody } from './write-values.js';

/** `currentTime` is cut to the second: the true time lies up to a second later, and an account must not look younger than it is. */
const CLOCK_STEP_MS = 1_000;

/** What looking for an entry needs. */
export interface FindTools {
  readonly settings: LdapSettings;
  readonly sessions: Sessions;
  readonly reader: LdapReader;
}

/**
 * The entry that a create would have made or has met: by its DN, in Active Directory also by `sAMAccountName` below the same path (CONN-LDAP-65).
 * Its body is given in the form of the body that was sent, where it says the same, so that both can be compared.
 */
export async function findExisting(
  { settings, sessions, reader }: FindTools,
  type: LdapType,
  body: JsonObject,
  { signal }: CallOptions,
): Promise<Resolution> {
  const operation: Operation = { label: `find existing ${type}`, kind: 'entity' };
  const written = writtenBody(settings, type, body, operation);
  // Without a value there is nothing to look for (CNF-8).
  if (written.dn === undefined && !written.attributes.has(namingAttribute(settings, type).toLowerCase()))
    return { outcome: 'none' };
  const dn = formatDn(newName(settings, type, written, operation));
  const accountName = written.attributes.get('samaccountname')?.values[0];
  const search = (opened: OpenedSession) => searchBoth(opened, settings, type, { dn, accountName }, signal);
  const { found, createdAt } = await sessions.use(operation, signal, search);
  const { id: idAttribute, base } = settings.types[type];
  const ids = found.map((entry) => identifierOf(entry, idAttribute)).filter((id) => id !== undefined);
  const [entry] = found;
  const [id] = ids;
  if (entry === undefined || id === undefined || !isAtOrBelow(parseDn(entry.dn), base)) return { outcome: 'none' };
  if (found.length > 1) return { outcome: 'many', ids };
  const whole = await reader.readOne(type, id, signal === undefined ? {} : { signal });
  if (whole === null) return { outcome: 'none' };
  return { outcome: 'one', entity: comparable(whole, body), ...(createdAt === undefined ? {} : { createdAt }) };
}

/** An entity whose body says what was sent in the form it was sent in. By name, because a copy leaves out what is made when it is asked for. */
export function comparable(
  { type, id, body, lastModified, membersUnknown }: NativeEntity,
  sent: JsonObject,
): NativeEntity {
  return { type, id, body: { ...body, ...asSent(sent, body) }, lastModified, membersUnknown };
}

async function searchBoth(
  opened: OpenedSession,
  settings: LdapSettings,
  type: LdapType,
  keys: { readonly dn: string; readonly accountName: string | Buffer | undefined },
  signal: AbortSignal | undefined,
): Promise<{ readonly found: readonly Entry[]; readonly createdAt: string | undefined }> {
  const { objectClass, base, id } = settings.types[type];
  const isType = equals('objectClass', objectClass);
  const attributes = ['createTimestamp', 'whenCreated', id];
  const byName = await readEntry(opened.session, { base: keys.dn, filter: isType, attributes }, signal);
  const query = { base: formatDn(base), scope: settings.scope, attributes, sizeLimit: 2 } as const;
  const byAccount =
    settings.dialect.kind === 'ad' && keys.accountName !== undefined
      ? await searchFew(
          opened.session,
          { ...query, filter: allOf(isType, equals('sAMAccountName', keys.accountName)) },
          signal,
        )
      : [];
  const found = distinct([...(byName === undefined ? [] : [byName]), ...byAccount]);
  const [first] = found;
  return { found, createdAt: first === undefined ? undefined : await creationTime(opened, first, signal) };
}

function distinct(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.dn.toLowerCase(), entry])).values()];
}

/** The creation time by our clock; undefined where the server does not tell what time it is (RTY-5). */
async function creationTime(
  { session }: OpenedSession,
  entry: Entry,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const created = parseGeneralizedTime(entry.text('whenCreated') ?? entry.text('createTimestamp') ?? '');
  const before = Date.now();
  const { currentTimeMs } = await readRootDse(session, signal);
  if (created === undefined || currentTimeMs === undefined) return undefined;
  const offsetMs = currentTimeMs + CLOCK_STEP_MS - before;
  return new Date(created - offsetMs).toISOString();
}

/** Sent values that the directory has: under the name and in the shape they were sent in. */
function asSent(sent: JsonObject, found: JsonObject): JsonObject {
  const byKey = new Map(Object.entries(found).map(([name, value]) => [name.toLowerCase(), value]));
  const same: JsonObject = {};
  for (const [name, value] of Object.entries(sent)) {
    const key = name.toLowerCase();
    const has = textsOf(byKey.get(key) ?? []);
    const wants = textsOf(value);
    const equal = has.length === wants.length && wants.every((text) => has.includes(text));
    const halfMade = key === 'useraccountcontrol' && isUnfinished(wants[0] ?? '', has[0]);
    // The classes are ours to choose; a password cannot be read.
    if (equal || halfMade || key === 'objectclass' || key === 'unicodepwd' || key === 'userpassword')
      same[name] = value;
  }
  return same;
}

function textsOf(value: JsonValue): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    const plain = one !== null && typeof one === 'object' && !Array.isArray(one) ? one['value'] : one;
    return typeof plain === 'string' ? plain : JSON.stringify(plain);
  });
}
