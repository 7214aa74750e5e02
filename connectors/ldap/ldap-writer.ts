import {
  AddRequest,
  Control,
  DeleteRequest,
  ModifyDNRequest,
  ModifyRequest,
  type Change as Modification,
} from 'ldapts';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { CallOptions, Change, WriteOptions, WriteResult } from '../contract.js';
import { partlyApplied } from '../errors.js';
import { accountSteps, checkAccount, isUnfinished, withEncodedPassword } from './ad/account.js';
import { formatDn, formatRdn, parseDn, type Dn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { attribute, change, changesOf } from './entry-diff.js';
import { changedName, isNamedByDn, namingAttribute, newName } from './entry-name.js';
import { connectorError, ldapError, type Operation } from './ldap-error.js';
import type { LdapReader } from './ldap-reader.js';
import type { LdapSettings, LdapType } from './ldap-settings.js';
import { leaveGroups } from './leave-groups.js';
import { memberChange, memberValues, writeMembers } from './member-writes.js';
import { completeRanges } from './range-retrieval.js';
import { present } from './filter/build.js';
import { classChain } from './schema.js';
import { PERMISSIVE_MODIFY, readEntry } from './search.js';
import type { OpenedSession, Sessions } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError, WireError } from './wire/wire-error.js';
import { writtenBody, type WrittenAttribute, type WrittenBody } from './write-values.js';

/** Written once and not taken away: mappings of scope `createEntity` give them. */
const SECRETS = new Set(['userpassword', 'unicodepwd', 'useraccountcontrol']);
const GLOBAL_CATALOG_PORTS = [3268, 3269];

/** Attributes of an entry by lower-case name, to be written. */
type Attributes = ReadonlyMap<string, WrittenAttribute>;

/** Creates, changes and deletes entries. */
export class LdapWriter {
  constructor(
    private readonly settings: LdapSettings,
    private readonly sessions: Sessions,
    private readonly reader: LdapReader,
  ) {}

  /** One add request; an account of Active Directory that shall be enabled takes a second one (CONN-LDAP-60 to CONN-LDAP-66, CONN-AD-33). */
  async create(type: LdapType, body: JsonObject, given: CallOptions): Promise<WriteResult> {
    const operation: Operation = { label: `create ${type}`, kind: 'write' };
    const written = writtenBody(this.settings, type, body, operation);
    const dn = newName(this.settings, type, written, operation);
    if (this.isAd) checkAccount(type, withName(written.attributes, dn), operation);
    return this.write(operation, given, async (opened, options) => {
      const all = withEncodedPassword(this.completed(type, written, dn), opened.session.isEncrypted, operation);
      const members = await this.membersOfNew(opened, type, written, options);
      const { first, state } = accountSteps(all);
      const attributes = [...first.values(), ...members].filter(({ values }) => values.length > 0);
      options.beforeWrite?.();
      await opened.session.request(
        new AddRequest({
          messageId: 0,
          dn: formatDn(dn),
          attributes: attributes.map(({ name, values }) => attribute(name, values)),
        }),
        { signal: options.signal, write: true },
      );
      if (state !== undefined) await this.enable(opened, formatDn(dn), state, operation, options);
      return { id: await this.idOfNew(opened, type, written, dn, options), applied: 'created' };
    });
  }

  /** Brings an entry to the values of the body with as few requests as that takes; without a difference with none (CONN-LDAP-78). */
  async update(type: LdapType, id: string, { body, before }: Change, given: WriteOptions): Promise<WriteResult> {
    const operation: Operation = { label: `update ${type}`, kind: 'write' };
    const known = before === undefined ? undefined : writtenBody(this.settings, type, before, operation);
    const written = withVanished(writtenBody(this.settings, type, body, operation), known);
    if (this.isAd) checkAccount(type, written.attributes, operation);
    const found = await this.existing(type, id, written, given);
    if (found === undefined) throw connectorError('notFound', operation, 'it does not exist any more');
    return this.write(operation, given, async (opened, options) => {
      const entry = await this.wholeGroup(opened, type, found, written, options);
      const name = changedName(this.settings, type, entry, written, operation);
      const attributes = withEncodedPassword(written.attributes, opened.session.isEncrypted, operation);
      const changes = changesOf(
        entry,
        modifiable(attributes, this.settings, type, parseDn(entry.dn)),
        this.reader.knownSchema,
      );
      const members =
        written.members === undefined
          ? { additions: [], removals: [] }
          : await memberChange(opened, this.settings, entry, written.members, options);
      const count = changes.length + members.additions.length + members.removals.length;
      if (name === undefined && count === 0) return { id, applied: 'none' };
      let dn = entry.dn;
      if (name !== undefined) {
        await this.rename(opened, entry.dn, name, options);
        dn = formatDn(name.dn);
      }
      if (changes.length > 0) await this.modify(opened, dn, changes, options);
      await writeMembers(this.settings, members, (some) => this.modify(opened, dn, some, options), operation);
      return { id: name === undefined ? id : this.idAfterRename(type, id, written, name.dn), applied: 'updated' };
    });
  }

