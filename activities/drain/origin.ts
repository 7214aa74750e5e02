import { containsContent } from '../../core/sync/contains.js';
import type { JsonObject } from '../../core/json.js';
import type { Origin } from '../../core/sync/facts.js';
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
export function proveOrigin(
  env: DrainEnvironment,
  sent: SentCreate,
  found: FoundEntity,
  hasOtherLinks: boolean,
): Origin {
  const { creationTimeGranularityMs, requestTimeoutMs } = env.tools.target.capabilities;
  if (creationTimeGranularityMs === undefined || found.createdAt === undefined || hasOtherLinks) return 'existedBefore';
  const createdMs = Date.parse(found.createdAt);
  const sentMs = sent.sentAt.getTime();
  const inWindow =
    createdMs >= sentMs - creationTimeGranularityMs && createdMs <= sentMs + requestTimeoutMs + CLOCK_SKEW_MS;
  return inWindow && containsContent(found.entity.body, sent.document) ? 'created' : 'existedBefore';
}

/** True unless the target's clock says that the entity is older than this moment. */
export function mayBeMadeSince(env: DrainEnvironment, found: FoundEntity, since: Date): boolean {
  const { creationTimeGranularityMs } = env.tools.target.capabilities;
  if (creationTimeGranularityMs === undefined || found.createdAt === undefined) return true;
  return Date.parse(found.createdAt) >= since.getTime() - creationTimeGranularityMs - CLOCK_SKEW_MS;
}
