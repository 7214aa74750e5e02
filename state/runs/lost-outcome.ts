import { ENTITY_TYPES, entityTypeCode } from '../../core/entity-type.js';
import { deletionLines, THRESHOLD_PROPERTY } from '../../core/run/deletion-lines.js';
import { hasLinks } from '../absence/mark-absent.js';
import { countOutcomes } from '../absence/outcomes.js';
import type { Sql } from '../database.js';
import type { FrozenRun } from './open-run.js';
import { endedTargets } from './target-end.js';

interface LostRun {
  readonly mode: 'full' | 'delta' | null;
  readonly appliesPlan: boolean;
  readonly isRead: boolean;
  readonly frozen: FrozenRun | null;
}

/**
 * *Job Execution Outcome* of a run that is closed without its own end (STA-12): per target and type what was deleted, and why no more was.
 * What only the end of a job can tell (who is out of scope, references, what is held) is told by the next one.
 */
export async function lostOutcome(sql: Sql, runKey: string, sourceNo: number): Promise<string[]> {
  const [run] = await sql.query<LostRun>(
    `select mode, kind = 'apply' as "appliesPlan",
            intake_ended and not exists (select from run_type t where t.run_key = r.run_key and t.state <> 'complete') as "isRead", frozen
       from run r where run_key = $1`,
    [runKey],
  );
  if (run === undefined || run.appliesPlan) return [];
  const ended = await endedTargets(sql, runKey);
  const counts = await countOutcomes(sql, runKey);
  const lines: string[] = [];
  for (const { targetNo, name } of await targetsOf(sql, runKey, sourceNo)) {
    for (const type of ENTITY_TYPES) {
      const code = entityTypeCode(type);
      const own = counts.filter((row) => row.targetNo === targetNo && row.type === code);
      const mayHaveDeleted = own.length > 0 || (await hasLinks(sql, sourceNo, code, [targetNo]));
      if (!mayHaveDeleted) continue;
      const blockedBy = ended.has(targetNo) ? 'target system not available' : reasonOf(run);
      const target = run.frozen?.targets.find((one) => one.no === targetNo);
      const threshold = target?.properties[THRESHOLD_PROPERTY[type]];
      lines.push(...deletionLines({ targetName: name, type, blockedBy, counts: own, threshold }));
    }
  }
  return lines;
}

function reasonOf({ mode, isRead }: LostRun): string {
  if (mode === 'delta') return 'delta read';
  return isRead ? 'the job did not come to its end' : 'reading from the source system was not completed';
}

/** Targets that the run has frozen; of one that never began those that it would have had. */
async function targetsOf(
  sql: Sql,
  runKey: string,
  sourceNo: number,
): Promise<{ readonly targetNo: number; readonly name: string }[]> {
  return sql.query(
    `select s.no as "targetNo", s.name from system s
      where s.no in (select target_id from run_target where run_key = $1)
         or not exists (select from run_target where run_key = $1)
            and s.no in (select target_id from connected_pair where source_id = $2 and enabled)
      order by s.name`,
    [runKey, sourceNo],
  );
}
