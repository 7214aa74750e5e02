import { isConnectorError } from '../../connectors/errors.js';
import type { CallOptions, Match } from '../../connectors/contract.js';
import { withRetries } from '../../connectors/retry.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { readGate } from '../../state/drain/gate.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { nextUncompared, storeComparisons } from '../../state/simulation/results.js';
import type { Comparison, Uncompared } from '../../state/simulation/results.js';
import { concurrencyOf } from '../drain/breaker.js';
import { notCreated, writesMembersOnly } from '../drain/members-only.js';
import type { DrainEnvironment } from '../drain/work.js';
import { changePlace } from '../plan/describe-change.js';
import { pause } from '../support/run-watch.js';
import { placeOf } from './simulate-writes.js';

/** Lookups in one commit. */
const BATCH_LOOKUPS = 64;

/** How a batch of lookups ended. */
export type ComparisonEnd =
  | { readonly kind: 'more' }
  | { readonly kind: 'over' }
  /** The target wants to be left alone for a while. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** The target does not answer: what was not asked for stays a create. */
  | { readonly kind: 'broken'; readonly message: string };

/**
 * Asks the target for the next entities that would be created, by their unique attributes (JOB-9): whom it has already, a Resync would adopt.
 * Only reads are sent. A target whose gate is closed or whose breaker is open is left alone, and neither moves because of a simulation.
 */
export async function compareCreates(env: DrainEnvironment, fence: RunFence): Promise<ComparisonEnd> {
  const { pool } = env.services;
  const place = placeOf(env);
  const batch = await nextUncompared(pool, place, BATCH_LOOKUPS);
  if (batch.length === 0) return { kind: 'over' };
  const gate = await readGate(pool, env.targetNo);
  if (gate.breaker !== 'closed') return { kind: 'broken', message: gate.reason ?? 'the circuit breaker is open' };
  if (gate.closedForMs > 0) return { kind: 'wait', waitMs: gate.closedForMs };
  const found: Comparison[] = [];
  let broken: string | undefined;
  try {
    await lookUp(env, batch, found);
  } catch (error) {
    env.stop.throwIfAborted();
    if (!isConnectorError(error)) throw error;
    broken = error.adminMessage;
  }
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await storeComparisons(sql, place, found);
  });
  env.services.deps.reached?.('settled');
  return broken === undefined ? { kind: 'more' } : { kind: 'broken', message: broken };
}

/** With as few requests as the target takes; one by one where it knows no other way, or has refused that one. */
async function lookUp(env: DrainEnvironment, batch: readonly Uncompared[], found: Comparison[]): Promise<void> {
  const { connector, type } = env;
  const keys = connector.uniqueKeys(type);
  const documents = batch.map((create) => documentOf(env, create));
  const together = connector.matchExisting?.bind(connector);
  if (together !== undefined) {
    try {
      const matches = await asking(env, (options) => together(type, documents, keys, options));
      batch.forEach(({ sourceKey, part }, index) =>
        found.push({ sourceKey, part, ...toComparison(env, matches[index] ?? NONE, keys) }),
      );
      return;
    } catch (error) {
      // One entity that cannot be looked for says nothing of the others.
      if (!isConnectorError(error)) throw error;
    }
  }
  const queue = [...batch.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, { sourceKey, part }] = next;
      const document = documents[index] ?? {};
      const match = await asking(env, (options) => connector.resolveExisting(type, document, keys, options));
      found.push({ sourceKey, part, ...toComparison(env, match, keys) });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: concurrencyOf(env) }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

const NONE: Match = { outcome: 'none' };

function asking<T>(env: DrainEnvironment, call: (options: CallOptions) => Promise<T>): Promise<T> {
  return withRetries(() => call({ signal: env.stop }), env.retries, {
    operation: 'read',
    signal: env.stop,
    sleep: (ms) => pause(ms, env.stop),
  });
}

function toComparison(
  env: DrainEnvironment,
  answer: Match,
  keys: readonly string[],
): Omit<Comparison, 'sourceKey' | 'part'> {
  const by = keys.join(', ');
  switch (answer.outcome) {
    case 'none':
      return writesMembersOnly(env)
        ? { compared: 'none', targetKey: null, reason: notCreated(env).message, isRefused: true }
        : { compared: 'none', targetKey: null, reason: null };
    case 'one': {
      const reason = `the target has it already (${by}): it would be adopted and updated`;
      return { compared: 'one', targetKey: answer.entity.id, reason };
    }
    case 'hidden': {
      const reason = `${answer.by} belongs to an entity of the target that is not found by ${by}: the create would be refused`;
      return { compared: 'hidden', targetKey: answer.id, reason };
    }
    case 'many': {
      const reason = `${answer.ids.length} target entities have the same unique attribute (${by}): it is not unique`;
      return { compared: 'many', targetKey: null, reason };
    }
  }
}

function documentOf(env: DrainEnvironment, { content, placeNo }: Uncompared): JsonObject {
  if (content === null) return {};
  const after = env.services.linkBodies.open(content, changePlace(env.targetNo, placeNo))['after'];
  return isJsonObject(after) ? after : {};
}
