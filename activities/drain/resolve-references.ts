import { entityTypeCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ResolveRequest } from '../../core/transform/program.js';
import type { SqlPool } from '../../state/database.js';
import { referenceKey, resolveTargetKeys } from '../../state/drain/references.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import { isStorableKey, legibleKey } from '../support/storable-key.js';
import { runWriteProgram } from './evaluate-pair.js';
import type { EvaluationTools } from './evaluate-pair.js';

/** Target ids by reference key; what is missing is not linked. */
export type KnownReferences = ReadonlyMap<string, readonly string[]>;

const NO_REFERENCES: KnownReferences = new Map();

/**
 * Looks up all references that the programs of these pairs ask for, with one statement: a link-dependent program is run once only to
 * hear what it asks, and again with the answers.
 */
export async function storedReferences(
  pool: SqlPool,
  tools: EvaluationTools,
  type: EntityType,
  pairs: readonly StoredPair[],
): Promise<KnownReferences> {
  return referencesAsked(pool, tools, type, (resolve) => {
    for (const pair of pairs) runWriteProgram(tools, type, pair, resolve);
  });
}

/** Looks up, with one statement, what the programs ask for that `run` runs. */
export async function referencesAsked(
  pool: SqlPool,
  tools: EvaluationTools,
  type: EntityType,
  run: Asking,
): Promise<KnownReferences> {
  const asked = listAsked(tools, type, run);
  if (asked.length === 0) return NO_REFERENCES;
  return resolveTargetKeys(pool, tools.target.snapshot.no, tools.context.source.snapshot.no, asked);
}

/** Runs programs with a resolver that only listens. */
export type Asking = (resolve: (request: ResolveRequest) => readonly (readonly string[])[]) => void;

/** What the programs ask for that `run` runs, each reference once; nothing where the program of the type refers to nobody. */
export function listAsked(tools: EvaluationTools, type: EntityType, run: Asking): AskedReference[] {
  if (tools.target.program.types.get(type)?.linkDependent !== true) return [];
  const asked = new Map<string, AskedReference>();
  run((request) => {
    for (const sourceKey of request.sourceIds) {
      // Nobody has such a key, now or later.
      if (!isStorableKey(sourceKey)) continue;
      const code = entityTypeCode(request.type);
      asked.set(referenceKey(code, sourceKey), { type: code, sourceKey });
    }
    // Any id will do: with none a mandatory reference would fail, and what comes after it would never be asked for.
    return request.sourceIds.map((sourceKey) => [sourceKey]);
  });
  return [...asked.values()];
}

/** A reference to an entity of the source. */
export interface AskedReference {
  readonly type: number;
  readonly sourceKey: string;
}

/** References as one evaluation met them. */
export interface RecordedReferences {
  readonly resolved: { type: number; sourceKey: string }[];
  readonly unresolved: { type: number; sourceKey: string }[];
}

/** Answers from what was looked up and remembers what was asked, for `unresolved_ref` and `link_member`. */
export function recordingResolver(
  known: KnownReferences,
  record: RecordedReferences,
): (request: ResolveRequest) => readonly (readonly string[])[] {
  return (request) => {
    const code = entityTypeCode(request.type);
    return request.sourceIds.map((sourceKey) => {
      const ids = known.get(referenceKey(code, sourceKey)) ?? [];
      if (ids.length > 0) record.resolved.push({ type: code, sourceKey });
      else record.unresolved.push({ type: code, sourceKey: legibleKey(sourceKey) });
      return ids;
    });
  };
}
