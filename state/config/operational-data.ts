import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/**
 * True while a job of the system waits or runs: of the source itself, or, for a target, of a source that feeds it or whose running
 * job has it in its frozen configuration. Call it in the transaction that deletes, after locking the row of the system.
 */
export async function hasOpenJob(transaction: Statements, systemNo: number): Promise<boolean> {
  const rows = await selectRows(
    transaction,
    `select r.run_key from run r
      where r.state <> 'finished'
        and (r.source_id = $1
             or exists (select from connected_pair p where p.source_id = r.source_id and p.target_id = $1)
             or exists (select from run_target t where t.run_key = r.run_key and t.target_id = $1))
      limit 1`,
    [systemNo],
  );
  return rows.length > 0;
}

/** What belongs to the entities of a source, children before `entity` itself. */
const SOURCE_STATEMENTS = [
  ...['link_body', 'link', 'entity_body', 'absence', 'quarantine', 'backlog', 'postponed_deletion', 'write_back'].map(
    (table) => `delete from ${table} x using entity e where e.entity_no = x.entity_no and e.source_id = $1`,
  ),
  ...['link_member', 'member'].map(
    (table) => `delete from ${table} x using entity e where e.entity_no = x.group_no and e.source_id = $1`,
  ),
  'delete from plan where source_id = $1',
  ...['unresolved_ref', 'pair_sweep', 'source_state', 'rt_event', 'released_entity', 'read_size'].map(
    (table) => `delete from ${table} where source_id = $1`,
  ),
];
/** Mails name their recipients: they go with the system. A reset leaves who is subscribed and what was told (NTF-11). */
const NOTIFICATION_STATEMENTS = [
  'delete from notification_state where source_id = $1',
  ...['notification_recipient', 'mail_event'].map((table) => `delete from ${table} where system_no = $1`),
];
const ENTITY_STATEMENT = 'delete from entity where source_id = $1';

/** Simulations hold content of people: it goes with either of the systems; a reset leaves it, like all results of jobs. */
const SIMULATION_STATEMENTS = [
  'delete from simulated_result where target_id = $1 or run_key in (select run_key from run where source_id = $1)',
  'delete from simulated_entity where run_key in (select run_key from run where source_id = $1)',
];

/** What a job has recorded of people goes with either of the systems, too; its records stay with the job log. */
const CONTENT_STATEMENT =
  'delete from traced_content c using run r where r.run_key = c.run_key and r.traced is not null and (r.source_id = $1 or c.system_id = $1)';

/** Results of Validate runs: they go with the source. A reset leaves them, they have nothing of jobs. */
const VALIDATION_STATEMENT = 'delete from validation where source_id = $1';

const TARGET_STATEMENTS = [
  'link_body',
  'link',
  'link_member',
  'unresolved_ref',
  'backlog',
  'pair_sweep',
  'absence',
  'postponed_deletion',
  'released_entity',
  'target_claim',
  'target_gate',
  'target_permit',
  'quarantine',
  'write_back',
  'governor_use',
  'change',
].map((table) => `delete from ${table} where target_id = $1`);

/**
 * Removes the links, bodies, references, backlog and marks of a system (RST-9); entities in the back ends are not touched, and the job
 * log stays until its retention removes it. `keepEntities` leaves the rows of a source's entities, with what is known about them. Takes time in proportion to the entities; no job of the system may run.
 */
export async function removeOperationalData(
  transaction: Statements,
  systemNo: number,
  { keepEntities = false }: { readonly keepEntities?: boolean } = {},
): Promise<void> {
  const entities = keepEntities ? [] : [ENTITY_STATEMENT];
  for (const statement of [...SOURCE_STATEMENTS, ...entities]) await transaction.query(statement, [systemNo]);
  await removeTargetData(transaction, systemNo);
  if (keepEntities) return;
  await transaction.query('delete from kept_origin where target_id = $1 or source_id = $1', [systemNo]);
  for (const statement of [
    ...SIMULATION_STATEMENTS,
    CONTENT_STATEMENT,
    ...NOTIFICATION_STATEMENTS,
    VALIDATION_STATEMENT,
  ])
    await transaction.query(statement, [systemNo]);
}

/**
 * What a target has: links from all sources, their backlog and gates; kept origins stay. `keepAssigned`: so does the knowledge of whom the platform
 * has put into groups that others make.
 */
export async function removeTargetData(
  transaction: Statements,
  targetNo: number,
  { keepAssigned = false }: { readonly keepAssigned?: boolean } = {},
): Promise<void> {
  for (const statement of TARGET_STATEMENTS) await transaction.query(statement, [targetNo]);
  if (!keepAssigned) await transaction.query('delete from assigned_member where target_id = $1', [targetNo]);
}
