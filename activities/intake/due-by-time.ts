import type { EntityType } from '../../core/entity-type.js';
import type { SqlPool } from '../../state/database.js';
import { readPairs } from '../../state/drain/pair-facts.js';
import { evaluatePair } from '../drain/evaluate-pair.js';
import type { EvaluationTools } from '../drain/evaluate-pair.js';
import { storedReferences } from '../drain/resolve-references.js';
import { targetTypes } from '../support/run-context.js';

/**
 * Unchanged entities for which a time-dependent write program gives another result today than the one stored: somebody whose end date
 * has passed leaves although nothing changed in the source (engine.md §5 ⚠, CHG-5). Evaluated in memory; only what differs costs a row.
 */
export async function findDueByTime(
  pool: SqlPool,
  tools: Omit<EvaluationTools, 'target'>,
  type: EntityType,
  unchanged: readonly number[],
): Promise<{ targetNo: number; entityNo: number }[]> {
  const due: { targetNo: number; entityNo: number }[] = [];
  if (unchanged.length === 0) return due;
  for (const target of tools.context.targets) {
    const program = target.program.types.get(type);
    if (program?.timeDependent !== true || !targetTypes(tools.context, target).includes(type)) continue;
    const pairs = [...(await readPairs(pool, target.snapshot.no, unchanged)).values()];
    const evaluationTools = { ...tools, target };
    const references = await storedReferences(pool, evaluationTools, type, pairs);
    for (const pair of pairs) {
      const evaluation = evaluatePair(evaluationTools, type, pair, false, references);
      if (evaluation.kind === 'failed' || evaluation.action !== 'none') {
        due.push({ targetNo: target.snapshot.no, entityNo: pair.entityNo });
      }
    }
  }
  return due;
}
