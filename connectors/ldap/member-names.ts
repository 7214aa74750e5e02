import { DnSyntaxError, dnKey, isAtOrBelow, parseDn, type Dn } from './dn/dn.js';
import { anyOf, equals, present } from './filter/build.js';
import type { Entry } from './entry.js';
import type { Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';
import { identifierOf } from './native-entity.js';
import { readEntry, searchAll } from './search.js';
import type { OpenedSession, Sessions } from './sessions.js';

/** A member or group as the engine knows it. */
export interface NamedEntry {
  readonly type: LdapType;
  readonly id: string;
}

const LOOKUP: Operation = { label: 'look up members', kind: 'page' };
/** DNs in one search (CONN-LDAP-33). */
const BATCH = 50;
const MAX_CACHED = 1_000_000;

/**
 * Turns the DNs in `member` and `memberOf` into identifiers (CONN-LDAP-31 to CONN-LDAP-35): from the DN itself where the identifier is its
 * first part, by searches otherwise. Answers are kept for one read.
 */
export class MemberNames {
  private readonly known = new Map<string, NamedEntry | null>();
  /** Members that could not be named in this read, by reason; for the log. */
  readonly dropped = { unreadable: 0, foreign: 0 };

  constructor(
    private readonly sessions: Sessions,
    private readonly settings: LdapSettings,
  ) {}

  /** Another read begins. */
  reset(): void {
    this.known.clear();
    this.dropped.unreadable = 0;
    this.dropped.foreign = 0;
  }

  /** Makes sure that {@link nameOf} knows these DNs. Throws ConnectorErrors: what cannot be asked for must not count as gone. */
  async prepare(dns: Iterable<string>, signal: AbortSignal | undefined): Promise<void> {
    // Never in between: what this very page needs must stay.
    if (this.known.size >= MAX_CACHED) this.known.clear();
    const open: string[] = [];
    for (const dn of dns) {
      const key = dnKey(dn);
      if (this.known.has(key)) continue;
      const name = this.fromDn(dn);
      if (name !== undefined) this.known.set(key, name);
      else open.push(dn);
    }
    for (let start = 0; start < open.length; start += BATCH) {
      await this.lookUp(open.slice(start, start + BATCH), signal);
    }
  }

  /** The name of a prepared DN; undefined for one that is to be left out. */
  nameOf(dn: string): NamedEntry | undefined {
    return this.known.get(dnKey(dn)) ?? undefined;
  }

  /** Without a question to the server, `null` for what is dropped; undefined when it has to be asked. */
  private fromDn(text: string): NamedEntry | null | undefined {
    const dn = parsed(text);
    if (dn === undefined) return null;
    if (isForeignPrincipal(dn)) {
      this.dropped.foreign += 1;
      return null;
    }
    const type = this.typeByLocation(dn);
    if (type === undefined) return undefined;
    const attribute = this.attributeOf(type);
    if (isDnAttribute(attribute)) return { type, id: text };
    const [pair, second] = dn[0] ?? [];
    const isRdn = second === undefined && pair?.type.toLowerCase() === attribute.toLowerCase();
    return isRdn && typeof pair.value === 'string' ? { type, id: pair.value } : undefined;
  }

  /** CONN-LDAP-34: the place tells the type only where users and groups have places of their own. */
  private typeByLocation(dn: Dn): LdapType | undefined {
    const { user, group } = this.settings.types;
    if (isAtOrBelow(user.base, group.base) || isAtOrBelow(group.base, user.base)) return undefined;
    if (isAtOrBelow(dn, group.base)) return 'group';
    return isAtOrBelow(dn, user.base) ? 'user' : undefined;
  }

  private attributeOf(type: LdapType): string {
    return type === 'group' ? this.settings.groupName : this.settings.memberName;
  }

  private async lookUp(dns: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const entries = await this.sessions.use(LOOKUP, signal, (opened) => this.read(opened, dns, signal));
    const byKey = new Map(entries.map((entry) => [dnKey(entry.dn), entry]));
    for (const dn of dns) {
      const entry = byKey.get(dnKey(dn));
      const name = entry === undefined ? undefined : this.named(entry);
      if (name === undefined) this.dropped.unreadable += 1;
      this.known.set(dnKey(dn), name ?? null);
    }
  }

  private async read({ session, rootDse }: OpenedSession, dns: readonly string[], signal?: AbortSignal) {
    const attributes = [this.attributeOf('user'), this.attributeOf('group'), 'objectClass'];
    if (rootDse.isActiveDirectory && rootDse.defaultNamingContext !== undefined) {
      const filter = anyOf(dns.map((dn) => equals(DN_ATTRIBUTE, dn)));
      return searchAll(session, { base: rootDse.defaultNamingContext, scope: 'sub', filter, attributes }, signal);
    }
    const entries = await Promise.all(
      dns.map((base) => readEntry(session, { base, filter: present('objectClass'), attributes }, signal)),
    );
    return entries.filter((entry) => entry !== undefined);
  }

  private named(entry: Entry): NamedEntry | undefined {
    const groupClass = this.settings.types.group.objectClass.toLowerCase();
    const isGroup = entry.texts('objectClass').some((name) => name.toLowerCase() === groupClass);
    const type = isGroup ? 'group' : 'user';
    const id = identifierOf(entry, this.attributeOf(type));
    return id === undefined ? undefined : { type, id };
  }
}

function parsed(text: string): Dn | undefined {
  try {
    return parseDn(text);
  } catch (error) {
    if (error instanceof DnSyntaxError) return undefined;
    throw error;
  }
}

/** CONN-LDAP-35: accounts of other forests, which only Active Directory knows. */
function isForeignPrincipal(dn: Dn): boolean {
  const parent = dn[1]?.[0];
  return parent?.type.toLowerCase() === 'cn' && String(parent.value).toLowerCase() === 'foreignsecurityprincipals';
}

function isDnAttribute(name: string): boolean {
  return name.toLowerCase() === DN_ATTRIBUTE.toLowerCase();
}
