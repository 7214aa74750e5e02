import type { JsonValue } from '../../core/json.js';
import type { EntityFailure, NativeEntity } from '../contract.js';
import { flattenedMembers } from './ad/flatten.js';
import { DeliveredEntry, type References } from './delivered-entry.js';
import { EntryAttribute, type Entry } from './entry.js';
import { present } from './filter/build.js';
import { membersAreNames, type LdapSettings, type LdapType } from './ldap-settings.js';
import type { MemberNames } from './member-names.js';
import { identifierOf, type BodyMaker } from './native-entity.js';
import { completeRanges, hasRanges, UnreadableEntryError } from './range-retrieval.js';
import { readEntry } from './search.js';
import type { Sessions } from './sessions.js';

/** Entries as the engine takes them, and those that could not be read. */
export interface Delivery {
  readonly items: readonly NativeEntity[];
  readonly failures: readonly EntityFailure[];
}

/** What entries are delivered with. */
export interface DeliveryTools {
  readonly settings: LdapSettings;
  readonly sessions: Sessions;
  readonly names: MemberNames;
  readonly maker: BodyMaker;
  /** Of `imageKey`. */
  readonly imageKey: Buffer;
}

/** Turns entries into native entities: ranges completed, DNs of members and groups replaced by identifiers (specification §3). */
export async function deliver(
  tools: DeliveryTools,
  type: LdapType,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<Delivery> {
  const failures: EntityFailure[] = [];
  const complete: Entry[] = [];
  for (const entry of entries) {
    if (isWhole(tools, type, entry)) {
      complete.push(entry);
      continue;
    }
    try {
      complete.push(await whole(tools, type, entry, signal));
    } catch (error) {
      if (!(error instanceof UnreadableEntryError)) throw error;
      const id = identifierOf(entry, tools.settings.types[type].id);
      failures.push({ ...(id === undefined ? {} : { id }), message: `read ${type}: ${error.message}` });
    }
  }
  const references = complete.filter((entry) => entry.has(referenceAttribute(tools.settings, type)));
  await tools.names.prepare(
    references.flatMap((entry) => referencesOf(tools.settings, type, entry)),
    signal,
  );
  const items: NativeEntity[] = [];
  for (const entry of complete) {
    const id = identifierOf(entry, tools.settings.types[type].id);
    if (id !== undefined) items.push(entityOf(tools, type, entry, id));
    else failures.push({ message: `read ${type}: an entry lacks the attribute ${tools.settings.types[type].id}` });
  }
  return { items, failures };
}

/** Nearly all entries are: nothing has to be asked for. */
function isWhole({ settings }: DeliveryTools, type: LdapType, entry: Entry): boolean {
  return !hasRanges(entry) && (type !== 'group' || settings.flatten === undefined);
}

async function whole(tools: DeliveryTools, type: LdapType, entry: Entry, signal?: AbortSignal): Promise<Entry> {
  const { settings, sessions } = tools;
  const operation = { label: `read ${type}`, kind: 'entity' } as const;
  const complete = await completeRanges(entry, (attributes) =>
    sessions.use(operation, signal, ({ session }) =>
      readEntry(session, { base: entry.dn, filter: present('objectClass'), attributes }, signal),
    ),
  );
  if (type !== 'group' || settings.flatten === undefined) return complete;
  const { pageSize } = settings.flatten;
  const members = await sessions.use(operation, signal, (opened) =>
    flattenedMembers(opened, { dn: complete.dn, userClass: settings.types.user.objectClass }, pageSize, signal),
  );
  const values = members.map((dn) => Buffer.from(dn));
  return complete.with([new EntryAttribute('member', values)], ['member']);
}

function referenceAttribute(settings: LdapSettings, type: LdapType): string {
  return type === 'user' ? settings.memberOfAttribute : settings.memberAttribute;
}

function referencesOf(settings: LdapSettings, type: LdapType, entry: Entry): string[] {
  const values = entry.texts(referenceAttribute(settings, type));
  if (type === 'user') return values;
  return membersAreNames(settings) ? [] : values.map(withoutUid);
}

/** `uniqueMember` may carry a bit string behind the DN (RFC 4517 §3.3.21). */
function withoutUid(value: string): string {
  return value.replace(/#'[01]*'B$/, '');
}

function entityOf(tools: DeliveryTools, type: LdapType, entry: Entry, id: string): NativeEntity {
  const references = entry.has(referenceAttribute(tools.settings, type))
    ? shownReferences(tools, type, entry)
    : undefined;
  const membersUnknown = type === 'group' && hidesMembers(tools, entry) ? 'notShown' : undefined;
  return new DeliveredEntry(
    { type, id, membersUnknown },
    { entry, references, maker: tools.maker, imageKey: tools.imageKey },
  );
}

function shownReferences(tools: DeliveryTools, type: LdapType, entry: Entry): References | undefined {
  return type === 'user' ? groupsOf(tools, entry) : membersOf(tools, entry);
}

/**
 * UNK-5: an attribute without values does not exist in a directory (RFC 4512 §2.2), so a group without members shows none. Only where the class of
 * groups demands a member, which is why empty ones carry a placeholder, a group without any cannot be read by us.
 */
function hidesMembers({ settings }: DeliveryTools, entry: Entry): boolean {
  if (settings.emptyMemberDn === undefined || settings.flatten !== undefined) return false;
  return entry.bytes(settings.memberAttribute).length === 0;
}

/** CONN-LDAP-31: groups outside the group path, and those without the attribute, are left out. */
function groupsOf({ settings, names }: DeliveryTools, entry: Entry): References | undefined {
  const values = entry.texts(settings.memberOfAttribute);
  if (values.length === 0) return undefined;
  const groups = values.map((dn) => names.nameOf(dn)).filter((name) => name?.type === 'group');
  return {
    attribute: settings.memberOfAttribute,
    values: groups.map((name) => name?.id ?? '').filter((id) => id !== ''),
  };
}

/** CONN-LDAP-32. */
function membersOf({ settings, names }: DeliveryTools, entry: Entry): References | undefined {
  const values = entry.texts(settings.memberAttribute).map(withoutUid);
  if (values.length === 0) return undefined;
  const placeholder = settings.emptyMemberDn?.toLowerCase();
  const members = membersAreNames(settings)
    ? values.map((id) => ({ type: 'user' as const, id }))
    : values
        .filter((dn) => dn.toLowerCase() !== placeholder)
        .map((dn) => names.nameOf(dn))
        .filter((name) => name !== undefined);
  const shown = members.map(({ type, id }): JsonValue =>
    settings.version === 2 ? { value: id, type: type === 'group' ? 'Group' : 'User' } : id,
  );
  return { attribute: settings.memberAttribute, values: shown };
}
