import type { Change as Modification } from 'ldapts';
import type { EntityType } from '../../core/entity-type.js';
import type { CallOptions, Change, WriteOptions, WriteResult } from '../contract.js';
import { activeDirectoryText, isPrincipalNameTaken } from './ad/extended-codes.js';
import { checkAccount, withEncodedPassword } from './ad/account.js';
import { formatDn, parseDn, type Rdn } from './dn/dn.js';
import type { Entry } from './entry.js';
import { changesOf } from './entry-diff.js';
import { changedName, isNamedByDn, type NewName } from './entry-name.js';
import { present } from './filter/build.js';
import { versionOf } from './identity-tag.js';
import { connectorError, type Operation } from './ldap-error.js';
import { membersAreNames, type LdapSettings, type LdapType } from './ldap-settings.js';
import { renameInGroups } from './leave-groups.js';
import { locateEntry, type Located } from './locate-entry.js';
import { memberChange, writeMembers } from './member-writes.js';
import { identifierOf } from './native-entity.js';
import { completeRanges } from './range-retrieval.js';
import { formerDn, isThere, renameEntry } from './rename-entry.js';
import { readEntry } from './search.js';
import type { OpenedSession } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError } from './wire/wire-error.js';
import type { WriteSession } from './write-session.js';
import { writtenBody, type WrittenAttribute, type WrittenBody } from './write-values.js';

/** Written once and not taken away: mappings of scope `createEntity` give them. */
const SECRETS = new Set(['userpassword', 'unicodepwd', 'useraccountcontrol']);

/** Attributes of an entry by lower-case name, to be written. */
type Attributes = ReadonlyMap<string, WrittenAttribute>;

/** Changes, renames and moves entries. */
export class LdapUpdater {
  constructor(private readonly session: WriteSession) {}

  /** Brings an entry to the values of the body with as few requests as that takes; without a difference with none (CONN-LDAP-78). */
  async update(type: LdapType, id: string, { body, before }: Change, given: WriteOptions): Promise<WriteResult> {
    const operation: Operation = { label: `update ${type}`, kind: 'write' };
    const known = before === undefined ? undefined : writtenBody(this.session.settings, type, before, operation);
    const written = withVanished(writtenBody(this.session.settings, type, body, operation), known);
    if (this.session.isAd) checkAccount(type, written.attributes, operation);
    const located = await this.existing(type, id, written, given);
    if (located.kind === 'absent') throw connectorError('notFound', operation, 'it does not exist any more');
    if (located.kind === 'stranger')
      throw connectorError('notFound', operation, 'it does not exist any more; another entry has its name');
    return this.session.run(operation, given, async (opened, options) => {
      const entry = await this.wholeGroup(opened, type, located.entry, written, options);
      const name = changedName(this.session.settings, type, entry, written, operation);
      const attributes = withEncodedPassword(written.attributes, opened.session.isEncrypted, operation);
      const rdns = [...(parseDn(entry.dn)[0] ?? []), ...(name?.rdn ?? [])];
      const modified = modifiable(attributes, this.session.settings, rdns);
      const changes = changesOf(entry, modified, this.session.reader.knownSchema);
      const members =
        written.members === undefined
          ? { additions: [], removals: [] }
          : await memberChange(opened, this.session.settings, entry, written.members, options);
      const newId = this.idAfter(type, id, { ...located, entry }, modified, name);
      const dn = name === undefined ? entry.dn : formatDn(name.dn);
      if (name !== undefined) await renameEntry(opened, entry.dn, name, operation, options);
      const inGroups = await this.renamedInGroups(opened, type, { id, newId, dn }, { ...located, entry }, options);
      await this.whileThere(opened, dn, operation, options, async () => {
        if (changes.length > 0) await this.session.modify(opened, dn, changes, options);
      });
      await writeMembers(
        this.session.settings,
        members,
        (some) => this.session.modify(opened, dn, some, options),
        operation,
      );
      const count = changes.length + members.additions.length + members.removals.length;
      const isWritten = name !== undefined || count > 0 || inGroups;
      return { id: newId, applied: isWritten ? 'updated' : 'none', ...versionOf(this.session.settings, entry) };
    });
  }

