import { isConnectorError } from '../../connectors/errors.js';
import type { ConfirmationLimit } from '../../connectors/capability-rules.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import { listDelivered } from '../../state/absence/delivered.js';
import type { DrainEnvironment } from '../drain/work.js';

/** Fewer are asked for one by one: the proof and the witnesses would cost as much. */
const WORTH_IT = 4;
/** Ids known to be there that each question carries, one at each end of its filter. */
const WITNESSES = 2;

/** True when the source can be asked for several entities of the type with one request (DEL-23). */
export function asksTogether(env: DrainEnvironment): boolean {
  return limitOf(env) !== undefined;
}

function limitOf({ tools: { context }, type }: DrainEnvironment): ConfirmationLimit | undefined {
  const { capabilities, connector } = context.source;
  return connector.readPresent === undefined ? undefined : capabilities.confirmsTogether?.[type];
}

/**
 * Entities that the source declares absent when it is asked for several with one request. A server that answers such a question wrongly must
 * never cost anybody the account, so nothing is taken from an answer without proof: once for the run a question of the same length for entities that the run
 * has just been given, all of which have to come back; and in each question two of them, at both ends of its filter. Whoever is found, or not to
 * be told, is missing in the result and is asked for alone.
 */
export async function confirmTogether(env: DrainEnvironment, pairs: readonly StoredPair[]): Promise<Set<number>> {
  const absent = new Set<number>();
  const limit = limitOf(env);
  if (limit === undefined || pairs.length < WORTH_IT) return absent;
  const known = await listDelivered(env.services.pool, env.runKey, env.typeCode, limit.entities);
  const witnesses = fitting(known, limit);
  const proven = await prove(env, witnesses);
  if (proven <= WITNESSES) return absent;
  const questions = inQuestions(pairs, { ...limit, entities: Math.min(limit.entities, proven) - WITNESSES });
  const ends = [witnesses[0] ?? '', witnesses[witnesses.length - 1] ?? ''] as const;
  await Promise.all(
    questions.map(async (question) => {
      const present = await ask(env, [ends[0], ...question.map(idOf), ends[1]]);
      if (present === null || !present.has(ends[0]) || !present.has(ends[1])) return;
      for (const pair of question) if (!present.has(idOf(pair))) absent.add(pair.entityNo);
    }),
  );
  return absent;
}

/** How many entities a question may hold by what the source has proven in this run; 0: none. */
function prove(env: DrainEnvironment, witnesses: readonly string[]): Promise<number> {
  const { proofs } = env.tools.context;
  const proof =
    proofs.get(env.type) ??
    ask(env, witnesses).then((present) =>
      present !== null && witnesses.every((id) => present.has(id)) ? witnesses.length : 0,
    );
  proofs.set(env.type, proof);
  return proof;
}

/** Null: the answer says nothing. What goes wrong with a question for several is no failure: each can be asked for alone. */
async function ask(env: DrainEnvironment, ids: readonly string[]): Promise<ReadonlySet<string> | null> {
  const { connector } = env.tools.context.source;
  if (ids.length <= WITNESSES || new Set(ids).size < ids.length) return null;
  try {
    return (await connector.readPresent?.(env.type, ids, { signal: env.stop })) ?? null;
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return null;
  }
}

/** As many of these ids as one question may hold. */
function fitting(ids: readonly string[], limit: ConfirmationLimit): string[] {
  let characters = 0;
  return ids.slice(0, limit.entities).filter((id) => {
    characters += id.length;
    return characters <= limit.characters;
  });
}

function inQuestions(pairs: readonly StoredPair[], limit: ConfirmationLimit): StoredPair[][] {
  const questions: StoredPair[][] = [];
  let characters = Infinity;
  for (const pair of pairs) {
    const last = questions.at(-1);
    characters += idOf(pair).length;
    if (last === undefined || last.length >= limit.entities || characters > limit.characters) {
      questions.push([pair]);
      characters = idOf(pair).length;
    } else {
      last.push(pair);
    }
  }
  return questions;
}

function idOf({ nativeId, sourceKey }: StoredPair): string {
  return nativeId ?? sourceKey;
}
