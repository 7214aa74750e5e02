import { entityTypeOfCode } from '../../core/entity-type.js';
import { resolveTargetKeys, referenceKey } from '../../state/drain/references.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import { findSimulatedCreates, findStaged } from '../../state/simulation/staged-pairs.js';
import type { StagedReferent } from '../../state/simulation/staged-pairs.js';
import { entityPlace } from '../../runtime/sealed-bodies.js';
import { runWriteProgram } from '../drain/evaluate-pair.js';
import { listAsked } from '../drain/resolve-references.js';
import type { AskedReference, KnownReferences } from '../drain/resolve-references.js';
import type { DrainEnvironment } from '../drain/work.js';

/**
 * References as a simulation sees them: who is linked has a target id; whom the simulation creates counts as resolved, under a name of its own
 * (FNC-39). Of types that come first that is known; an entity of the same type may still wait for its turn and is evaluated here, taking its own
 * references as resolved.
 */
export async function simulatedReferences(
  env: DrainEnvironment,
  pairs: readonly StoredPair[],
): Promise<KnownReferences> {
  const asked = listAsked(env.tools, env.type, (resolve) => {
    for (const pair of pairs) runWriteProgram(env.tools, env.type, pair, resolve);
  });
  if (asked.length === 0) return new Map();
  const { pool } = env.services;
  const known = await resolveTargetKeys(pool, env.targetNo, env.sourceNo, asked);
  const missing = asked.filter((one) => !known.has(keyOf(one)));
  const isOver = (one: AskedReference): boolean => one.type < env.typeCode;
  const created = [
    ...(await findSimulatedCreates(pool, env.runKey, env.targetNo, missing.filter(isOver))),
    ...(
      await findStaged(
        pool,
        env.runKey,
        missing.filter((one) => !isOver(one)),
      )
    ).filter((staged) => wouldBeCreated(env, staged)),
  ];
  for (const one of created) known.set(keyOf(one), [`planned:${keyOf(one)}`]);
  return known;
}

function keyOf({ type, sourceKey }: AskedReference): string {
  return referenceKey(type, sourceKey);
}

function wouldBeCreated(env: DrainEnvironment, staged: StagedReferent): boolean {
  const { context, target, entityBodies } = env.tools;
  const program = target.program.types.get(entityTypeOfCode(staged.type));
  if (program === undefined || program.skipOperations.has('create')) return false;
  const common = entityBodies.open(staged.body, entityPlace(context.source.snapshot.no, staged.type, staged.sourceKey));
  if (program.accepts(common, context.evaluation).kind !== 'accepted') return false;
  const outcome = program.write(common, 'create', {
    ...context.evaluation,
    targetId: undefined,
    resolve: (request) => request.sourceIds.map((sourceKey) => [sourceKey]),
  });
  return outcome.kind === 'mapped';
}
