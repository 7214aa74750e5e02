import type { Origin } from '../../core/sync/facts.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { Resolution, WriteResult } from '../../connectors/contract.js';
import { otherLinks, wasMissed } from '../../state/drain/claims.js';
import { intentKey, writeCreateIntents } from '../../state/drain/link-writes.js';
import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { JsonObject } from '../../core/json.js';
import { pause } from '../support/run-watch.js';
import { notApplied } from '../plan/approved-end.js';
import { contentOf, differenceFrom } from '../plan/drift.js';
import { adopt } from './adopt.js';
import { intentOf, openSentDocument } from './intents.js';
import { proveOrigin } from './origin.js';
import type { SentCreate } from './origin.js';
import { failed, mapForCreate, mapForUpdate, unmappable } from './outcomes.js';
import type { Failure } from './outcomes.js';
import { settleWritten } from './settle-written.js';
import { isStillThere } from './still-there.js';
import { mayCreate, NotSentError, sentDocument, settlement } from './work.js';
import type { DrainEnvironment, FoundEntity, Work } from './work.js';
import { send, widen } from './write-errors.js';

/** Wait before a create of unknown outcome is looked for: the server may still be working on it. */
const UNKNOWN_OUTCOME_WAIT_MS = 1_000;
/** A create whose answer is lost this often in one run is left to the next one. */
const MAX_LOST_ANSWERS = 3;

/** Sends a create whose intent is committed. A conflict leads to adoption (CNF-1), a lost answer to a search for what it made (RTY-5). */
export async function create(env: DrainEnvironment, work: Work): Promise<Settlement> {
  for (let lost = 0; ; lost += 1) {
    const startedMs = Date.now();
    const mapped = work.create;
    const sentAt = work.intentAt;
    if (mapped === null || sentAt === null) throw new NotSentError('the intent of a create is not committed');
    work.document = mapped;
    try {
      const result = await send(env, work, 'create', (options) => env.connector.create(env.type, mapped.body, options));
      return created(env, work, result, Date.now() - startedMs);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      if (error.kind === 'conflict' && lost === 0 && work.approved?.match === 'create')
        return {
          ...notApplied(work, 'drifted', 'an account with this unique attribute has come since the match report'),
          link: turnedBack(work),
        };
      if (error.kind === 'conflict')
        return adoptConflicting(env, work, error, lost > 0 ? { document: sentDocument(mapped), sentAt } : null);
      if (error.outcome === 'not-applied') return failed(work, 'create', error, turnedBack(work));
      work.inDoubt = true;
      if (lost + 1 >= MAX_LOST_ANSWERS) return givenUp(work, error);
      await pause(UNKNOWN_OUTCOME_WAIT_MS, env.stop);
      const found = await lookUp(env, work, sentDocument(mapped));
      if (found.outcome === 'one') return adopt(env, work, found, { document: sentDocument(mapped), sentAt });
      if (found.outcome === 'many') return failed(work, 'create', tooMany(found.ids.length));
    }
  }
}

/** A pair with a create intent of an earlier attempt: what was sent is looked for before anything else happens (engine invariant 4). */
export async function resolveIntent(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const sent = openSentDocument(env, work);
  const found: Resolution = sent === null ? { outcome: 'none' } : await lookUp(env, work, sent.document);
  if (found.outcome === 'many') return failed(work, 'create', tooMany(found.ids.length));
  const wanted = work.pair.presence === 'present' && work.evaluation.accepted;
  const isUnseen = wanted && !(mayCreate(env, work) && (await isStillThere(env, work)));
  if (found.outcome === 'one' && isUnseen) return linkUnseen(env, work, found, sent);
  if (found.outcome === 'one' && wanted) return adopt(env, work, found, sent);
  if (found.outcome === 'one') return linkUnwanted(env, work, found, sent);
  if (isUnseen) return settlement(work, { kind: 'waiting' });
  if (wanted) return createAfterIntent(env, work);
  const link = work.pair.presence === 'present' ? skippedLink(env, work) : ({ kind: 'removed' } as const);
  return settlement(work, { kind: 'settled' }, { link });
}

