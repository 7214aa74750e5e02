import type { JsonObject } from '../../core/json.js';
import type {
  CallOptions,
  Change,
  DeleteOptions,
  MemberChange,
  Resolution,
  ValueHolder,
  WriteOptions,
  WriteResult,
} from '../contract.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import { partlyApplied } from '../errors.js';
import { createError } from './create-conflict.js';
import type { Discovery } from './discovery.js';
import { withExplicitRemovals } from './explicit-removal.js';
import { findHolders } from './find-holders.js';
import { changeGroupMembers, type MembershipOptions } from './group-membership.js';
import { groupMembers, memberChange, membersOf, withoutMembers, type Members } from './members.js';
import { existingGroup, removeGivenMembers } from './members-only.js';
import { areasOf } from './origins.js';
import { outgoing } from './outgoing.js';
import { messageOperations, patchAll, patchDiff, type PatchOperation } from './patch-diff.js';
import { wholeAttributes } from './patch-1-1.js';
import { lastMember, PatchSender, type MemberOperations } from './patch-sender.js';
import type { ScimProfile } from './profile.js';
import { resolveByKeys } from './resolve.js';
import { jsonBody, metaInstant, resourceId } from './scim-envelope.js';
import { scimError } from './scim-error.js';
import type { ScimHttp, ScimWrites } from './scim-http.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';
import { writeSingleMembers } from './single-members.js';
import { VersionTags, type Subject } from './version-tags.js';
import { appliedByPost, bodyOf, entityIn, idFromLocation, isSuccess, versionOf } from './write-answer.js';

const NO_MEMBER_CHANGE = { additions: [], removals: [] };

/** What the writer needs of its surroundings. */
export interface WriterOptions {
  readonly http: ScimHttp;
  /** Carries the writes out, one by one or together. */
  readonly writes: ScimWrites;
  readonly profile: ScimProfile;
  readonly reader: ScimReader;
  readonly discovery: Discovery;
}

/** Creates, updates and deletes in a SCIM system, and finds what exists already. */
export class ScimWriter {
  private readonly tags: VersionTags;
  private readonly patches: PatchSender;

  constructor(private readonly options: WriterOptions) {
    this.tags = new VersionTags(options.discovery, options.reader, options.profile.etag);
    this.patches = new PatchSender({ ...options, tags: this.tags });
  }

  /**
   * POST; a group above the member threshold is created empty and filled in slices (CONN-SCIM-50, CONN-SCIM-56). Where groups are not created, the one
   * that exists gets the members (CONN-CORE-12).
   */
  async create(type: ScimType, body: JsonObject, options: CallOptions): Promise<WriteResult> {
    if (this.writesMembersOnly(type)) {
      const keys = this.options.http.settings.uniqueKeys[type];
      const id = existingGroup(await this.resolve(type, body, keys, options));
      return this.update(type, id, { mode: 'replace', body }, options);
    }
    const members = this.membersForLater(type, body);
    if (members === undefined) return this.createWhole(type, body, options);
    const { members: _, ...rest } = body;
    const created = await this.createWhole(type, rest, options);
    try {
      const subject = { type, id: created.id, options };
      const version = await this.patches.send(subject, [], { additions: [...members.values()], removals: [] });
      return { ...created, ...(version === undefined ? {} : { version }) };
    } catch (error) {
      // The group exists although the create failed: the engine must look it up before it tries again.
      throw partlyApplied(error);
    }
  }

  /** PUT or PATCH (CONN-SCIM-60 to CONN-SCIM-66). */
  async update(type: ScimType, id: string, given: Change, options: WriteOptions): Promise<WriteResult> {
    const subject = { type, id, options: await this.tags.usable(options) };
    const change = this.writesMembersOnly(type) ? { only: 'members' as const, ...given } : given;
    if (type === 'group' && this.writesMembersApart(change)) return this.updateMembers(subject, change);
    if (type === 'group' && change.mode === 'replace' && this.changesOnlyMembers(change))
      return this.replaceSingleMembers(subject, change);
    const oversized = this.oversizedMembers(type, change.body) !== undefined;
    if (change.mode === 'replace' && !oversized) return this.replace(subject, change);
    return this.patch(subject, change, await this.memberChangeOf(subject, change, oversized));
  }

  /** DELETE; an absent entity is success (CONN-SCIM-67). Where groups are not deleted they lose the members given (CONN-CORE-12). */
  async delete(type: ScimType, id: string, options: DeleteOptions): Promise<WriteResult> {
    if (this.writesMembersOnly(type)) return removeGivenMembers(this.membershipParts(), id, options);
    const label = `delete ${type}`;
    const path = this.options.http.entityPath(type, id, label);
    const subject = { type, id, options: await this.tags.usable(options) };
    const response = await this.tags.guard(subject, (etag) =>
      this.options.writes.write({ label, method: 'DELETE', path, etag, options }),
    );
    if (isSuccess(response)) return { id, applied: 'deleted' };
    const error = scimError(response, [id]);
    if (error.kind === 'notFound') return { id, applied: 'already-absent' };
    throw error;
  }

