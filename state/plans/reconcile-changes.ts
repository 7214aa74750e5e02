import { LINK_STATE } from '../codes.js';
import type { Sql } from '../database.js';
import { OFFER } from './approved.js';

/** Data of the pair (change c, entity e, link l or none) is not what the change was made from (PLN-10). */
export const MOVED = `
  (e.entity_no is null or e.presence <> c.presence or e.common_hash is distinct from c.entity_hash
   or case when c.link_version is null then coalesce(l.state, ${LINK_STATE.skipped}) = ${LINK_STATE.linked}
           else l.state is distinct from ${LINK_STATE.linked} or l.version is distinct from c.link_version end)`;

/**
 * Ends changes whose pair has moved since they were made, because somebody wrote it or the person changed, left or came back: they could
 * not be executed any more. A decided one stops to keep its pair from being written, and what was kept back is looked at again (GOV-8).
 * Once, at the end of a run: set-based over the open changes of the source.
 */
export async function endMovedChanges(sql: Sql, sourceNo: number): Promise<void> {
  await sql.query(
    `with ended as (
       update change x
          set state = case when x.state in ('planned', 'held') then 'superseded' when x.state = 'approved' then 'obsolete' else x.state end,
              reason = case when x.state in ('planned', 'held', 'approved') then 'the entity or its account has changed since' else x.reason end,
              ended_at = case when x.state in ('planned', 'held', 'approved') then now() else x.ended_at end, standing = false
         from change c
         left join entity e on e.entity_no = c.entity_no
         left join link l on l.target_id = c.target_id and l.entity_no = c.entity_no and l.ord = 0
        where c.source_id = $1 and (c.state in ('planned', 'held', 'approved') or c.standing) and x.change_no = c.change_no and ${MOVED}
        returning x.target_id, x.entity_no)
     ${OFFER}`,
    [sourceNo],
  );
}

/**
 * Open changes of plans past their time expire. What the governor kept back is looked at by the next run, which keeps it back anew: time
 * alone releases nothing (GOV-8).
 */
export async function expireChanges(sql: Sql, sourceNo: number): Promise<void> {
  await sql.query(
    `with ended as (
       update change c set state = 'expired', reason = 'nobody decided before the plan expired', ended_at = now()
         from plan p
        where p.plan_no = c.plan_no and c.source_id = $1 and c.state in ('planned', 'held') and p.expires_at <= now()
        returning c.target_id, c.entity_no)
     ${OFFER}`,
    [sourceNo],
  );
}
