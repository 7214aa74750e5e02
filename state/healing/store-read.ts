import { BACKLOG_STATE } from '../codes.js';
import type { SqlPool } from '../database.js';
import { deliveredValues, storeEntities } from '../intake/commit-page.js';
import type { Delivery } from '../intake/commit-page.js';
import { demandChanged } from '../intake/demand.js';
import { noteSourceValues } from '../intake/source-values.js';
import type { TargetProgram } from '../intake/demand.js';

/** What the source said of single entities that it was asked for. */
export interface ReadAnswers extends Delivery {
  readonly targets: readonly TargetProgram[];
  /** Delivered, changed or not. */
  readonly found: readonly number[];
  /** The source says that they do not exist. */
  readonly missing: readonly number[];
  /** Delivered, but the read transformation fails on them. */
  readonly unreadable: readonly number[];
}

/** Whoever cannot be read is asked for again after this time. */
const UNREADABLE_WAIT = "interval '1 hour'";

/**
 * The intake of entities that were read one by one: entities, bodies, backlog of all targets, in one transaction, like a page of a run.
 * Whom the source does not know is left alone in every target until a full read delivers it or declares it absent ⚠: nothing is sent,
 * nobody is created, and nobody is absent by one answer.
 */
export async function storeRead(pool: SqlPool, answers: ReadAnswers): Promise<void> {
  const { sourceNo, type, targets, found, missing, unreadable } = answers;
  const targetNos = targets.map((target) => target.targetNo);
  await pool.transaction(async (sql) => {
    const { numbers, urgent } = await storeEntities(sql, answers);
    const changed = answers.changes.flatMap((change) => (change.changed ? [numbers.get(change.sourceKey) ?? 0] : []));
    await demandChanged(sql, { runKey: null, sourceNo, type, targets, entityNos: changed }, urgent);
    await noteSourceValues(sql, { runKey: null, sourceNo, type }, deliveredValues(answers, numbers));
    await sql.query(
      `update backlog set read_at = clock_timestamp() where target_id = any($1::int[]) and entity_no = any($2::bigint[])`,
      [targetNos, found],
    );
    await sql.query(
      `update backlog set state = ${BACKLOG_STATE.missing}, next_at = null
        where target_id = any($1::int[]) and entity_no = any($2::bigint[])
          and state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}) and lease_token is null`,
      [targetNos, missing],
    );
    await sql.query(
      `update backlog set state = ${BACKLOG_STATE.deferred}, next_at = clock_timestamp() + ${UNREADABLE_WAIT}
        where target_id = any($1::int[]) and entity_no = any($2::bigint[]) and state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred})
          and lease_token is null`,
      [targetNos, unreadable],
    );
  });
}
