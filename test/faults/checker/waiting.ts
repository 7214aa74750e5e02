import type { Evidence } from './evidence.js';

/** A pair that is out of step on purpose: somebody has to decide, has refused, or wants it to be left alone (GOV-7, PLN-8, HEA-5). */
export interface WaitingPair {
  readonly targetNo: number;
  readonly entityNo: number;
  /** 1: user, 2: group. */
  readonly type: number;
  /** User name or display name, lower case, as the worlds of the fault tests make them of ids. */
  readonly key: string;
  readonly reason: 'held' | 'approved' | 'rejected' | 'quarantined';
}

/** Everything that waits for somebody; whatever else is out of step at rest is lost. */
export async function waitingPairs({ pool, targets }: Evidence): Promise<WaitingPair[]> {
  const rows = await pool.query<WaitingPair & { sourceKey: string }>(
    `select target_id as "targetNo", entity_no as "entityNo", type, source_key as "sourceKey", state as reason
       from change where standing and state in ('held', 'approved', 'rejected') and target_id = any($1::int[])
     union all
     select q.target_id, q.entity_no, e.type, e.source_key, 'quarantined'
       from quarantine q join entity e on e.entity_no = q.entity_no where q.target_id = any($1::int[])`,
    [targets.map((target) => target.no)],
  );
  return rows.map(({ sourceKey, ...row }) => ({
    ...row,
    key: (row.type === 1 ? `${sourceKey}@example.com` : `Group ${sourceKey}`).toLowerCase(),
  }));
}

/** Keys of the pairs that wait in a target. */
export function waitingIn(pairs: readonly WaitingPair[], targetNo: number): ReadonlySet<string> {
  return new Set(pairs.filter((pair) => pair.targetNo === targetNo).map(({ key }) => key));
}
