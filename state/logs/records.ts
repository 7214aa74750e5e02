import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { recordedResults } from '../../core/logs/trace.js';
import type { RecordedResult } from '../../core/logs/trace.js';
import type { Sql } from '../database.js';
import { IS_SIMULATION } from '../runs/run.js';
import type { ContentKey } from './contents.js';
import { seriesOf } from './record-series.js';

/** What became of an entity in one system, for the downloads (DWN-4, DWN-9). */
export interface EntityRecord {
  readonly entity: EntityType;
  readonly systemName: string;
  readonly sourceKey: string | null;
  readonly targetKey: string | null;
  readonly operation: string;
  readonly at: Date | null;
  readonly durationMs: number | null;
  readonly code: string | null;
  /** Why it failed or was skipped. */
  readonly message: string | null;
  /** Where its content is stored; null: there is none (TRC-4). */
  readonly content: ContentKey | null;
}

/** Records fetched at once. */
const PORTION = 1_000;

/** `position` is where the next portion goes on; a row that is no record of the series only moves it. */
interface Row extends Omit<EntityRecord, 'entity'> {
  readonly type: number;
  readonly position: readonly unknown[];
  readonly counts: boolean;
}

/** Records of a job with this result, portion by portion. Nothing is held in memory or in a transaction meanwhile. */
export async function* listRecords(
  sql: Sql,
  runKey: string,
  result: RecordedResult,
): AsyncGenerator<readonly EntityRecord[]> {
  for (const { text, start } of seriesOf(result)) {
    let after: readonly unknown[] = start;
    for (;;) {
      const rows = await sql.query<Row>(text, [runKey, PORTION, ...after]);
      yield rows.filter((row) => row.counts).map(toRecord);
      const last = rows.at(-1);
      if (last === undefined || rows.length < PORTION) break;
      after = last.position;
    }
  }
}

function toRecord({ type, position: _position, counts: _counts, ...row }: Row): EntityRecord {
  return { ...row, entity: entityTypeOfCode(type) };
}

/** Whether a job kept records of such entities (LOG-6): as the properties of its source were when it started. A simulation has them always. */
export async function isRecorded(sql: Sql, runKey: string, result: RecordedResult): Promise<boolean> {
  const [run] = await sql.query<{ properties: Readonly<Record<string, string>> | null; isSimulation: boolean }>(
    `select frozen #> '{source,properties}' as properties, ${IS_SIMULATION} as "isSimulation" from run r where run_key = $1`,
    [runKey],
  );
  return run?.isSimulation === true || recordedResults(run?.properties ?? {}).has(result);
}
