import { AddRequest, DeleteRequest } from 'ldapts';
import type { JsonObject } from '../../core/json.js';
import type { CallOptions, WriteOptions, WriteResult } from '../contract.js';
import { partlyApplied } from '../errors.js';
import { accountSteps, checkAccount, isUnfinished, withEncodedPassword } from './ad/account.js';
import { formatDn, type Dn } from './dn/dn.js';
import { attribute, change } from './entry-diff.js';
import { isNamedByDn, newName } from './entry-name.js';
import { tagAttributes, versionOf } from './identity-tag.js';
import { connectorError, ldapError, type Operation } from './ldap-error.js';
import type { LdapType } from './ldap-settings.js';
import { leaveGroups } from './leave-groups.js';
import { locateEntry } from './locate-entry.js';
import { memberValues } from './member-writes.js';
import { identifierOf } from './native-entity.js';
import { formerDn } from './rename-entry.js';
import { present } from './filter/build.js';
import { classChain } from './schema.js';
import { readEntry } from './search.js';
import type { OpenedSession } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError } from './wire/wire-error.js';
import type { WriteSession } from './write-session.js';
import { writtenBody, type WrittenAttribute, type WrittenBody } from './write-values.js';

/** Attributes of an entry by lower-case name, to be written. */
type Attributes = ReadonlyMap<string, WrittenAttribute>;

/** Creates and deletes entries. */
export class LdapWriter {
  constructor(private readonly session: WriteSession) {}

  /** One add request; an account of Active Directory that shall be enabled takes a second one (CONN-LDAP-60 to CONN-LDAP-66, CONN-AD-33). */
  async create(type: LdapType, body: JsonObject, given: CallOptions): Promise<WriteResult> {
    const operation: Operation = { label: `create ${type}`, kind: 'write' };
    const written = writtenBody(this.session.settings, type, body, operation);
    const dn = newName(this.session.settings, type, written, operation);
    if (this.session.isAd) checkAccount(type, withName(written.attributes, dn), operation);
    return this.session.run(operation, given, async (opened, options) => {
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
      return { ...(await this.identityOfNew(opened, type, written, dn, options)), applied: 'created' };
    });
  }

  /** Finishes an account that our own create has left half made. Nothing to do elsewhere. */
  async completeCreate(type: LdapType, id: string, body: JsonObject, given: CallOptions): Promise<void> {
    const operation: Operation = { label: `create ${type}`, kind: 'write' };
    const written = writtenBody(this.session.settings, type, body, operation);
    const state = written.attributes.get('useraccountcontrol')?.values[0];
    if (!this.session.isAd || typeof state !== 'string') return;
    const entry = await this.session.reader.findEntry(type, id, operation, {}, given.signal);
    if (entry === undefined || !isUnfinished(state, entry.text('userAccountControl'))) return;
    await this.session.run(operation, given, async (opened, options) => {
      const changes = [change('replace', 'userAccountControl', [state])];
      await this.session.modify(opened, entry.dn, changes, options);
    });
  }

  /** Absent is success; an entry with others below it is refused, nothing is deleted recursively (CONN-LDAP-85, CONN-LDAP-86). */
  async delete(type: LdapType, id: string, given: WriteOptions): Promise<WriteResult> {
    const operation: Operation = { label: `delete ${type}`, kind: 'write' };
    const sought = { type, id, tag: given.etag, attributes: [this.session.settings.types[type].id] };
    const located = await locateEntry(this.session, sought, operation, given);
    if (located.kind === 'absent') return { id, applied: 'already-absent' };
    if (located.kind === 'stranger') {
      const text =
        'the entry that was written is gone, and another one has its name; remove that by hand if it shall go';
      throw connectorError('conflict', operation, text);
    }
    const { entry } = located;
    return this.session.run(operation, given, async (opened, options) => {
      if (type === 'user' && !this.session.isAd) {
        const current = { dn: entry.dn, id: identifierOf(entry, this.session.settings.types[type].id) ?? id };
        const former = located.kind === 'renamed' ? formerDn(this.session.settings, type, id, entry) : undefined;
        const names = [current, ...(former === undefined ? [] : [{ dn: former, id }])];
        for (const name of names)
          await leaveGroups(opened, this.session.settings, name, options, (dn, changes) =>
            this.session.modify(opened, dn, changes, options),
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

  /** The attributes of a new entry: classes, naming attribute and what its class demands added (CONN-LDAP-62, CONN-LDAP-63). */
  private completed(type: LdapType, { attributes }: WrittenBody, dn: Dn): Attributes {
    const { objectClass, required } = this.session.settings.types[type];
    const classes = this.session.isAd ? [objectClass] : classChain(this.session.reader.knownSchema, objectClass);
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
    const values = await memberValues(opened, this.session.settings, members ?? [], options);
    return [{ name: this.session.settings.memberAttribute, values }];
  }

  private async enable(
    opened: OpenedSession,
    dn: string,
    state: string,
    operation: Operation,
    options: CallOptions,
  ): Promise<void> {
    try {
      await this.session.modify(opened, dn, [change('replace', 'userAccountControl', [state])], options);
    } catch (error) {
      // The account is there although the create failed: it must be looked up before anything is tried again.
      throw partlyApplied(ldapError(error, operation));
    }
  }

  /** The identifier, asked for where the server itself gives it, and by what the entry is known whatever it is called (ADR 0070). */
  private async identityOfNew(
    opened: OpenedSession,
    type: LdapType,
    written: WrittenBody,
    dn: Dn,
    { signal }: CallOptions,
  ): Promise<Pick<WriteResult, 'id' | 'version'>> {
    const { id: attribute } = this.session.settings.types[type];
    const attributes = [attribute, ...tagAttributes(this.session.settings)];
    const query = { base: formatDn(dn), filter: present('objectClass'), attributes };
    const known = this.idFrom(type, written, dn);
    const read = readEntry(opened.session, query, signal);
    // The entry is there and its identifier known: what is only useful must not make the create fail.
    const entry = await (known === undefined ? read : read.catch(() => undefined));
    const id = known ?? (entry === undefined ? undefined : identifierOf(entry, attribute));
    if (id === undefined) {
      const text = `the new entry has no ${attribute}, which is its identifier; map it or choose another identifier`;
      throw partlyApplied(connectorError('invalid', { label: `create ${type}`, kind: 'write' }, text));
    }
    return { id, ...(entry === undefined ? {} : versionOf(this.session.settings, entry)) };
  }

  private idFrom(type: LdapType, written: WrittenBody, dn: Dn): string | undefined {
    if (isNamedByDn(this.session.settings, type)) return formatDn(dn);
    const { id } = this.session.settings.types[type];
    const [pair] = dn[0] ?? [];
    if (pair?.type.toLowerCase() === id.toLowerCase() && typeof pair.value === 'string') return pair.value;
    const value = written.attributes.get(id.toLowerCase())?.values[0];
    return typeof value === 'string' ? value : undefined;
  }
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
