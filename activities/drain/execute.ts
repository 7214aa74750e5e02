import type { Change } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { LinkWrite } from '../../state/drain/link-writes.js';
import { adoptOnly, createsNothing, readopt } from './adopt-only.js';
import { combineParts } from './combine-parts.js';
import { applicationGroup, changeOf, sharesGroups } from './change.js';
import { adoptApproved, create, recreate, resolveIntent } from './create.js';
import { withTargetLock } from './group-lock.js';
import { withNotedMembers, writesMembersOnly } from './members-only.js';
import { failed } from './outcomes.js';
import { settleWritten } from './settle-written.js';
import { withApproved } from '../plan/approved-end.js';
import { waitForValue } from './swap.js';
import { NotSentError, settlement, tagOf } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { writeBackAlone } from './write-back.js';
import { send } from './write-errors.js';

/** True when the action of a pair sends something to the target. */
export function sends(work: Work): boolean {
  return ['update', 'create', 'resolve', 'writeBack'].includes(work.evaluation.action);
}

/** The settlement of a pair that needs no request. */
export function settleLocally(env: DrainEnvironment, work: Work): Settlement {
  if (work.parts.length > 0)
    return combineParts(
      work,
      work.parts.map((part) => part.result ?? settleLocally(env, part)),
    );
  const { action } = work.evaluation;
  const program = env.tools.target.snapshot.programNumber;
  if (action === 'drop')
    return settlement(work, { kind: 'settled' }, { link: work.pair.link === null ? null : { kind: 'removed' } });
  if (action === 'markSkipped') {
    return settlement(
      work,
      { kind: 'settled' },
      { link: { kind: 'skipped', commonHash: work.pair.commonHash, program } },
    );
  }
  const outOfScope = action === 'markOutOfScope' || work.pair.link?.outOfScope === true;
  const link = restated(work, program, outOfScope);
  const references = work.evaluation.update?.references ?? null;
  return settlement(work, { kind: 'settled' }, { link, references });
}

/** The link as it is, under the program of this run. */
function restated(work: Work, program: number, outOfScope: boolean): LinkWrite | null {
  const link = work.pair.link;
  if (link?.state !== 'linked' || link.targetKey === null) return null;
  const present = work.pair.presence === 'present';
  return {
    kind: 'linked',
    targetKey: link.targetKey,
    origin: link.origin ?? 'existedBefore',
    commonHash: present ? work.pair.commonHash : link.commonHash,
    // The same as stored, but for an echo of a write-back (ORD-12).
    targetHash: work.evaluation.update?.hash ?? link.targetHash,
    program,
    outOfScope,
    etag: link.etag,
    body: null,
    groupsDue: link.groupsDue,
  };
}

/** Sends what a pair needs. Throws TargetThrottledError, TargetFailedError or NotSentError for what concerns more than this pair. */
export async function execute(env: DrainEnvironment, work: Work): Promise<Settlement> {
  if (work.parts.length > 0) return withApproved(work, await executeParts(env, work));
  return withApproved(work, withWithheld(work, await executeOne(env, work)));
}

/** One after the other, and one that fails for itself keeps none of the others back. What has ended is known whatever comes after it. */
async function executeParts(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const ends: Settlement[] = [];
  for (const part of work.parts) {
    part.approved = work.approved;
    part.isShared = work.isShared;
    part.result ??= sends(part) ? await executeOne(env, part) : settleLocally(env, part);
    ends.push(part.result);
  }
  return combineParts(work, ends);
}

async function executeOne(env: DrainEnvironment, work: Work): Promise<Settlement> {
  try {
    return await dispatch(env, work);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return failed(work, work.evaluation.action === 'update' ? 'update' : 'create', error);
  }
}

/** A group that lost nobody yet: it is out of step on purpose, until the removal is decided (GOV-4). */
function withWithheld(work: Work, result: Settlement): Settlement {
  const { withheld } = work;
  if (withheld === null || result.end.kind !== 'settled' || result.link?.kind !== 'linked') return result;
  const change = { ...withheld, linkVersion: (work.pair.link?.version ?? 0) + 1 };
  const link = { ...result.link, commonHash: null, targetHash: null };
  return { ...result, link, change, end: { kind: 'held', class: withheld.class } };
}

