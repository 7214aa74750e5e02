import { isConnectorError } from '../../connectors/errors.js';
import { claimTargetKey, oldestPendingCreate, otherLinks, wasMissed } from '../../state/drain/claims.js';
import { isOriginKept } from '../../state/drain/kept-origin.js';
import type { OtherLink } from '../../state/drain/claims.js';
import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { Settlement } from '../../state/drain/settle.js';
import { disables } from '../../core/plan/classify.js';
import type { Origin } from '../../core/sync/facts.js';
import { markOneAbsent } from '../../state/absence/mark-absent.js';
import { confirmAbsence } from '../absence/confirm.js';
import { wholeChange } from './change.js';
import { withNotedMembers } from './members-only.js';
import { failed, mapForCreate, mapForUpdate, unmappable } from './outcomes.js';
import { settleWritten } from './settle-written.js';
import { pause } from '../support/run-watch.js';
import { mayBeMadeSince, proveOrigin } from './origin.js';
import type { SentCreate } from './origin.js';
import { settlement } from './work.js';
import type { DrainEnvironment, FoundEntity, Work } from './work.js';
import { send } from './write-errors.js';

/**
 * Links an existing target entity (CNF-1) and writes the data of the source entity into it. `sent`: a create of ours whose answer got
 * lost may have made it; without, it existed before.
 */
export async function adopt(
  env: DrainEnvironment,
  work: Work,
  found: FoundEntity,
  sent: SentCreate | null,
): Promise<Settlement> {
  const key = { targetNo: env.targetNo, type: env.typeCode, targetKey: found.entity.id };
  // A refused create left nothing behind; one of unknown outcome keeps its intent, which is the evidence of its origin.
  const afterFailure: LinkWrite | null = sent === null ? { kind: 'removed' } : null;
  const claimMs = work.clock.claimMs(env.tools.target.capabilities.requestTimeoutMs * 2);
  if (!(await claimTargetKey(env.services.pool, key, work.token, claimMs)))
    return waitForClaim(env, work, afterFailure);
  work.claimed = true;
  if (sent === null && (!env.late || env.heals) && (await mayBeInTheMaking(env, work, found)))
    return settlement(work, { kind: 'late' }, { link: afterFailure });
  const others = await otherLinks(env.services.pool, key, work.row.entityNo);
  const rivals = others.filter((other) => other.sourceNo === env.sourceNo);
  const verdict = await judgeRivals(env, rivals);
  if (verdict === 'wait') return settlement(work, { kind: 'late' }, { link: afterFailure });
  if (verdict !== 'free') {
    const message = `The target entity found by the unique attribute is linked to source id ${verdict.sourceKey}; it cannot be linked to ${work.pair.sourceKey} too`;
    return failed(work, 'adopt', { errorClass: 'conflict', code: '409', message }, afterFailure);
  }
  const inherited = rivals.some((rival) => rival.origin === 'created') ? 'created' : undefined;
  const origin = inherited ?? (await originOf(env, found, sent, others.length > 0));
  if (env.program.skipOperations.has('update')) return linkUnwritten(env, work, found, origin);
  const isNew = rivals.length === 0 && sent !== null && origin === 'created';
  return overwrite(env, work, found, { origin, isNew }, afterFailure);
}

/**
 * SKP-7 goes for an entity that is found, too: it is linked, and what it is like stays. The link has no hashes, so that removing the
 * expression updates it.
 */
function linkUnwritten(env: DrainEnvironment, work: Work, found: FoundEntity, origin: Origin): Settlement {
  return settlement(
    work,
    { kind: 'parked', reason: 'Operation [update] is skipped in target transformation' },
    { link: linkAsFound(env, found, origin) },
  );
}

/** A link to an account of which we have written nothing. */
function linkAsFound(env: DrainEnvironment, found: FoundEntity, origin: Origin): LinkWrite {
  return {
    kind: 'linked',
    targetKey: found.entity.id,
    origin,
    commonHash: null,
    targetHash: null,
    program: env.tools.target.snapshot.programNumber,
    outOfScope: false,
    etag: found.entity.version ?? null,
    body: null,
  };
}

/** Somebody adopts or deletes the target entity at this moment (engine invariant 8). */
async function waitForClaim(env: DrainEnvironment, work: Work, link: LinkWrite | null): Promise<Settlement> {
  if (!env.late) return settlement(work, { kind: 'late' }, { link });
  await pause(env.services.timing.claimPollMs, env.stop);
  return settlement(work, { kind: 'released' }, { link });
}

/**
 * CNF-10: of two people of one source with the same unique value one is created at this moment, and the other meets the new account
 * before its link is stored. Links are known when the creates of the first pass are settled. Asked before the links are looked at, so
 * that a create that is settled in between is seen as a link.
 */