  /** VAR-10, VAR-11. */
  changeMembers(groupId: string, change: MemberChange, options: CallOptions): Promise<WriteResult> {
    return changeGroupMembers(this.membershipParts(), groupId, change, options);
  }

  /** CONN-SCIM-52; for users of some types there is a second search (CNF-5). */
  async resolve(type: ScimType, body: JsonObject, keys: readonly string[], options: CallOptions): Promise<Resolution> {
    const { reader, http } = this.options;
    const found = await resolveByKeys(reader, type, body, keys, options.signal);
    const { userKeysAfter } = http.settings;
    if (found.outcome !== 'none' || type !== 'user' || userKeysAfter === undefined) return found;
    return resolveByKeys(reader, type, body, userKeysAfter, options.signal);
  }

  /** {@link findHolders} */
  findHolders(type: ScimType, id: string, body: JsonObject, options: CallOptions): Promise<readonly ValueHolder[]> {
    const { reader, http, profile } = this.options;
    const keys = http.settings.uniqueKeys[type];
    const within = type === 'user' ? areasOf(profile) : [];
    return findHolders(reader, { type, id, body }, { keys, within }, options);
  }

  private membershipParts(): MembershipOptions {
    const { tags, patches } = this;
    return { ...this.options, tags, patches };
  }

  private writesMembersOnly(type: ScimType): boolean {
    return type === 'group' && this.options.profile.groups === 'members-only';
  }

  private async createWhole(type: ScimType, body: JsonObject, options: CallOptions): Promise<WriteResult> {
    const { http } = this.options;
    const label = `create ${type}`;
    const response = await this.options.writes.write({
      label,
      method: 'POST',
      path: http.collectionPath(type),
      body: outgoing(this.options.profile, type, body),
      options,
    });
    if (!isSuccess(response)) throw createError(response, [body], this.options.profile.conflict);
    const resource = response.text === '' ? {} : jsonBody(response);
    const id = resourceId(resource) ?? idFromLocation(response.header('location'));
    if (id === undefined) return this.createdWithoutId(type, body, response, options);
    const createdAt = metaInstant(resource, 'created');
    return {
      id,
      applied: appliedByPost(response),
      ...versionOf(response, resource),
      ...entityIn(resource),
      ...(createdAt === undefined ? {} : { createdAt }),
    };
  }

  private async createdWithoutId(
    type: ScimType,
    body: JsonObject,
    response: HttpResponse,
    options: CallOptions,
  ): Promise<WriteResult> {
    const keys = this.options.http.settings.uniqueKeys[type];
    const found = await this.resolve(type, body, keys, options).catch((error: unknown) => {
      throw partlyApplied(error);
    });
    if (found.outcome === 'one') {
      const { createdAt, entity } = found;
      return { id: entity.id, applied: appliedByPost(response), ...(createdAt === undefined ? {} : { createdAt }) };
    }
    const text = 'the answer has neither an id nor a Location, and the entity is not found by its unique attribute';
    throw protocolError(response.operation, text, { status: response.status, outcome: 'unknown' });
  }

  /** CONN-SCIM-77: everything else of the group is as it was written last, so that it need not be replaced as a whole. */
  private changesOnlyMembers({ body, before, only }: Change): boolean {
    if (this.options.profile.members.written !== 'single' || before === undefined) return false;
    return only !== undefined || patchDiff(before, body, ['members']).length === 0;
  }

  private async replaceSingleMembers({ id, options }: Subject, { body, before = {} }: Change): Promise<WriteResult> {
    const operations = memberChange(membersOf(before) ?? new Map(), membersOf(body) ?? new Map());
    if (operations.additions.length + operations.removals.length === 0) return { id, applied: 'none' };
    await writeSingleMembers(this.options, id, operations, options);
    return { id, applied: 'updated' };
  }

  /** CONN-SCIM-75: the body with one of the members it has now, where a group may not be emptied. Throws where that is to fail. */
  private async withLastMember(subject: Subject, body: JsonObject): Promise<JsonObject> {
    const { removeLast } = this.options.profile.members;
    if (subject.type !== 'group' || removeLast === 'allowed' || membersOf(body)?.size !== 0) return body;
    const [kept] = (await this.patches.readMembers(subject)).values();
    if (kept === undefined) return body;
    if (removeLast === 'refused') throw lastMember(subject.type);
    return { ...body, members: [kept] };
  }

