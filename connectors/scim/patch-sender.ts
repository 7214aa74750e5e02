import type { JsonObject, JsonValue } from '../../core/json.js';
import { ConnectorError, partlyApplied } from '../errors.js';
import { membersOf, patchRequests, type Members, type SliceLimits } from './members.js';
import { partialResource } from './patch-1-1.js';
import type { PatchOperation } from './patch-diff.js';
import type { ScimProfile } from './profile.js';
import { scimError } from './scim-error.js';
import type { ScimHttp, ScimWrites } from './scim-http.js';
import type { ScimReader } from './scim-reader.js';
import { withEtag, type Subject, type VersionTags } from './version-tags.js';
import { bodyOf, isSuccess, versionOf } from './write-answer.js';

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Members that are added and removed one by one. */
export interface MemberOperations {
  readonly additions: readonly JsonObject[];
  readonly removals: readonly string[];
}

/** What the sender needs of its surroundings. */
export interface PatchSenderOptions {
  readonly http: ScimHttp;
  readonly writes: ScimWrites;
  readonly profile: ScimProfile;
  readonly reader: ScimReader;
  readonly tags: VersionTags;
}

/** Sends PATCH requests, members in slices (CONN-SCIM-70 to CONN-SCIM-73). */
export class PatchSender {
  constructor(private readonly options: PatchSenderOptions) {}

  /** In sequence; a failing request stops the rest (CONN-SCIM-73). Gives the last version tag. */
  async send(
    subject: Subject,
    attributes: readonly PatchOperation[],
    members: MemberOperations,
  ): Promise<string | undefined> {
    const allowed = await this.allowed(subject, members);
    const requests = patchRequests(attributes, allowed, this.sliceLimits());
    let current = subject;
    let version: string | undefined;
    for (const [index, operations] of requests.entries()) {
      try {
        version = await this.sendOne(current, operations);
      } catch (error) {
        throw index === 0 ? error : partlyApplied(error);
      }
      // Our own request has changed the version: the next slice goes with the new tag or with none.
      current = { ...subject, options: withEtag(subject.options, version) };
    }
    return version;
  }

  /** The members as they are now. Throws `notFound` if there is no such group, `unsupported` where members are never shown. */
  async readMembers({ type, id, options }: Subject): Promise<Members> {
    if (this.options.profile.members.shown === 'never') throw neverShown(type);
    const group = await this.options.reader.readOne(type, id, options);
    if (group !== null) return membersOf(group.body) ?? new Map();
    throw gone(type);
  }

  /** The change as this server takes it, where a removal means more to it than it says (CONN-SCIM-75, CONN-SCIM-76). */
  private async allowed(subject: Subject, members: MemberOperations): Promise<MemberOperations> {
    const { removal, removeLast } = this.options.profile.members;
    if (members.removals.length === 0 || (removal !== 'empties' && removeLast === 'allowed')) return members;
    const known = await this.readMembers(subject);
    const gone = members.removals.filter((id) => known.has(id));
    const staying = new Map([...known].filter(([id]) => !gone.includes(id)));
    const isLast = gone.length > 0 && staying.size + members.additions.length === 0;
    if (isLast && removeLast === 'refused') throw lastMember(subject.type);
    const [kept] = isLast && removeLast === 'skipped' ? gone : [];
    const removals = gone.filter((id) => id !== kept);
    if (removal !== 'empties' || removals.length === 0) return { ...members, removals };
    const keptMember = kept === undefined ? undefined : known.get(kept);
    return {
      removals,
      additions: [...staying.values(), ...(keptMember === undefined ? [] : [keptMember]), ...members.additions],
    };
  }

  private async sendOne(subject: Subject, operations: readonly PatchOperation[]): Promise<string | undefined> {
    const { type, id, options } = subject;
    const { http, writes, tags } = this.options;
    const label = `update ${type}`;
    const path = http.entityPath(type, id, label);
    const response = await tags.guard(subject, (etag) =>
      writes.write({ label, method: 'PATCH', path, body: this.bodyOf(operations), etag, options }),
    );
    if (isSuccess(response)) return versionOf(response, bodyOf(response)).version;
    const error = scimError(response, operations.map(valueOf));
    const present = error.vendorCode === 'noTarget' ? await this.withoutAbsentMembers(subject, operations) : undefined;
    if (present === undefined) throw error;
    return present.length === 0 ? undefined : this.sendOne(subject, present);
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

  private bodyOf(operations: readonly PatchOperation[]): JsonObject {
    return this.options.profile.version === '1.1' ? partialResource(operations) : patchBody(operations);
  }

  private sliceLimits(): SliceLimits {
    const { additionsPerRequest, removalsPerRequest, removal, mixed } = this.options.profile.members;
    const most = Number.MAX_SAFE_INTEGER;
    const threshold = this.options.http.settings.memberThreshold ?? most;
    return {
      additions: Math.min(threshold, additionsPerRequest ?? most),
      removals: removalsPerRequest,
      removal,
      mixed,
    };
  }
}

/** The message of a PATCH. */
export function patchBody(operations: readonly PatchOperation[]): JsonObject {
  return { schemas: [PATCH_SCHEMA], Operations: operations.map((operation): JsonObject => ({ ...operation })) };
}

/** An entity that was there and is not any more. */
export function gone(type: string): ConnectorError {
  const safeMessage = `update ${type}: it does not exist any more`;
  return new ConnectorError({ kind: 'notFound', scope: 'entity', outcome: 'not-applied', safeMessage });
}

/** CONN-SCIM-75. */
export function lastMember(type: string): ConnectorError {
  const safeMessage = `update ${type}: its last member cannot be taken out in this system; add another one, or delete the ${type}`;
  return new ConnectorError({ kind: 'invalid', scope: 'entity', outcome: 'not-applied', safeMessage });
}

function neverShown(type: string): ConnectorError {
  const safeMessage = `update ${type}: its members are not known, and the server never shows them`;
  return new ConnectorError({ kind: 'unsupported', scope: 'entity', outcome: 'not-applied', safeMessage });
}

function valueOf(operation: PatchOperation): JsonValue {
  return operation.op === 'remove' ? [operation.path, operation.value ?? null] : operation.value;
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
