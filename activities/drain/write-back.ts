import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import { withRetries } from '../../connectors/retry.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { documentWith, valueAt } from '../../core/write-back.js';
import type { WriteBackRule } from '../../core/write-back.js';
import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { Settlement } from '../../state/drain/settle.js';
import { sameHash } from '../support/hashing.js';
import { pause } from '../support/run-watch.js';
import { retriesOf } from '../support/retries.js';
import { NotSentError, settlement } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { send } from './write-errors.js';

/** Status under which a write-back that failed is counted (ORD-12). */
const WRITE_BACK_FAILED = '432';

/** The write-back of a pair that is in step otherwise: an earlier one failed, or the source has lost or changed the value. */
export async function writeBackAlone(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const targetKey = work.pair.link?.targetKey;
  if (targetKey === undefined || targetKey === null) throw new NotSentError('there is nothing to write back');
  const startedMs = Date.now();
  const entity = await readTarget(env, work, targetKey);
  const done = settlement(work, { kind: 'settled' });
  // The account is gone: nothing can be written back any more, and looking after it is the business of an update (CHG-7).
  if (entity === undefined) return { ...done, writeBack: { targetHash: null, stored: false } };
  const log = { operation: 'update', result: 'updated', code: null, message: null } as const;
  return writeBack(env, work, { ...done, log: { ...log, durationMs: Date.now() - startedMs } }, { targetKey, entity });
}

/**
 * Stores what the target returned in the source, when that has no value or another one (ORD-12). The entity is written by now: whatever
 * comes of this, its link is kept, and the pair stays due until the source has the value.
 */
export async function writeBack(
  env: DrainEnvironment,
  work: Work,
  done: Settlement,
  written: { readonly targetKey: string; readonly entity?: JsonObject | undefined },
): Promise<Settlement> {
  const rule = env.writeBack;
  if (rule === undefined || done.end.kind !== 'settled') return done;
  // Until the value is known nobody could tell that something is missing: the pair is written once more.
  work.unfinished = { ...done, link: neverInStep(done.link) };
  const value = (await answered(env, work, rule, written)) ?? null;
  if (value === null) return finished(work, done, null);
  const targetHash = env.tools.hasher.canonical(value);
  if (sameHash(work.writeBackMark?.sourceHash ?? null, targetHash)) return finished(work, done, targetHash);
  // Not stored yet: whoever goes on after an interruption finds the pair due.
  work.unfinished = { ...done, writeBack: { targetHash, stored: false } };
  try {
    await storeInSource(env, work, documentWith(rule.source, value));
  } catch (error) {
    if (!isConnectorError(error) || error.kind === 'cancelled') throw error;
    work.unfinished = null;
    return notStored(done, rule, targetHash, error);
  }
  env.services.deps.reached?.('writtenBack');
  return finished(work, done, targetHash);
}

function neverInStep(link: LinkWrite | null): LinkWrite | null {
  return link?.kind === 'linked' ? { ...link, commonHash: null, targetHash: null } : link;
}

function finished(work: Work, done: Settlement, targetHash: Buffer | null): Settlement {
  work.unfinished = null;
  return { ...done, writeBack: { targetHash, stored: targetHash !== null } };
}

function notStored(done: Settlement, rule: WriteBackRule, targetHash: Buffer, error: ConnectorError): Settlement {
  const log = {
    operation: done.log?.operation ?? 'update',
    result: 'failed',
    code: WRITE_BACK_FAILED,
    message: `The account was written, its ${rule.target.join(':')} could not be stored in the source: ${error.adminMessage}`,
    durationMs: done.log?.durationMs ?? 0,
  } as const;
  return { ...done, end: { kind: 'failed', errorClass: 'writeBack' }, log, writeBack: { targetHash, stored: false } };
}

/** The value that the target has given, asked for where its answer did not hold it: some answer with no more than an id. */
async function answered(
  env: DrainEnvironment,
  work: Work,
  rule: WriteBackRule,
  { targetKey, entity }: { readonly targetKey: string; readonly entity?: JsonObject | undefined },
): Promise<JsonValue | undefined> {
  const told = entity === undefined ? null : valueAt(entity, rule.target);
  if (told !== null) return told;
  const read = await readTarget(env, work, targetKey);
  return read === undefined ? undefined : valueAt(read, rule.target);
}

/** The account as the target has it; undefined when it is gone. */
async function readTarget(env: DrainEnvironment, work: Work, targetKey: string): Promise<JsonObject | undefined> {
  const entity = await send(env, work, 'read', (options) => env.connector.readOne(env.type, targetKey, options));
  return entity?.body;
}

/** Absolute, so that sending it twice does no harm; under the lease of the pair, like everything that is sent for it. */
async function storeInSource(env: DrainEnvironment, work: Work, body: JsonObject): Promise<void> {
  const { source } = env.tools.context;
  const id = work.pair.nativeId ?? work.pair.sourceKey;
  const mayStart = (): void => {
    if (env.stop.aborted) throw new NotSentError('the run was stopped');
    if (!work.clock.allows(source.capabilities.requestTimeoutMs)) throw new NotSentError('the lease ends too soon');
  };
  await withRetries(
    () => source.connector.update(env.type, id, { mode: 'patch', body }, { signal: env.stop, beforeWrite: mayStart }),
    retriesOf(source, env.tools.context, 'write'),
    { operation: 'patch', signal: env.stop, beforeAttempt: mayStart, sleep: (ms) => pause(ms, env.stop) },
  );
}
