import { ENTITY_TYPES } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { isJsonObject } from '../../core/json.js';
import { readSafety } from '../../core/sync/read-safety.js';
import { noteUnknownOf } from '../absence/note-unknown.js';
import { readVerdict } from '../absence/verdict.js';
import type { Sql } from '../database.js';
import type { FrozenRun } from './open-run.js';

interface LostRead {
  readonly mode: 'full' | 'delta' | null;
  readonly appliesPlan: boolean;
  readonly frozen: FrozenRun | null;
}

/**
 * UNK-2, UNK-6 of a run that is closed without its own end: whoever it had not delivered is unknown in it. Of one that never began there is
 * nothing to say, and an application reads nothing.
 */
export async function noteLostUnknown(sql: Sql, runKey: string, sourceNo: number): Promise<void> {
  const [run] = await sql.query<LostRead>(
    `select mode, kind = 'apply' as "appliesPlan", frozen from run where run_key = $1`,
    [runKey],
  );
  if (run === undefined || run.mode === null || run.frozen === null || run.appliesPlan) return;
  const { mode, frozen } = run;
  const { followsReference, confirmsAbsence, isolatesFailures } = readSafety(frozen.source.properties);
  if (followsReference) return;
  const types = typesReadBy(frozen);
  // What the connector can do is not known here. Counted by entity and not by line the numbers are right for all of them.
  const facts = { runKey, sourceNo, mode, typeCount: types.length, repeats: true };
  const verdict = await readVerdict(sql, { ...facts, isolation: isolatesFailures ? 'named' : 'off' });
  await noteUnknownOf(sql, { runKey, sourceNo, mode, types, confirmsAbsence, verdict });
}

/** Types that the read transformation does not ignore (ORD-4). It need not compile: that may be why the run is lost. */
function typesReadBy({ source }: FrozenRun): EntityType[] {
  return ENTITY_TYPES.filter((type) => {
    const program = source.transformation[type];
    return isJsonObject(program) && program['ignore'] !== true && program['ignore'] !== 'true';
  });
}
