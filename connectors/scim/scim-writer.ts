import type { JsonObject, JsonValue } from '../../core/json.js';
import type { CallOptions, Change, Resolution, WriteOptions, WriteResult } from '../contract.js';
import { ConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import type { Discovery } from './discovery.js';
import { memberChange, membersOf, patchRequests, type Members, type SliceLimits } from './members.js';
import { patchAll, patchDiff, type PatchOperation } from './patch-diff.js';
import type { ScimProfile } from './profile.js';
import { resolveByKeys } from './resolve.js';
import { jsonBody, metaInstant, resourceId } from './scim-envelope.js';
import { scimError } from './scim-error.js';
import type { ScimHttp } from './scim-http.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';
import { appliedByPost, bodyOf, idFromLocation, isSuccess, partlyApplied, versionOf } from './write-answer.js';

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const CORE_SCHEMAS: Readonly<Record<ScimType, string>> = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
};

const NO_MEMBER_CHANGE = { additions: [], removals: [] };

/** What the writer needs of its surroundings. */
export interface WriterOptions {
  readonly http: ScimHttp;
  readonly profile: ScimProfile;
  readonly reader: ScimReader;
  readonly discovery: Discovery;
}

/** One entity that is written. */
interface Subject {
  readonly type: ScimType;
  readonly id: string;
  readonly options: WriteOptions;
}

/** Creates, updates and deletes in a SCIM system, and finds what exists already. */
export class ScimWriter {
  constructor(private readonly options: WriterOptions) {}

  /** POST; a group above the member threshold is created empty and filled in slices (CONN-SCIM-50, CONN-SCIM-56). */
  async create(type: ScimType, body: JsonObject, options: CallOptions): Promise<WriteResult> {
    const members = this.oversizedMembers(type, body);
    if (members === undefined) return this.createWhole(type, body, options);
    const { members: _, ...rest } = body;
    const created = await this.createWhole(type, rest, options);
    try {
      const subject = { type, id: created.id, options };
      const version = await this.sendPatches(subject, [], { additions: [...members.values()], removals: [] });
      return { ...created, ...(version === undefined ? {} : { version }) };
    } catch (error) {
      // The group exists although the create failed: the engine must look it up before it tries again.
      throw partlyApplied(error);
    }
  }

  /** PUT or PATCH (CONN-SCIM-60 to CONN-SCIM-66). */
  async update(type: ScimType, id: string, change: Change, options: WriteOptions): Promise<WriteResult> {
    const subject = { type, id, options: await this.withUsableEtag(options) };
    const oversized = this.oversizedMembers(type, change.body);
    if (change.mode === 'replace' && oversized === undefined) return this.replace(subject, change.body);
    return this.patch(subject, change, oversized !== undefined);
  }

  /** DELETE; an absent entity is success (CONN-SCIM-67). */
  async delete(type: ScimType, id: string, options: WriteOptions): Promise<WriteResult> {
    const label = `delete ${type}`;
    const path = this.options.http.entityPath(type, id, label);
    const subject = { type, id, options: await this.withUsableEtag(options) };
    const response = await this.withFreshEtag(subject, (etag) =>
      this.options.http.write({ label, method: 'DELETE', path, etag, options }),
    );
    if (isSuccess(response)) return { id, applied: 'deleted' };
    const error = scimError(response, [id]);
    if (error.kind === 'notFound') return { id, applied: 'already-absent' };
    throw error;
  }

  /** CONN-SCIM-52. */
  resolve(type: ScimType, body: JsonObject, keys: readonly string[], options: CallOptions): Promise<Resolution> {
    return resolveByKeys(this.options.reader, type, body, keys, options.signal);
  }