  /** The identifier when the update is done: another one where it is part of the name, or an attribute that changes. */
  private idAfter(
    type: LdapType,
    id: string,
    located: Extract<Located, { entry: Entry }>,
    modified: readonly WrittenAttribute[],
    name: NewName | undefined,
  ): string {
    const { kind, entry } = located;
    const { id: attribute } = this.session.settings.types[type];
    const unchanged = kind === 'found' ? id : (identifierOf(entry, attribute) ?? id);
    if (isNamedByDn(this.session.settings, type)) return name === undefined ? unchanged : formatDn(name.dn);
    const isId = (other: string): boolean => other.toLowerCase() === attribute.toLowerCase();
    const value = name?.rdn.find((pair) => isId(pair.type))?.value ?? modified.find((one) => isId(one.name))?.values[0];
    return typeof value === 'string' ? value : unchanged;
  }

  /** A renamed entry keeps its groups, also one that a request has renamed whose answer got lost. True when a group was written. */
  private async renamedInGroups(
    opened: OpenedSession,
    type: LdapType,
    to: { readonly id: string; readonly newId: string; readonly dn: string },
    { kind, entry }: Extract<Located, { entry: Entry }>,
    options: CallOptions,
  ): Promise<boolean> {
    // Active Directory does it itself.
    if (this.session.isAd || (type === 'group' && membersAreNames(this.session.settings))) return false;
    const former = [
      ...(kind === 'renamed' ? [formerDn(this.session.settings, type, to.id, entry)] : []),
      ...(to.dn === entry.dn && to.id === to.newId ? [] : [entry.dn]),
    ].filter((dn) => dn !== undefined);
    let isWritten = false;
    for (const dn of former) {
      const names = { from: { dn, id: to.id }, to: { dn: to.dn, id: to.newId } };
      const modify = (group: string, changes: Modification[]) => this.session.modify(opened, group, changes, options);
      isWritten = (await renameInGroups(opened, this.session.settings, names, options, modify)) || isWritten;
    }
    return isWritten;
  }

  /**
   * A value may name an entry that does not exist, which some servers refuse as if the entry itself were gone: that is `invalid`. One that
   * somebody else has is a `conflict`, also where a create could not find who has it.
   */
  private async whileThere(
    opened: OpenedSession,
    dn: string,
    operation: Operation,
    options: CallOptions,
    run: () => Promise<void>,
  ): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (error instanceof ResultError && isPrincipalNameTaken(error.diagnostic))
        throw connectorError('conflict', operation, activeDirectoryText(error.code, error.diagnostic) ?? '');
      const isMissing = error instanceof ResultError && error.code === RESULT.noSuchObject;
      if (!isMissing || !(await isThere(opened, dn, options))) throw error;
      throw connectorError('invalid', operation, 'one of its values names an entry that does not exist');
    }
  }

  private existing(type: LdapType, id: string, { attributes }: WrittenBody, options: WriteOptions): Promise<Located> {
    const operation: Operation = { label: `update ${type}`, kind: 'entity' };
    const names = [
      ...[...attributes.values()].map(({ name }) => name),
      'objectClass',
      this.session.settings.types[type].id,
    ];
    const requested = [
      ...names.filter((name) => name.toLowerCase() !== 'distinguishedname'),
      ...(type === 'group' ? [this.session.settings.memberAttribute] : []),
      ...(this.session.isAd ? ['uSNChanged'] : []),
    ];
    return locateEntry(this.session, { type, id, tag: options.etag, attributes: requested }, operation, options);
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
}

/** What we have written and the mappings do not give any more goes; what they never gave is left alone (CONN-LDAP-76). */
function withVanished(body: WrittenBody, before: WrittenBody | undefined): WrittenBody {
  const attributes = new Map(body.attributes);
  for (const [key, { name }] of before?.attributes ?? []) {
    if (!attributes.has(key) && !SECRETS.has(key)) attributes.set(key, { name, values: [] });
  }
  return { ...body, attributes };
}

/** What a modify may hold: the attributes of the RDN change by renaming only (CONN-LDAP-77). */
function modifiable(attributes: Attributes, { dialect }: LdapSettings, rdn: Rdn): WrittenAttribute[] {
  const naming = new Set(rdn.map((pair) => pair.type.toLowerCase()));
  if (dialect.kind === 'ad') naming.add('name');
  return [...attributes].filter(([key]) => !naming.has(key)).map(([, one]) => one);
}