/** The target entity of a linked pair is gone: it is created anew under a committed intent (CHG-7), if the source still has it and the governor lets it. */
export async function recreate(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const refused = (await isStillThere(env, work))
    ? await env.sink.admitRecreate(env, work)
    : settlement(work, { kind: 'waiting' });
  return refused === undefined ? createAfterIntent(env, work) : { ...refused, link: { kind: 'gone' } };
}

async function createAfterIntent(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const mapped = work.create ?? mapForCreate(env, work);
  if ('message' in mapped) return unmappable(work, 'create', mapped);
  work.create = mapped;
  const pair = { targetNo: env.targetNo, type: env.typeCode };
  const intent = intentOf(env, work, mapped);
  const committed = await writeCreateIntents(env.services.pool, pair, work.token, [intent]);
  const intentAt = committed.get(intentKey(intent));
  if (intentAt === undefined) throw new NotSentError('the lease was lost');
  work.intentAt = intentAt;
  return create(env, work);
}

/** Only a 201 makes the entity ours (engine invariant 5): a server that answers otherwise may have overwritten one that was there. */
async function created(
  env: DrainEnvironment,
  work: Work,
  result: WriteResult,
  durationMs: number,
): Promise<Settlement> {
  const mapped = mapForUpdate(env, work, result.id);
  // The create is done; a mapping that fails only for updates will say so when there is one. What was sent is what is known.
  const known = 'message' in mapped ? work.create : mapped;
  if (known === null) throw new NotSentError('nothing is mapped for a create');
  const isOurs = result.applied === 'created';
  const log = {
    operation: 'create',
    result: isOurs ? 'created' : 'updated',
    code: null,
    message: null,
    durationMs,
  } as const;
  const origin = isOurs ? 'created' : 'existedBefore';
  return settleWritten(env, work, {
    targetKey: result.id,
    origin,
    mapped: known,
    etag: result.version ?? null,
    entity: result.entity,
    isNew: isOurs,
    log,
  });
}

/** The intent stays: the next run looks for what was sent. Connection-level causes end the target (ORD-7). */
function givenUp(work: Work, error: ConnectorError): Settlement {
  const wider = widen(error);
  if (wider !== error) throw wider;
  return failed(work, 'create', error);
}

/** A refused create left nothing behind, unless one before it, whose answer got lost, did: that one's intent stays (engine invariant 4). */
function turnedBack(work: Work): LinkWrite | null {
  return work.inDoubt ? null : { kind: 'removed' };
}

async function adoptConflicting(
  env: DrainEnvironment,
  work: Work,
  conflict: ConnectorError,
  sent: SentCreate | null,
): Promise<Settlement> {
  if (env.type === 'user' && !env.tools.target.capabilities.conflictResolution) {
    const failure = { errorClass: 'conflict', code: '409, uniqueness', message: conflict.adminMessage } as const;
    return failed(work, 'create', failure, turnedBack(work));
  }
  const found = await lookUp(env, work, work.create === null ? {} : sentDocument(work.create));
  if (found.outcome === 'one') return adopt(env, work, found, sent);
  if (found.outcome === 'many') return failed(work, 'create', tooMany(found.ids.length), turnedBack(work));
  const keys = env.connector.uniqueKeys(env.type).join(', ');
  const message = `Entity create failed with "Entity already exists"; it was not found by the configured unique attribute (${keys})`;
  return failed(work, 'create', { errorClass: 'conflict', code: '409', message }, turnedBack(work));
}

/** Takes over the very account that somebody has seen in a match report (PLN-14); another one, or none, is not what was approved. */
export async function adoptApproved(env: DrainEnvironment, work: Work, targetKey: string): Promise<Settlement> {
  const found = await lookUp(env, work, work.create === null ? {} : sentDocument(work.create));
  if (found.outcome !== 'one' || found.entity.id !== targetKey)
    return notApplied(work, 'drifted', 'the account that was to be taken over is not found any more, or not alone');
  const { approved } = work;
  const mapped = mapForUpdate(env, work, targetKey);
  const sent = 'message' in mapped ? undefined : mapped.storable;
  const drift =
    approved === null ? undefined : differenceFrom(contentOf(env, work, approved, sent), found.entity.body, approved);
  return drift === undefined ? adopt(env, work, found, null) : notApplied(work, 'drifted', drift);
}

