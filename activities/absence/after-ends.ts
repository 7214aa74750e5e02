import { forgetReleased, noteReleased } from '../../state/absence/released.js';
import type { Sql } from '../../state/database.js';
import { demandOtherLinks, inheritOrigin } from '../../state/drain/claims.js';
import type { CandidateEnd } from './candidate-end.js';
import type { PlannedDeletion } from './judge-candidate.js';

/** What the ends mean for other links on the same target entities, and for the list of those that are not managed any more. */
export async function afterEnds(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  held: { has(entityNo: number): boolean },
  given: readonly { readonly end: CandidateEnd; readonly candidate: PlannedDeletion }[],
): Promise<void> {
  const ends = given.flatMap(({ end, candidate }) => (end.parts ?? [end]).map((one) => ({ end: one, candidate })));
  // What was deleted is deleted, whether or not the lease was held to the end.
  const deleted = ends.flatMap(({ end, candidate }) =>
    end.deletedKey === undefined ? [] : [{ entityNo: candidate.entityNo, targetKey: end.deletedKey }],
  );
  await demandOtherLinks(sql, target, deleted);
  await forgetReleased(
    sql,
    target,
    deleted.map((one) => one.targetKey),
  );
  const kept = ends.filter(({ candidate }) => held.has(candidate.entityNo));
  const heirs = kept.flatMap(({ end: { heirs } }) =>
    heirs === undefined ? [] : heirs.entityNos.map((entityNo) => ({ entityNo, targetKey: heirs.targetKey })),
  );
  await inheritOrigin(sql, target, heirs);
  await noteReleased(
    sql,
    target,
    kept.flatMap(({ end, candidate }) =>
      end.releasedKey === undefined
        ? []
        : [{ entityNo: candidate.entityNo, targetKey: end.releasedKey, part: end.releasedPart ?? null }],
    ),
  );
}
