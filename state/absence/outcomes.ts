import type { Sql } from '../database.js';
import type { AbsenceOutcome } from './candidates.js';

/** How many candidates of a target and type ended how. */
export interface OutcomeCount {
  readonly targetNo: number;
  readonly type: number;
  readonly outcome: AbsenceOutcome | null;
  readonly count: number;
  /** Those among them that an earlier run could not delete, or was not allowed to (STA-12). */
  readonly postponed: number;
  /** What a threshold counts of them (DEL-8). */
  readonly weight: number;
}

/** Outcomes of all candidates of a run; null counts those that were not worked on. */
export async function countOutcomes(sql: Sql, runKey: string): Promise<OutcomeCount[]> {
  return sql.query<OutcomeCount>(
    `select target_id as "targetNo", type, outcome, count(*)::int as count, (count(*) filter (where postponed))::int as postponed, sum(coalesce(weight, 1))::int as weight
       from absence where run_key = $1
      group by 1, 2, 3 order by 1, 2, 3`,
    [runKey],
  );
}
