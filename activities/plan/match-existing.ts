import type { Match, NativeEntity } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import { containsContent } from '../../core/sync/contains.js';
import type { MatchOutcome } from '../../core/plan/change.js';
import type { JsonObject } from '../../core/json.js';
import { sentDocument } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';

/** What a match report says of an entity without a link (PLN-14). */
export interface FoundMatch {
  readonly outcome: MatchOutcome;
  /** The account that would be taken over. */
  readonly entity: NativeEntity | null;
  /** Attributes by which it was found, or looked for. */
  readonly by: readonly string[];
  /** Why it is not clear; ids of the target, no attribute values. */
  readonly note: string | null;
}

/** Entities looked up under one look at the lease. */
const PORTION = 64;
/** Look-ups under way at once, where the connector asks for one after the other. */
const LANES = 8;
const MAX_IDS = 5;

/**
 * Looks for the accounts of entities that would be created, several with one request where the connector can. Works for which the lease
 * leaves no time are not in the result: they are offered again.
 */
export async function matchExisting(
  env: DrainEnvironment,
  works: readonly Work[],
): Promise<ReadonlyMap<Work, FoundMatch>> {
  const found = new Map<Work, FoundMatch>();
  const { requestTimeoutMs } = env.tools.target.capabilities;
  for (let at = 0; at < works.length; at += PORTION) {
    const portion = works.slice(at, at + PORTION);
    if (at > 0 && portion[0]?.clock.allows(requestTimeoutMs) !== true) break;
    const matches = await matchPortion(env, portion);
    portion.forEach((work, index) => {
      const match = matches[index];
      if (match !== undefined) found.set(work, match);
    });
  }
  return found;
}

async function matchPortion(env: DrainEnvironment, works: readonly Work[]): Promise<FoundMatch[]> {
  const [first] = works;
  if (first === undefined) return [];
  const keys = env.connector.uniqueKeys(env.type);
  const { connector, type } = env;
  if (connector.matchExisting !== undefined) {
    try {
      const documents = works.map(documentOf);
      const matches = await send(env, first, 'read', async (options) =>
        connector.matchExisting?.(type, documents, keys, options),
      );
      if (matches !== undefined) return matches.map((match) => toFound(env, match, keys));
    } catch (error) {
      // One entity that cannot be looked for says nothing of the others.
      if (!isConnectorError(error)) throw error;
    }
  }
  return matchEach(env, works, keys);
}

async function matchEach(
  env: DrainEnvironment,
  works: readonly Work[],
  keys: readonly string[],
): Promise<FoundMatch[]> {
  const found: FoundMatch[] = [];
  const queue = [...works.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, work] = next;
      found[index] = await matchOne(env, work, keys);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}

async function matchOne(env: DrainEnvironment, work: Work, keys: readonly string[]): Promise<FoundMatch> {
  try {
    const match = await send(env, work, 'read', (options) =>
      env.connector.resolveExisting(env.type, documentOf(work), keys, options),
    );
    return toFound(env, match, keys);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    const note = `it could not be looked for: ${error.adminMessage}`;
    return { outcome: 'ambiguous', entity: null, by: keys, note };
  }
}

function documentOf(work: Work): JsonObject {
  return work.create === null ? {} : sentDocument(work.create);
}

function toFound(env: DrainEnvironment, match: Match, keys: readonly string[]): FoundMatch {
  switch (match.outcome) {
    case 'none':
      return { outcome: 'create', entity: null, by: keys, note: null };
    case 'one':
      return isTakenOver(env)
        ? { outcome: 'adopt', entity: match.entity, by: keys, note: null }
        : { outcome: 'invisible', entity: null, by: keys, note: `${match.entity.id}: ${NOT_LOOKED_FOR}` };
    case 'many':
      return { outcome: 'ambiguous', entity: null, by: keys, note: severalNote(match.ids, keys) };
    case 'hidden':
      return {
        outcome: 'invisible',
        entity: null,
        by: [match.by],
        note: `${match.id} has the ${match.by}, and is not found by ${keys.join(', ')}`,
      };
  }
}

const NOT_LOOKED_FOR = 'the account is there, and the target is configured not to take over users that exist';

/** CNF-6. */
function isTakenOver(env: DrainEnvironment): boolean {
  return env.type !== 'user' || env.tools.target.capabilities.conflictResolution;
}

function severalNote(ids: readonly string[], keys: readonly string[]): string {
  const more = ids.length > MAX_IDS ? ` and ${ids.length - MAX_IDS} more` : '';
  return `several accounts have the same ${keys.join(', ')}: ${ids.slice(0, MAX_IDS).join(', ')}${more}`;
}

/** What an account holds of what would be written into it; what it says in another form, too, counts as the same. */
export function heldContent(account: JsonObject, planned: JsonObject): JsonObject {
  const held: JsonObject = {};
  for (const [name, value] of Object.entries(planned)) {
    const now = containsContent(account, { [name]: value }) ? value : account[name];
    if (now !== undefined) held[name] = now;
  }
  return held;
}
