import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { Sql } from '../database.js';

/** STA-7: one row per type and system; the source row has action `Read`, target rows `Write`. Rows with zeros only are left out (STA-9). */
export interface StatisticsRow {
  readonly entity: EntityType;
  readonly systemId: string | null;
  readonly systemName: string;
  readonly action: 'Read' | 'Write';
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly skipped: number;
  readonly failed: number;
  readonly held: number;
}

interface CounterRow extends Omit<StatisticsRow, 'entity' | 'action'> {
  type: number;
  action: string;
}

/** Statistics of a job, source rows first, in the order of provisioning. Live while the job runs, exact once it is over. */
export async function readStatistics(sql: Sql, runKey: string): Promise<StatisticsRow[]> {
  const rows = await sql.query<CounterRow>(
    `select c.type, c.action, s.id as "systemId", coalesce(s.name, 'system ' || c.system_id) as "systemName", c.read_count as "read",
            c.created, c.updated, c.deleted, c.skipped, c.failed, c.held
       from run_counter c left join system s on s.no = c.system_id
      where c.run_key = $1
        and c.read_count + c.created + c.updated + c.deleted + c.skipped + c.failed + c.held > 0
      order by c.action, "systemName", c.type`,
    [runKey],
  );
  return rows.map(({ type, action, ...row }) => ({
    ...row,
    entity: entityTypeOfCode(type),
    action: action === 'read' ? 'Read' : 'Write',
  }));
}