  private async replace(subject: Subject, { body: given, before }: Change): Promise<WriteResult> {
    const { type, id, options } = subject;
    const { http, profile } = this.options;
    const wanted = await this.withLastMember(subject, given);
    const body = profile.putAbsent === 'keeps' ? withExplicitRemovals(wanted, before) : wanted;
    const label = `update ${type}`;
    const path = http.entityPath(type, id, label);
    const sent = { ...outgoing(this.options.profile, type, body), id };
    const response = await this.tags.guard(subject, (etag) =>
      this.options.writes.write({ label, method: 'PUT', path, body: sent, etag, options }),
    );
    if (!isSuccess(response)) throw scimError(response, [body]);
    const resource = bodyOf(response);
    return { id, applied: 'updated', ...versionOf(response, resource), ...entityIn(resource) };
  }

  /** WRT-6, WRT-8. */
  private writesMembersApart(change: Change): boolean {
    return change.only !== undefined || this.options.http.settings.nestedGroupsStay;
  }

  /** Members by their difference; of nested groups, and where an application allows no more, user members only. */
  private async updateMembers(subject: Subject, change: Change): Promise<WriteResult> {
    const usersOnly = change.only === 'userMembers' || this.options.http.settings.nestedGroupsStay;
    const members = await this.memberDifference(subject, change, usersOnly);
    if (change.only === undefined || this.options.http.settings.patch) return this.patch(subject, change, members);
    const add = members.additions.map(({ value }) => value).filter((id) => typeof id === 'string');
    return this.changeMembers(subject.id, { add, remove: members.removals }, subject.options);
  }

  private async memberDifference(subject: Subject, change: Change, usersOnly: boolean): Promise<MemberOperations> {
    const desired = membersOf(change.body);
    if (desired === undefined) return NO_MEMBER_CHANGE;
    // What is a group says the target best; where that does not matter the last written state will do.
    const written = usersOnly ? undefined : membersOf(change.before ?? {});
    const known = written ?? (await this.patches.readMembers(subject));
    if (!usersOnly) return memberChange(known, desired);
    const groups = groupMembers([known, desired], change.memberGroups);
    return memberChange(withoutMembers(known, groups), withoutMembers(desired, groups));
  }

  private async patch(
    { type, id, options }: Subject,
    change: Change,
    members: MemberOperations | undefined,
  ): Promise<WriteResult> {
    const except = [...this.options.profile.readOnlyAttributes[type], ...(members === undefined ? [] : ['members'])];
    const message = messageOperations(change.body);
    const attributes = message ?? (change.only === undefined ? this.attributesOf(change, except) : []);
    const { additions, removals } = members ?? NO_MEMBER_CHANGE;
    if (attributes.length + additions.length + removals.length === 0) return { id, applied: 'none' };
    const version = await this.patches.send({ type, id, options }, attributes, { additions, removals });
    return { id, applied: 'updated', ...(version === undefined ? {} : { version }) };
  }

  /**
   * Members to add and remove one by one, compared with what was written last, or with a fresh read where that is not known and
   * they must be written in slices or all removed. Undefined: the attribute is written like any other (WRT-2).
   */
  private async memberChangeOf(subject: Subject, change: Change, inSlices: boolean) {
    if (subject.type !== 'group') return undefined;
    const desired = membersOf(change.body);
    if (change.before !== undefined) return memberChange(membersOf(change.before) ?? new Map(), desired ?? new Map());
    // A removal of "members" as a whole is what a mistake looks like: it is never sent.
    const oneByOne = desired !== undefined && (inSlices || desired.size === 0);
    return oneByOne ? memberChange(await this.patches.readMembers(subject), desired) : undefined;
  }

  /** Members that a group is filled with once it exists (CONN-SCIM-56). */
  private membersForLater(type: ScimType, body: JsonObject): Members | undefined {
    if (type !== 'group' || this.options.profile.members.onCreate !== 'afterwards')
      return this.oversizedMembers(type, body);
    const members = membersOf(body);
    return members === undefined || members.size === 0 ? undefined : members;
  }

  private attributesOf({ before, body }: Change, except: readonly string[]): PatchOperation[] {
    if (this.options.profile.version === '1.1') return wholeAttributes(before, body, except);
    return before === undefined ? patchAll(body, except) : patchDiff(before, body, except);
  }

  private oversizedMembers(type: ScimType, body: JsonObject): Members | undefined {
    const threshold = this.options.http.settings.memberThreshold;
    if (type !== 'group' || threshold === undefined) return undefined;
    const members = membersOf(body);
    return members !== undefined && members.size > threshold ? members : undefined;
  }
}