async function mayBeInTheMaking(env: DrainEnvironment, work: Work, found: FoundEntity): Promise<boolean> {
  const pair = { targetNo: env.targetNo, sourceNo: env.sourceNo, type: env.typeCode, entityNo: work.row.entityNo };
  const since = await oldestPendingCreate(env.services.pool, pair);
  return since !== null && mayBeMadeSince(env, found, since);
}

/** Ours before a reset that keeps origins is ours again, unless somebody else has linked it meanwhile (RST-7). */
async function originOf(
  env: DrainEnvironment,
  found: FoundEntity,
  sent: SentCreate | null,
  hasOtherLinks: boolean,
): Promise<Origin> {
  const key = { targetNo: env.targetNo, type: env.typeCode, targetKey: found.entity.id, sourceNo: env.sourceNo };
  if (!hasOtherLinks && (await isOriginKept(env.services.pool, key))) return 'created';
  return sent === null ? 'existedBefore' : proveOrigin(env, sent, found, hasOtherLinks);
}

/** The rival that holds the target entity, or that none does (CNF-10), or that it is not to be told before the second pass. */
async function judgeRivals(env: DrainEnvironment, rivals: readonly OtherLink[]): Promise<'free' | 'wait' | OtherLink> {
  for (const rival of rivals) {
    if (rival.presence === 'absent') continue;
    if (!env.late) return 'wait';
    if (!(await isGone(env, rival))) return rival;
  }
  return 'free';
}

/**
 * CNF-10: another entity of the same source holds the link. Gone from the source → the person was created anew with another id, the
 * target entity is taken over (the old link goes in the absence phase, DEL-20). After a full read it is gone only if that missed it *and*
 * the source says so of this very entity: one deletion and one addition between two pages hide a present person from every count. A delta
 * read says nothing of who is gone, so there the source's word alone decides; a source that cannot be asked keeps the rival.
 */
async function isGone(env: DrainEnvironment, rival: OtherLink): Promise<boolean> {
  const { context } = env.tools;
  const isDelta = context.mode === 'delta';
  if (isDelta && !context.source.capabilities.readOne) return false;
  if (!isDelta && !(await wasMissed(env.services.pool, env.runKey, env.typeCode, rival.entityNo))) return false;
  if ((await confirmAbsence(context, env.type, rival.nativeId ?? rival.sourceKey, env.stop)) !== 'absent') return false;
  // No full read comes to say it: without the mark the rival would go on being written into an account that is not his.
  if (isDelta) await markOneAbsent(env.services.pool, rival);
  return true;
}

/** The update mappings run, not those of scope `createEntity` (CNF-9). */
async function overwrite(
  env: DrainEnvironment,
  work: Work,
  found: FoundEntity,
  { origin, isNew }: { readonly origin: Origin; readonly isNew: boolean },
  afterFailure: LinkWrite | null,
): Promise<Settlement> {
  const startedMs = Date.now();
  const mapped = mapForUpdate(env, work, found.entity.id);
  if ('message' in mapped) return unmappable(work, 'adopt', mapped, afterFailure);
  // Switching somebody's account off is for the governor to let through (GOV-1): it is linked, and offered once more as what it is, an update.
  if (!isNew && env.sink.weighsDisables && disables(found.entity.body, mapped.storable))
    return settlement(work, { kind: 'released' }, { link: linkAsFound(env, found, origin) });
  work.document = mapped;
  try {
    if (isNew) await completeCreate(env, work, found.entity.id);
    const change = wholeChange(env, work, mapped.body);
    const written = await withNotedMembers(env, work, found.entity.id, change, (exact) =>
      send(env, work, 'idempotent-write', (options) =>
        env.connector.update(env.type, found.entity.id, exact, {
          ...options,
          ...(found.entity.version !== undefined && { etag: found.entity.version }),
        }),
      ),
    );
    // An account that our own lost request made counts as Created, one that was there as Updated (CNF-1, RTY-7), also if it has been ours.
    const log = {
      operation: 'adopt',
      result: isNew ? 'created' : 'updated',
      code: null,
      message: null,
      durationMs: Date.now() - startedMs,
    } as const;
    return settleWritten(env, work, {
      targetKey: written.id,
      origin,
      mapped,
      etag: written.version ?? null,
      entity: written.entity,
      isNew,
      log,
    });
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    // Gone since it was found: the second pass creates it.
    if (error.kind === 'notFound' && !env.late) return settlement(work, { kind: 'late' }, { link: afterFailure });
    return failed(work, 'adopt', error, afterFailure);
  }
}

/** A create of ours that takes several requests may have stopped between two of them; what only a create sets is set now (CONN-AD-33). */
async function completeCreate(env: DrainEnvironment, work: Work, targetKey: string): Promise<void> {
  const { connector, type } = env;
  if (connector.completeCreate === undefined) return;
  const mapped = mapForCreate(env, work);
  // Its creates cannot be mapped any more: what updates set is all there is.
  if ('message' in mapped) return;
  await send(env, work, 'idempotent-write', async (options) =>
    connector.completeCreate?.(type, targetKey, mapped.body, options),
  );
}
