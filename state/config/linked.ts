import type { SystemRole } from './entities/system.entity.js';
import { LINK_STATE } from '../codes.js';
import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/** Some entity of a source is linked to a target, or some entity to this target: whoever changes ids separates them (VAR-5). */
export async function hasLinkedEntities(
  database: Statements,
  system: { readonly no: number; readonly role: SystemRole },
): Promise<boolean> {
  const ofSystem =
    system.role === 'source'
      ? 'from entity e join link l on l.entity_no = e.entity_no where e.source_id = $1'
      : 'from link l where l.target_id = $1';
  const rows = await selectRows(database, `select 1 ${ofSystem} and l.state = ${LINK_STATE.linked} limit 1`, [
    system.no,
  ]);
  return rows.length > 0;
}
