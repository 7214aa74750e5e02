import type { JsonObject } from '../../core/json.js';
import type { Keyring } from '../../runtime/secrets.js';
import type { SystemRole } from './entities/system.entity.js';
import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/** A system as a run freezes it (JOB-15): everything but secrets. Plain JSON, fit to be stored with the run. */
export interface SystemSnapshot {
  /** Number in the engine's tables (`source_id`, `target_id`). */
  readonly no: number;
  readonly id: string;
  readonly name: string;
  readonly role: SystemRole;
  readonly typeName: string;
  readonly enabled: boolean;
  /** Plain properties as stored; defaults of the descriptor are not filled in. */
  readonly properties: Readonly<Record<string, string>>;
  /** Names of the credential properties that are set. */
  readonly secretNames: readonly string[];
  readonly transformation: JsonObject;
  readonly transformationVersion: number;
  /** Changes with every save of the system, its properties or its transformation. */
  readonly savedAt: string;
  /** Program number in force (engine.md §6); 0 while none was recorded. */
  readonly programNumber: number;
}

/** What one run of a source needs to know. */
export interface RunConfiguration {
  readonly source: SystemSnapshot;
  /** Every connected target in the order of its number, disabled ones too: a run leaves them out (SYS-21). */
  readonly targets: readonly SystemSnapshot[];
}

const SNAPSHOT_SQL = `
  select s.no, s.id, s.name, s.role, s.type_name as "typeName", s.enabled, s.updated_at::text as "savedAt",
         coalesce((select json_object_agg(p.name, p.value order by p.name) from system_property p
                    where p.system_no = s.no and p.value is not null), '{}') as "properties",
         coalesce((select json_agg(p.name order by p.name) from system_property p
                    where p.system_no = s.no and p.sealed is not null), '[]') as "secretNames",
         v.document as "transformation", v.version as "transformationVersion",
         coalesce((select max(g.number) from program g where g.system_no = s.no), 0) as "programNumber"
    from system s
    cross join lateral (select version, document from transformation_version
                         where system_no = s.no order by version desc limit 1) v`;

/** One system by its public id (text) or its number; undefined if there is none. Text that is no UUID finds nothing. */
export async function loadSystem(database: Statements, key: string | number): Promise<SystemSnapshot | undefined> {
  const condition = typeof key === 'number' ? 's.no = $1' : 's.id::text = lower($1)';
  const rows = await selectRows<SystemSnapshot>(database, `${SNAPSHOT_SQL} where ${condition}`, [key]);
  return rows[0];
}

/**
 * A source and its connected targets as of one moment: it is one statement. Rejects with RangeError when there is no source of
 * this number.
 */
export async function loadRunConfiguration(database: Statements, sourceNo: number): Promise<RunConfiguration> {
  const rows = await selectRows<SystemSnapshot>(
    database,
    `${SNAPSHOT_SQL}
      where (s.no = $1 and s.role = 'source')
         or s.no in (select target_id from connected_pair where source_id = $1)
      order by s.no`,
    [sourceNo],
  );
  const source = rows.find((row) => row.no === sourceNo);
  if (source === undefined) throw new RangeError(`there is no source system with the number ${sourceNo}`);
  return { source, targets: rows.filter((row) => row.role === 'target') };
}

/**
 * Clear text of all credential properties of a system, by name. Keep the result in memory only: never store, log or return it.
 * Throws SecretError when the keyring does not fit this database.
 */
export async function loadSecrets(
  database: Statements,
  keyring: Keyring,
  systemNo: number,
): Promise<Record<string, string>> {
  const rows = await selectRows<{ id: string; name: string; sealed: Buffer }>(
    database,
    `select s.id, p.name, p.sealed from system_property p join system s on s.no = p.system_no
      where p.system_no = $1 and p.sealed is not null`,
    [systemNo],
  );
  return Object.fromEntries(
    rows.map((row) => [row.name, keyring.openSecret({ systemId: row.id, propertyName: row.name }, row.sealed)]),
  );
}
