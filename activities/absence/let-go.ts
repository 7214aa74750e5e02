import type { Change } from '../../connectors/contract.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import type { Memberships } from '../../core/transform/program.js';
import { mapTarget, noGroupAssignment, openCommon } from '../drain/evaluate-pair.js';
import type { MappedTarget } from '../drain/evaluate-pair.js';
import type { Failure } from '../drain/outcomes.js';
import { failureOf, GroupMembershipError } from '../drain/group-members.js';
import { ofPart } from '../drain/part-documents.js';
import { recordingResolver, referencesAsked } from '../drain/resolve-references.js';
import type { KnownReferences } from '../drain/resolve-references.js';
import { partNameOf, settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { done, failedCandidate, failedDelete, unlinked } from './candidate-end.js';
import type { CandidateEnd } from './candidate-end.js';

/** Attributes that say nothing about what an account shall be. */
const IDENTITY: ReadonlySet<string> = new Set(['id', 'schemas', 'meta']);

/** Step 5 (DEL-10): the entity stays and gets only what the `deleteEntity` mappings say; then it is not managed any more. */
export async function updateInstead(env: DrainEnvironment, work: Work, targetKey: string): Promise<CandidateEnd> {
  const mapped = await mapUpdateInstead(env, work, targetKey);
  if ('message' in mapped) return failedCandidate(work, mapped);
  const isPatch = isPatchMessage(mapped.body);
  const { updateMode } = env.tools.target.capabilities;
  const startedMs = Date.now();
  try {
    if (saysAnything(mapped.body)) {
      const change: Change = { mode: isPatch ? 'patch' : updateMode, body: mapped.body };
      await send(env, work, 'idempotent-write', (options) =>
        env.connector.update(env.type, targetKey, change, options),
      );
    }
  } catch (error) {
    const end = failedDelete(work, error);
    if (end !== undefined) return end;
  }
  const failure = await leaveGroups(env, work, targetKey, mapped.memberships);
  return failure ?? done(work, Date.now() - startedMs, 'kept: updated instead of deleted');
}

/** What step 5 would send, or why it cannot. */
export async function mapUpdateInstead(
  env: DrainEnvironment,
  work: Work,
  targetKey: string,
): Promise<MappedTarget | Failure> {
  const common = lastCommon(env, work);
  const known = await references(env, common, targetKey);
  const mapped = ofPart(work, mapTarget(env.tools, env.type, common, 'delete', targetKey, known));
  if ('message' in mapped) return { errorClass: 'validation', code: null, message: mapped.message };
  const { updateInsteadOfDelete } = env.tools.target.capabilities;
  if (!isPatchMessage(mapped.body) || updateInsteadOfDelete?.enabled !== false) return mapped;
  const message = `The deleteEntity mappings give a PATCH request, which is sent only if ${updateInsteadOfDelete.property} is true; set it in the target system. Nothing was deleted`;
  return { errorClass: 'validation', code: 'updateInsteadOfDelete', message };
}

/**
 * Step 3: an account that existed before is let go as it is, without a result that counts; only the mappings of `unassignGroup` with scope
 * `deleteEntity` are carried out (VAR-16).
 */
export async function letGo(env: DrainEnvironment, work: Work, targetKey: string): Promise<CandidateEnd> {
  const released: CandidateEnd = {
    settlement: settlement(work, unlinked(work), { link: { kind: 'released' } }),
    outcome: 'released',
    releasedKey: targetKey,
    releasedPart: partNameOf(work),
  };
  if (!env.program.assignsGroups || !env.program.hasDeleteScope) return released;
  const common = lastCommon(env, work);
  const known = await references(env, common, targetKey);
  const resolve = recordingResolver(known, { resolved: [], unresolved: [] });
  const outcome = env.program.unassignments(common, { ...env.tools.context.evaluation, targetId: targetKey, resolve });
  if (outcome.kind === 'failed')
    return failedCandidate(work, { errorClass: 'validation', code: null, message: outcome.message });
  if (outcome.groups.length === 0) return released;
  if (env.connector.changeMembers === undefined) {
    const message = noGroupAssignment(env.tools.target.snapshot.typeName);
    return failedCandidate(work, { errorClass: 'validation', code: null, message });
  }
  return (await leaveGroups(env, work, targetKey, { assign: [], unassign: outcome.groups })) ?? released;
}

/** Undefined: done. A group that is gone is no failure here (VAR-12). */
async function leaveGroups(
  env: DrainEnvironment,
  work: Work,
  targetKey: string,
  memberships: Memberships | undefined,
): Promise<CandidateEnd | undefined> {
  if (memberships === undefined) return undefined;
  try {
    await env.groups.carryOut(env, work, targetKey, memberships, { ignoreMissing: true });
    return undefined;
  } catch (error) {
    if (error instanceof GroupMembershipError) return failedCandidate(work, failureOf(error));
    throw error;
  }
}

/** SCP-4. */
function lastCommon(env: DrainEnvironment, work: Work): JsonObject {
  return work.pair.commonBody === null ? {} : openCommon(env.tools, env.type, work.pair);
}

function references(env: DrainEnvironment, common: JsonObject, targetId: string): Promise<KnownReferences> {
  return referencesAsked(env.services.pool, env.tools, env.type, (resolve) => {
    env.program.write(common, 'delete', { ...env.tools.context.evaluation, targetId, resolve });
  });
}

/** Where the mappings only take the user out of groups there is nothing to write: an empty PUT would wipe the account. */
function saysAnything(body: JsonObject): boolean {
  return Object.keys(body).some((name) => !IDENTITY.has(name));
}

/** A body that is itself the message of a PATCH (CONN-SCIM-67, DEL-11). */
function isPatchMessage(body: JsonObject): boolean {
  const operations = body['Operations'];
  return Array.isArray(operations) && operations.length > 0 && operations.every(isJsonObject);
}