/**
 * By the unique attributes, or by the key that a connector has of its own; one that has neither finds an entity by the id that the
 * transformation supplies (CNF-7, SKP-6).
 */
export async function lookUp(env: DrainEnvironment, work: Work, document: JsonObject): Promise<Resolution> {
  const keys = env.connector.uniqueKeys(env.type);
  const found = await send(env, work, 'read', (options) =>
    env.connector.resolveExisting(env.type, document, keys, options),
  );
  const suppliedId = keys.length > 0 || found.outcome !== 'none' ? undefined : suppliedIdOf(env, work);
  if (suppliedId === undefined) return found;
  const entity = await send(env, work, 'read', (options) => env.connector.readOne(env.type, suppliedId, options));
  return entity === null ? found : { outcome: 'one', entity };
}

/** The variable `entityIdTargetSystem` as the mappings of a create set it (VAR-4). */
function suppliedIdOf(env: DrainEnvironment, work: Work): string | undefined {
  const mapped = work.create ?? mapForCreate(env, work);
  return 'message' in mapped ? undefined : mapped.targetId;
}

/** More than one answer where there may be one. */
export function tooMany(count: number): Failure {
  return {
    errorClass: 'conflict',
    code: 'tooMany',
    message: `${count} target entities have the same unique attribute: it is not unique (tooMany)`,
  };
}

/** Found, but not wanted any more: linked and out of scope, so that the absence phase takes it if it is ours. */
async function linkUnwanted(
  env: DrainEnvironment,
  work: Work,
  found: FoundEntity,
  sent: SentCreate | null,
): Promise<Settlement> {
  const origin = await originAmong(env, found, sent, await linksOn(env, work, found));
  const { commonHash } = work.pair;
  return settlement(
    work,
    { kind: 'settled' },
    { link: unwritten(env, found, origin, { commonHash, outOfScope: true }) },
  );
}

/**
 * Found, for somebody whom this run has not delivered (yet) and who may have left: like a create, nothing is written for such a person ⚠, or
 * the account of a stranger gets the data of somebody who is not there any more. The second pass knows who was delivered: whom a complete
 * read has missed is linked by what can be proved, so that the absence phase deletes what is ours and lets go what is not. In every
 * other case the intent stays for the next run.
 */
async function linkUnseen(
  env: DrainEnvironment,
  work: Work,
  found: FoundEntity,
  sent: SentCreate | null,
): Promise<Settlement> {
  const isFull = env.tools.context.mode === 'full';
  if (isFull && !env.late) return settlement(work, { kind: 'late' });
  const isMissed = isFull && (await wasMissed(env.services.pool, env.runKey, env.typeCode, work.row.entityNo));
  const others = await linksOn(env, work, found);
  if (!isMissed || others > 0) return settlement(work, { kind: 'waiting' });
  const origin = await originAmong(env, found, sent, others);
  const link = unwritten(env, found, origin, { commonHash: null, outOfScope: false });
  return settlement(work, { kind: 'waiting' }, { link });
}

/** Other links of ours on the account that was found. */
async function linksOn(env: DrainEnvironment, work: Work, found: FoundEntity): Promise<number> {
  const key = { targetNo: env.targetNo, type: env.typeCode, targetKey: found.entity.id };
  return (await otherLinks(env.services.pool, key, work.row.entityNo)).length;
}

async function originAmong(
  env: DrainEnvironment,
  found: FoundEntity,
  sent: SentCreate | null,
  others: number,
): Promise<Origin> {
  return sent === null ? 'existedBefore' : proveOrigin(env, sent, found, others > 0);
}

/** A link to an account into which nothing was written. */
function unwritten(
  env: DrainEnvironment,
  found: FoundEntity,
  origin: Origin,
  state: { readonly commonHash: Buffer | null; readonly outOfScope: boolean },
): LinkWrite {
  return {
    kind: 'linked',
    targetKey: found.entity.id,
    origin,
    targetHash: null,
    program: env.tools.target.snapshot.programNumber,
    etag: found.entity.version ?? null,
    body: null,
    ...state,
  };
}

function skippedLink(
  env: DrainEnvironment,
  work: Work,
): { kind: 'skipped'; commonHash: Buffer | null; program: number } {
  return { kind: 'skipped', commonHash: work.pair.commonHash, program: env.tools.target.snapshot.programNumber };
}
