import { containsContent } from '../../core/sync/contains.js';
import type { JsonObject } from '../../core/json.js';
import type { Origin } from '../../core/sync/facts.js';
import { databaseNow } from '../../state/clock.js';
import type { DrainEnvironment, FoundEntity } from './work.js';

/** Difference of the clocks of database and target that is still believed. */
const CLOCK_SKEW_MS = 5_000;

/** A create whose answer is not known. */
export interface SentCreate {
  readonly document: JsonObject;
  /** By the database's clock. */
  readonly sentAt: Date;
}

/**
 * Who made a target entity that was found by the keys of a create whose answer got lost (engine invariant 5 ⚠, RTY-5). *created* needs
 * all of: made between sending and the end of the request on a known clock, content as sent, no other link of ours on it. Anything less
 * is *existedBefore*: an account that was there before must never become ours, or its next leaver run deletes a stranger.
 */
export async function proveOrigin(
  env: DrainEnvironment,
  sent: SentCreate,
  found: FoundEntity,
  hasOtherLinks: boolean,
): Promise<Origin> {
  const { creationTimeGranularityMs, requestTimeoutMs } = env.tools.target.capabilities;
  if (creationTimeGranularityMs === undefined || found.createdAt === undefined || hasOtherLinks) return 'existedBefore';
  const createdMs = await onDatabaseClock(env, found.createdAt);
  const sentMs = sent.sentAt.getTime();
  const inWindow =
    createdMs >= sentMs - creationTimeGranularityMs && createdMs <= sentMs + requestTimeoutMs + CLOCK_SKEW_MS;
  return inWindow && containsContent(found.entity.body, sent.document) ? 'created' : 'existedBefore';
}

/** True unless the target's clock says that the entity is older than this moment. */
export async function mayBeMadeSince(env: DrainEnvironment, found: FoundEntity, since: Date): Promise<boolean> {
  const { creationTimeGranularityMs } = env.tools.target.capabilities;
  if (creationTimeGranularityMs === undefined || found.createdAt === undefined) return true;
  const createdMs = await onDatabaseClock(env, found.createdAt);
  return createdMs >= since.getTime() - creationTimeGranularityMs - CLOCK_SKEW_MS;
}

/**
 * Connectors tell creation times by the clock of this process, intents carry the database's. On a machine whose clock is fast a stranger's
 * account would look as young as a create of ours. Milliseconds since 1970, never later than it was.
 */
async function onDatabaseClock(env: DrainEnvironment, createdAt: string): Promise<number> {
  const { pool, deps } = env.services;
  const now = await databaseNow(pool);
  return Date.parse(createdAt) - (deps.clock().getTime() - now.getTime());
}
