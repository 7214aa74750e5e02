import { BACKLOG_STATE } from '../codes.js';
import { PLAN_FIRST_PROPERTY } from '../runs/run.js';
import type { Sql } from '../database.js';

/** Stands in the place of a run key for whatever healing does: it belongs to no job and counts in none (engine.md §8). */
export const HEALING = '0';

/**
 * True in SQL while healing may touch pairs of this source and target: both are enabled and connected, the target is not paused, no job of the source runs or waits,
 * nobody has stopped it, neither system has healing switched off, and the source does not plan first (engine.md §6 "Who may take which row"). Part of each statement that
 * gives healing something to do.
 */
export function mayHeal(source: string, target: string): string {
  return `(exists (select from connected_pair p where p.source_id = ${source} and p.target_id = ${target} and p.enabled and not p.paused)
           and not exists (select from source_state s where s.source_id = ${source} and s.heal_paused)
           and not exists (select from run r where r.source_id = ${source} and r.state <> 'finished')
           and not exists (select from system_property o where o.system_no in (${source}, ${target})
                              and o.name = 'ips.healing' and o.value = 'disabled')
           and not exists (select from system_property o where o.system_no = ${source}
                              and o.name = '${PLAN_FIRST_PROPERTY}' and btrim(o.value) = 'true'))`;
}

/**
 * Rows `b` whose time has come. Refused credentials wait for other ones (HEA-3); held, parked and quarantined rows, and people whom the
 * source did not know, are not for healing; nor is what stands in a plan that can still be decided or applied (PLN-4).
 */
export const IS_TIME = `
  ((b.state = ${BACKLOG_STATE.due} and b.error_class is distinct from 'auth'
    or b.state = ${BACKLOG_STATE.deferred} and b.next_at <= clock_timestamp())
   and not exists (select from change c where c.target_id = b.target_id and c.entity_no = b.entity_no and c.state in ('planned', 'approved')))`;

/** {@link mayHeal} for one pair. */
export async function isHealingAllowed(sql: Sql, sourceNo: number, targetNo: number): Promise<boolean> {
  const [row] = await sql.query<{ allowed: boolean }>(`select ${mayHeal('$1', '$2')} as allowed`, [sourceNo, targetNo]);
  return row?.allowed === true;
}
