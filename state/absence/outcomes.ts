import type { Sql } from '../database.js';
import type { AbsenceOutcome } from './candidates.js';

/** How many candidates of a target and type ended how. */
export interface OutcomeCount {
  readonly targetNo: number;
  readonly type: number;
  readonly outcome: AbsenceOutcome | null;
  readonly count: number;
}

/** Outcomes of all candidates of a run; null counts those that were not worked on. */
export async function countOutcomes(sql: Sql, runKey: string): Promise<OutcomeCount[]> {
  return sql.query<OutcomeCount>(
    `select target_id as "targetNo", type, outcome, count(*)::int as count from absence where run_key = $1
      group by 1, 2, 3 order by 1, 2, 3`,
    [runKey],
  );
}