  /** Finishes an account that our own create has left half made. Nothing to do elsewhere. */
  async completeCreate(type: LdapType, id: string, body: JsonObject, given: CallOptions): Promise<void> {
    const operation: Operation = { label: `create ${type}`, kind: 'write' };
    const written = writtenBody(this.settings, type, body, operation);
    const state = written.attributes.get('useraccountcontrol')?.values[0];
    if (!this.isAd || typeof state !== 'string') return;
    const entry = await this.reader.findEntry(type, id, operation, {}, given.signal);
    if (entry === undefined || !isUnfinished(state, entry.text('userAccountControl'))) return;
    await this.write(operation, given, async (opened, options) => {
      const changes = [change('replace', 'userAccountControl', [state])];
      await this.modify(opened, entry.dn, changes, options);
    });
  }

  /** Absent is success; an entry with others below it is refused, nothing is deleted recursively (CONN-LDAP-85, CONN-LDAP-86). */
  async delete(type: LdapType, id: string, given: WriteOptions): Promise<WriteResult> {
    const operation: Operation = { label: `delete ${type}`, kind: 'write' };
    const entry = await this.reader.findEntry(type, id, operation, {}, given.signal);
    if (entry === undefined) return { id, applied: 'already-absent' };
    return this.write(operation, given, async (opened, options) => {
      if (type === 'user' && !this.isAd) {
        await leaveGroups(opened, this.settings, { dn: entry.dn, id }, options, (dn, changes) =>
          this.modify(opened, dn, changes, options),
        );
      }
      options.beforeWrite?.();
      try {
        await opened.session.request(new DeleteRequest({ messageId: 0, dn: entry.dn }), {
          signal: options.signal,
          write: true,
        });
      } catch (error) {
        if (!(error instanceof ResultError)) throw error;
        if (error.code === RESULT.noSuchObject) return { id, applied: 'already-absent' };
        if (error.code !== RESULT.notAllowedOnNonLeaf) throw error;
        throw connectorError('invalid', operation, 'it has entries below it; nothing is deleted recursively');
      }
      return { id, applied: 'deleted' };
    });
  }

  private get isAd(): boolean {
    return this.settings.dialect.kind === 'ad';
  }