  private async createWhole(type: ScimType, body: JsonObject, options: CallOptions): Promise<WriteResult> {
    const { http } = this.options;
    const label = `create ${type}`;
    const response = await http.write({
      label,
      method: 'POST',
      path: http.collectionPath(type),
      body: this.outgoing(type, body),
      options,
    });
    if (!isSuccess(response)) throw scimError(response, [body]);
    const resource = response.text === '' ? {} : jsonBody(response);
    const id = resourceId(resource) ?? idFromLocation(response.header('location'));
    if (id === undefined) return this.createdWithoutId(type, body, response, options);
    const createdAt = metaInstant(resource, 'created');
    return {
      id,
      applied: appliedByPost(response),
      ...versionOf(response, resource),
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

  private async replace(subject: Subject, body: JsonObject): Promise<WriteResult> {
    const { type, id, options } = subject;
    const { http } = this.options;
    const label = `update ${type}`;
    const path = http.entityPath(type, id, label);
    const sent = { ...this.outgoing(type, body), id };
    const response = await this.withFreshEtag(subject, (etag) =>
      http.write({ label, method: 'PUT', path, body: sent, etag, options }),
    );
    if (!isSuccess(response)) throw scimError(response, [body]);
    return { id, applied: 'updated', ...versionOf(response, bodyOf(response)) };
  }

  private async patch(subject: Subject, change: Change, inSlices: boolean): Promise<WriteResult> {
    const { id } = subject;
    const members = await this.memberChangeOf(subject, change, inSlices);
    const except = [
      ...this.options.profile.readOnlyAttributes[subject.type],
      ...(members === undefined ? [] : ['members']),
    ];
    const attributes =
      change.before === undefined ? patchAll(change.body, except) : patchDiff(change.before, change.body, except);
    const { additions, removals } = members ?? NO_MEMBER_CHANGE;
    if (attributes.length + additions.length + removals.length === 0) return { id, applied: 'none' };
    const version = await this.sendPatches(subject, attributes, { additions, removals });
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
    return oneByOne ? memberChange(await this.readMembers(subject), desired) : undefined;
  }

  private async readMembers({ type, id, options }: Subject): Promise<Members> {
    const group = await this.options.reader.readOne(type, id, options);
    if (group !== null) return membersOf(group.body) ?? new Map();
    const safeMessage = `update ${type}: it does not exist any more`;
    throw new ConnectorError({ kind: 'notFound', scope: 'entity', outcome: 'not-applied', safeMessage });
  }

  /** In sequence; a failing request stops the rest (CONN-SCIM-73). Gives the last version tag. */
  private async sendPatches(
    subject: Subject,
    attributes: readonly PatchOperation[],
    members: { readonly additions: readonly JsonObject[]; readonly removals: readonly string[] },
  ): Promise<string | undefined> {
    const requests = patchRequests(attributes, members, this.sliceLimits());
    let current = subject;
    let version: string | undefined;
    for (const [index, operations] of requests.entries()) {
      try {
        version = await this.sendPatch(current, operations);
      } catch (error) {
        throw index === 0 ? error : partlyApplied(error);
      }
      // Our own request has changed the version: the next slice goes with the new tag or with none.
      current = { ...subject, options: withEtag(subject.options, version) };
    }
    return version;
  }

  private async sendPatch(subject: Subject, operations: readonly PatchOperation[]): Promise<string | undefined> {
    const { type, id, options } = subject;
    const { http } = this.options;
    const label = `update ${type}`;
    const path = http.entityPath(type, id, label);
    const body = { schemas: [PATCH_SCHEMA], Operations: operations.map((operation): JsonObject => ({ ...operation })) };
    const response = await this.withFreshEtag(subject, (etag) =>
      http.write({ label, method: 'PATCH', path, body, etag, options }),
    );
    if (isSuccess(response)) return versionOf(response, bodyOf(response)).version;
    const error = scimError(response, operations.map(valueOf));
    const present = error.vendorCode === 'noTarget' ? await this.withoutAbsentMembers(subject, operations) : undefined;
    if (present === undefined) throw error;
    return present.length === 0 ? undefined : this.sendPatch(subject, present);
  }

  /** Removing an absent member is success (CONN-CORE-54), though some servers refuse it. Undefined: that was not the reason. */
  private async withoutAbsentMembers(
    subject: Subject,
    operations: readonly PatchOperation[],
  ): Promise<PatchOperation[] | undefined> {
    if (!operations.some(isMemberRemoval)) return undefined;
    const members = await this.readMembers(subject);
    const remaining = operations.filter(
      (operation) => !isMemberRemoval(operation) || members.has(removedMember(operation)),
    );
    return remaining.length < operations.length ? remaining : undefined;
  }

  private sliceLimits(): SliceLimits {
    const { removalsPerRequest, mixed } = this.options.profile.members;
    const threshold = this.options.http.settings.memberThreshold;
    return { additions: threshold ?? Number.MAX_SAFE_INTEGER, removals: removalsPerRequest, mixed };
  }

  private oversizedMembers(type: ScimType, body: JsonObject): Members | undefined {
    const threshold = this.options.http.settings.memberThreshold;
    if (type !== 'group' || threshold === undefined) return undefined;
    const members = membersOf(body);
    return members !== undefined && members.size > threshold ? members : undefined;
  }

  private outgoing(type: ScimType, body: JsonObject): JsonObject {
    const result: JsonObject = { ...body };
    for (const name of this.options.profile.readOnlyAttributes[type]) delete result[name];
    if (!Array.isArray(result['schemas'])) {
      result['schemas'] = [CORE_SCHEMAS[type], ...Object.keys(result).filter((name) => /^urn:/i.test(name))];
    }
    return result;
  }

  /** A version tag is sent only to servers that announce them (CONN-SCIM-64). */
  private async withUsableEtag(options: WriteOptions): Promise<WriteOptions> {
    if (options.etag === undefined) return options;
    const features = await this.options.discovery.features(options.signal);
    if (features.etag === true) return options;
    return withEtag(options, undefined);
  }

  /** 412: somebody else has changed the entity since; once more with its present version (CONN-SCIM-64). */
  private async withFreshEtag(
    subject: Subject,
    send: (etag: string | undefined) => Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    const { type, id, options } = subject;
    const response = await send(options.etag);
    if (response.status !== 412 || options.etag === undefined) return response;
    const entity = await this.options.reader.readOne(type, id, options);
    if (entity?.version === undefined || entity.version === options.etag) return response;
    return send(entity.version);
  }
}

function withEtag(options: WriteOptions, etag: string | undefined): WriteOptions {
  const { etag: _, ...rest } = options;
  return etag === undefined ? rest : { ...rest, etag };
}

function valueOf(operation: PatchOperation): JsonValue {
  return operation.op === 'remove' ? operation.path : operation.value;
}

const MEMBER_REMOVAL = /^members\[value eq (".*")\]$/;

function isMemberRemoval(operation: PatchOperation): boolean {
  return operation.op === 'remove' && MEMBER_REMOVAL.test(operation.path);
}

function removedMember(operation: PatchOperation): string {
  const literal = MEMBER_REMOVAL.exec(operation.path ?? '')?.[1];
  const id: unknown = literal === undefined ? undefined : JSON.parse(literal);
  return typeof id === 'string' ? id : '';
}
