import type { JsonObject, JsonValue } from '../../core/json.js';
import type { ValueHolder, WriteOptions } from '../contract.js';
import { formatDn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { changedName, isNamedByDn, namingAttribute, type NewName } from './entry-name.js';
import { allOf, equals, present } from './filter/build.js';
import type { FindTools } from './find-existing.js';
import type { Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import { tagAttributes, tagOf } from './identity-tag.js';
import { locateEntry } from './locate-entry.js';
import { identifierOf } from './native-entity.js';
import { readEntry, searchFew } from './search.js';
import { writtenBody, type WrittenBody } from './write-values.js';

/** Cannot be searched for, or say nothing of who somebody is. */
const NEVER_UNIQUE = new Set(['userpassword', 'unicodepwd', 'useraccountcontrol', 'objectclass']);

/** Characters that Active Directory takes at most, for values with something in front of them. */
const LONGEST: Readonly<Record<string, number>> = { samaccountname: 20, cn: 64 };

/** What is asked about: the entity `id`, and the body that it shall have. */
interface Question {
  readonly type: LdapType;
  readonly id: string;
  readonly body: JsonObject;
  readonly written: WrittenBody;
  readonly operation: Operation;
}

/**
 * Who has a text, or the name, that an entry shall have and does not have yet. A directory may keep any attribute unique (slapd's overlay, the
 * plugin of 389 Directory Server) and does not say which one was in the way, so each that changes is asked for. `options.etag` tells which entry is
 * meant: in the middle of an exchange of names somebody else may be called `id` (ADR 0082).
 */
export async function findHolders(
  tools: FindTools,
  type: LdapType,
  id: string,
  body: JsonObject,
  options: WriteOptions,
): Promise<readonly ValueHolder[]> {
  const operation: Operation = { label: `find who has the values of a ${type}`, kind: 'entity' };
  const written = writtenBody(tools.settings, type, body, operation);
  const attributes = [...written.attributes.values()].map(({ name }) => name);
  const sought = { type, id, tag: options.etag, attributes: [...attributes, tools.settings.types[type].id] };
  const located = await locateEntry(tools, sought, operation, options);
  if (located.kind === 'absent' || located.kind === 'stranger') return [];
  const question = { type, id, body, written, operation };
  const ofName = await holderOfName(tools, question, located.entry, options);
  return [
    ...(ofName === undefined ? [] : [ofName]),
    ...(await holdersOfTexts(tools, question, located.entry, options)),
  ];
}

/** The entry that has the name which the body gives to this one. */
async function holderOfName(
  { settings, sessions }: FindTools,
  { type, written, operation }: Question,
  entry: Entry,
  { signal }: WriteOptions,
): Promise<ValueHolder | undefined> {
  const name = changedName(settings, type, entry, written, operation);
  if (name === undefined) return undefined;
  const { id: idAttribute } = settings.types[type];
  const query = {
    base: formatDn(name.dn),
    filter: present('objectClass'),
    attributes: holderAttributes(settings, type),
  };
  const holder = await sessions.use(operation, signal, ({ session }) => readEntry(session, query, signal));
  const holderId = holder === undefined ? undefined : identifierOf(holder, idAttribute);
  // Upper and lower case apart it may be the entry itself.
  if (holder === undefined || holderId === undefined || holder.dn === entry.dn) return undefined;
  const without: ValueHolder['without'] = (given, mark) =>
    isNamedByDn(settings, type) ? { ...given, [DN_ATTRIBUTE]: asideDn(name, mark) } : withOtherName(given, name, mark);
  return {
    attribute: namingAttribute(settings, type),
    id: holderId,
    ...tagged(settings, holder),
    isKey: true,
    without,
  };
}

/** The name where it shall lie, with another first value. */
function asideDn({ rdn: [first, ...others], dn: [, ...superior] }: NewName, mark: string): string {
  if (first === undefined) return formatDn([[], ...superior]);
  return formatDn([[{ ...first, value: aside(first.type, first.value.toString(), mark) }, ...others], ...superior]);
}

function withOtherName(body: JsonObject, { rdn: [first] }: NewName, mark: string): JsonObject {
  if (first === undefined) return body;
  const value = first.value.toString();
  return withOtherText(body, first.type, value, aside(first.type, value, mark));
}

async function holdersOfTexts(
  { settings, sessions }: FindTools,
  { type, id, written, operation }: Question,
  entry: Entry,
  { signal }: WriteOptions,
): Promise<ValueHolder[]> {
  const { objectClass, base, id: idAttribute } = settings.types[type];
  const own = identifierOf(entry, idAttribute) ?? id;
  const naming = namingAttribute(settings, type).toLowerCase();
  const wanted = [...written.attributes].flatMap(([key, { name, values }]) =>
    key === naming || NEVER_UNIQUE.has(key)
      ? []
      : values.flatMap((value) =>
          typeof value === 'string' && !entry.texts(name).includes(value) ? [{ name, value }] : [],
        ),
  );
  const holders: ValueHolder[] = [];
  const attributes = holderAttributes(settings, type);
  for (const { name, value } of wanted) {
    const query = { base: formatDn(base), scope: settings.scope, attributes, sizeLimit: 2 } as const;
    const filter = allOf(equals('objectClass', objectClass), equals(name, value));
    const found = await sessions.use(operation, signal, ({ session }) =>
      searchFew(session, { ...query, filter }, signal),
    );
    const [holder] = found;
    const holderId = holder === undefined ? undefined : identifierOf(holder, idAttribute);
    // What several have is not unique here.
    if (holder === undefined || holderId === undefined || found.length > 1 || holderId === own) continue;
    const without: ValueHolder['without'] = (given, mark) =>
      withOtherText(given, name, value, aside(name, value, mark));
    holders.push({ attribute: name, id: holderId, ...tagged(settings, holder), isKey: false, without });
  }
  return holders;
}

/** What is asked of an entry that has a value: who it is. */
function holderAttributes(settings: LdapSettings, type: LdapType): string[] {
  return [settings.types[type].id, ...tagAttributes(settings)];
}

function tagged(settings: LdapSettings, holder: Entry): Pick<ValueHolder, 'tag'> {
  const tag = tagOf(settings, holder);
  return tag === undefined ? {} : { tag };
}

/** In front, so that a value with a domain keeps it; no longer than the attribute may be. */
function aside(attribute: string, value: string, mark: string): string {
  const text = [...`${mark}-${value}`];
  return text
    .slice(0, LONGEST[attribute.toLowerCase()] ?? text.length)
    .join('')
    .trimEnd();
}

function withOtherText(body: JsonObject, name: string, value: string, other: string): JsonObject {
  const changed = Object.entries(body).map(([key, given]): [string, JsonValue] => {
    if (key.toLowerCase() !== name.toLowerCase()) return [key, given];
    return [key, Array.isArray(given) ? given.map((one) => (one === value ? other : one)) : other];
  });
  return Object.fromEntries(changed);
}