async function dispatch(env: DrainEnvironment, work: Work): Promise<Settlement> {
  switch (work.evaluation.action) {
    case 'update':
      return parked(env, work, 'update') ?? updateAlone(env, work);
    case 'create':
      if (work.adopts !== null) return adoptApproved(env, work, work.adopts);
      return createsNothing(env) ? adoptOnly(env, work) : create(env, work);
    case 'resolve':
      return resolveIntent(env, work);
    case 'writeBack':
      return writeBackAlone(env, work);
    default:
      throw new NotSentError(`the action ${work.evaluation.action} sends nothing`);
  }
}

/**
 * SKP-7, WRT-8: an operation that the transformation skips or the group forbids. The stored hash stays, so that the entity is written when
 * that changes. Undefined: it may be carried out.
 */
export function parked(env: DrainEnvironment, work: Work, operation: 'create' | 'update'): Settlement | undefined {
  if (applicationGroup(env, work) === 'readOnly')
    return settlement(work, {
      kind: 'parked',
      reason: `Operation [${operation}] is not supported by the group: it is readOnly`,
    });
  if (operation === 'create' || !env.program.skipOperations.has('update')) return undefined;
  return settlement(work, { kind: 'parked', reason: 'Operation [update] is skipped in target transformation' });
}

/**
 * Where users are assigned to groups by variables, a group is locked against them while it is written, and where several sources have one
 * target entity, the entity against the others (SYS-12, CNF-11). Who has put whom into a group of others is told by reading it before, so
 * nobody of ours writes it in between.
 */
async function updateAlone(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const targetKey = work.pair.link?.targetKey ?? null;
  if (targetKey === null || !(work.isShared || sharesGroups(env) || writesMembersOnly(env))) return update(env, work);
  return withTargetLock(env, work, { type: env.typeCode, targetKey }, () => update(env, work));
}

/** WRT-8. */
const GONE = {
  errorClass: 'missingReference',
  code: '404',
  message:
    'The application-specific group does not exist in the target any more; it is the application that has to create it again',
} as const;

/** What becomes of a pair whose target entity is gone: it is created anew, unless only its owner can do that, who may have done so. */
function afterGone(env: DrainEnvironment, work: Work): Settlement | Promise<Settlement> {
  if (applicationGroup(env, work) !== undefined) return failed(work, 'update', GONE);
  return writesMembersOnly(env) ? readopt(env, work) : recreate(env, work);
}

async function update(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const link = work.pair.link;
  const mapped = work.evaluation.update;
  if (link === null || link.targetKey === null || mapped === null)
    throw new Error(`pair of entity ${work.row.entityNo} has nothing to update`);
  const targetKey = link.targetKey;
  work.document = mapped;
  const startedMs = Date.now();
  const change = changeOf(env, work, mapped.body);
  const write = (exact: Change, etag: string | null): ReturnType<typeof env.connector.update> =>
    send(env, work, env.tools.target.capabilities.updateMode === 'patch' ? 'patch' : 'idempotent-write', (options) =>
      env.connector.update(env.type, targetKey, exact, {
        ...options,
        ...(etag !== null && { etag }),
      }),
    );
  try {
    const result = await withNotedMembers(env, work, targetKey, change, (exact) =>
      write(exact, tagOf(work, link)).catch((error: unknown) =>
        afterPrecondition(env, work, targetKey, error, (etag) => write(exact, etag)),
      ),
    );
    const log = {
      operation: 'update',
      result: 'updated',
      code: null,
      message: null,
      durationMs: Date.now() - startedMs,
    } as const;
    return await settleWritten(env, work, {
      // Where the identifier is a name, the change may have given it another one.
      targetKey: result.id,
      origin: link.origin ?? 'existedBefore',
      mapped,
      etag: result.version ?? null,
      entity: result.entity,
      isNew: link.groupsDue,
      isRenamed: result.id !== targetKey,
      log: result.applied === 'none' && mapped.memberships === undefined && !link.groupsDue ? null : log,
    });
  } catch (error) {
    if (isConnectorError(error) && error.kind === 'notFound') return await afterGone(env, work);
    if (isConnectorError(error) && error.kind === 'conflict') return waitForValue(env, work, mapped.body, error);
    if (isConnectorError(error)) return failed(work, 'update', error);
    throw error;
  }
}

/** The entity moved since we saw it: its tag is read again, once (CONN-SCIM-64). */
export async function afterPrecondition<T>(
  env: DrainEnvironment,
  work: Work,
  targetKey: string,
  error: unknown,
  write: (etag: string | null) => Promise<T>,
): Promise<T> {
  if (!isConnectorError(error) || error.kind !== 'precondition' || env.sink.isExact) throw error;
  const current = await send(env, work, 'read', (options) => env.connector.readOne(env.type, targetKey, options));
  return write(current?.version ?? null);
}