  /** Runs with a session and options that know whether anything was sent: until then a dead connection is nobody's business. */
  private write<T>(
    operation: Operation,
    options: CallOptions,
    run: (opened: OpenedSession, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    let sent = false;
    const beforeWrite = (): void => {
      options.beforeWrite?.();
      sent = true;
    };
    const work = async (opened: OpenedSession): Promise<T> => {
      if (this.isAd && GLOBAL_CATALOG_PORTS.includes(opened.endpoint.port)) {
        const text = 'the Global Catalog is read-only; set ldap.url to port 389 or 636 of a domain controller';
        throw connectorError('fatal', operation, text, { scope: 'system' });
      }
      await this.reader.loadSchema(opened, options.signal);
      try {
        return await run(opened, { ...options, beforeWrite });
      } catch (error) {
        // The last request of a sequence did not leave, but one before it did.
        throw error instanceof WireError && sent
          ? new WireError(error.reason, true, error.code, { cause: error })
          : error;
      }
    };
    return this.sessions.use(operation, options.signal, work, () => !sent);
  }

  /** The attributes of a new entry: classes, naming attribute and what its class demands added (CONN-LDAP-62, CONN-LDAP-63). */
  private completed(type: LdapType, { attributes }: WrittenBody, dn: Dn): Attributes {
    const { objectClass, required } = this.settings.types[type];
    const classes = this.isAd ? [objectClass] : classChain(this.reader.knownSchema, objectClass);
    const completed = new Map(withName(attributes, dn));
    completed.set('objectclass', { name: 'objectClass', values: classes });
    const name = dn[0]?.[0]?.value;
    const lacks = required !== undefined && (completed.get(required.toLowerCase())?.values.length ?? 0) === 0;
    if (lacks && name !== undefined) completed.set(required.toLowerCase(), { name: required, values: [name] });
    return completed;
  }

  private async membersOfNew(
    opened: OpenedSession,
    type: LdapType,
    { members }: WrittenBody,
    options: CallOptions,
  ): Promise<WrittenAttribute[]> {
    if (type !== 'group') return [];
    const values = await memberValues(opened, this.settings, members ?? [], options);
    return [{ name: this.settings.memberAttribute, values }];
  }

  private async enable(
    opened: OpenedSession,
    dn: string,
    state: string,
    operation: Operation,
    options: CallOptions,
  ): Promise<void> {
    try {
      await this.modify(opened, dn, [change('replace', 'userAccountControl', [state])], options);
    } catch (error) {
      // The account is there although the create failed: it must be looked up before anything is tried again.
      throw partlyApplied(ldapError(error, operation));
    }
  }

  /** The identifier, asked for where the server itself gives it. */
  private async idOfNew(
    opened: OpenedSession,
    type: LdapType,
    written: WrittenBody,
    dn: Dn,
    { signal }: CallOptions,
  ): Promise<string> {
    const known = this.idFrom(type, written, dn);
    if (known !== undefined) return known;
    const { id } = this.settings.types[type];
    const base = formatDn(dn);
    const entry = await readEntry(opened.session, { base, filter: present('objectClass'), attributes: [id] }, signal);
    const value = entry?.bytes(id)[0];
    if (value === undefined) {
      const text = `the new entry has no ${id}, which is its identifier; map it or choose another identifier`;
      throw partlyApplied(connectorError('invalid', { label: `create ${type}`, kind: 'write' }, text));
    }
    return /guid|sid/i.test(id) ? value.toString('base64') : value.toString('utf8');
  }

  private idFrom(type: LdapType, written: WrittenBody, dn: Dn): string | undefined {
    if (isNamedByDn(this.settings, type)) return formatDn(dn);
    const { id } = this.settings.types[type];
    const [pair] = dn[0] ?? [];
    if (pair?.type.toLowerCase() === id.toLowerCase() && typeof pair.value === 'string') return pair.value;
    const value = written.attributes.get(id.toLowerCase())?.values[0];
    return typeof value === 'string' ? value : undefined;
  }

  private idAfterRename(type: LdapType, id: string, written: WrittenBody, dn: Dn): string {
    const isId = namingAttribute(this.settings, type).toLowerCase() === this.settings.types[type].id.toLowerCase();
    return isId || isNamedByDn(this.settings, type) ? (this.idFrom(type, written, dn) ?? id) : id;
  }

  private existing(type: LdapType, id: string, { attributes }: WrittenBody, options: WriteOptions) {
    const operation: Operation = { label: `update ${type}`, kind: 'entity' };
    const requested = [
      ...[...attributes.values()].map(({ name }) => name),
      'objectClass',
      this.settings.types[type].id,
    ];
    const names = requested.filter((name) => name.toLowerCase() !== 'distinguishedname');
    const membership = type === 'group' ? [this.settings.memberAttribute] : [];
    const counter = this.isAd ? ['uSNChanged'] : [];
    const projection = {
      requested: [...new Set([...names, ...membership, ...counter])],
      internal: new Set<string>(),
      spelling: new Map<string, string>(),
    };
    return this.reader.findEntry(type, id, operation, { projection }, options.signal);
  }

  /** All members of a group that the server shows in parts: an unseen one would be added again, or never removed. */
  private async wholeGroup(
    { session }: OpenedSession,
    type: EntityType,
    entry: Entry,
    { members }: WrittenBody,
    { signal }: CallOptions,
  ): Promise<Entry> {
    if (type !== 'group' || members === undefined) return entry;
    return completeRanges(entry, (attributes) =>
      readEntry(session, { base: entry.dn, filter: present('objectClass'), attributes }, signal),
    );
  }

  private async rename(
    { session }: OpenedSession,
    dn: string,
    name: NonNullable<ReturnType<typeof changedName>>,
    options: CallOptions,
  ): Promise<void> {
    options.beforeWrite?.();
    const request = new ModifyDNRequest({
      messageId: 0,
      dn,
      newRdn: formatRdn(name.rdn),
      deleteOldRdn: true,
      ...(name.superior === undefined ? {} : { newSuperior: formatDn(name.superior) }),
    });
    await session.request(request, { signal: options.signal, write: true });
  }

  private async modify(
    { session, rootDse }: OpenedSession,
    dn: string,
    changes: Modification[],
    options: CallOptions,
  ): Promise<void> {
    options.beforeWrite?.();
    const controls = rootDse.controls.has(PERMISSIVE_MODIFY) ? [new Control(PERMISSIVE_MODIFY)] : [];
    await session.request(new ModifyRequest({ messageId: 0, dn, changes, controls }), {
      signal: options.signal,
      write: true,
    });
  }
}

/** What we have written and the mappings do not give any more goes; what they never gave is left alone (CONN-LDAP-76). */
function withVanished(body: WrittenBody, before: WrittenBody | undefined): WrittenBody {
  const attributes = new Map(body.attributes);
  for (const [key, { name }] of before?.attributes ?? []) {
    if (!attributes.has(key) && !SECRETS.has(key)) attributes.set(key, { name, values: [] });
  }
  return { ...body, attributes };
}

/** The naming attribute belongs into the entry with the value of the name. */
function withName(attributes: Attributes, dn: Dn): Attributes {
  const named = new Map(attributes);
  for (const { type, value } of dn[0] ?? []) {
    const key = type.toLowerCase();
    const present = named.get(key)?.values ?? [];
    const isThere = present.some((one) => one.toString() === value.toString());
    if (!isThere) named.set(key, { name: named.get(key)?.name ?? type, values: [value] });
  }
  return named;
}

/** What a modify may hold: the attributes of the RDN change by renaming only (CONN-LDAP-77). */
function modifiable(attributes: Attributes, settings: LdapSettings, type: LdapType, dn: Dn): WrittenAttribute[] {
  const naming = new Set((dn[0] ?? []).map((pair) => pair.type.toLowerCase()));
  if (settings.dialect.kind === 'ad') naming.add('name');
  else naming.add(namingAttribute(settings, type).toLowerCase());
  return [...attributes].filter(([key]) => !naming.has(key)).map(([, one]) => one);
}
