import { LINK_STATE, PRESENCE } from '../../../state/codes.js';
import type { Evidence, Violation } from './evidence.js';

/**
 * The table of engine.md §2, written down once more and not taken from the product: one that is wrong there must not be wrong here. The
 * result of the write condition is not stored; a link of today's hash and program stands for it.
 */
const IN_STEP = `
  case when e.presence = ${PRESENCE.present} and l.state = ${LINK_STATE.linked}
         then l.common_hash is not distinct from e.common_hash and e.common_hash is not null and l.program >= coalesce(n.number, 0)
       when e.presence = ${PRESENCE.present} and l.state = ${LINK_STATE.skipped}
         then l.common_hash is not distinct from e.common_hash and l.program >= coalesce(n.number, 0)
       when e.presence = ${PRESENCE.present} then false
       when l.state is null or l.state = ${LINK_STATE.released} then true
       when l.state = ${LINK_STATE.linked} then l.out_of_scope
       else false end`;

const PAIRS = `
  select p.target_id as "targetNo", e.entity_no as "entityNo", e.source_key as "sourceKey", e.type, e.presence,
         l.state as "linkState", (${IN_STEP}) as "inStep", b.state as "rowState", b.lease_until is not null as "leased",
         b.reason, coalesce(b.forced, false) as forced
    from connected_pair p
    join entity e on e.source_id = p.source_id
    left join link l on l.target_id = p.target_id and l.entity_no = e.entity_no and l.ord = 0
    left join backlog b on b.target_id = p.target_id and b.entity_no = e.entity_no
    left join (select system_no, max(number) as number from program group by system_no) n on n.system_no = p.target_id
   where p.enabled and p.source_id = any($1::int[])`;

interface PairRow {
  readonly targetNo: number;
  readonly entityNo: number;
  readonly sourceKey: string;
  readonly type: number;
  readonly presence: number;
  readonly linkState: number | null;
  readonly inStep: boolean;
  readonly rowState: number | null;
  readonly leased: boolean;
  readonly reason: string | null;
  readonly forced: boolean;
}

/** Engine invariant 1, at any moment: every connected, enabled pair that is not in step has a backlog row or a pending sweep. */
export async function checkPairs(evidence: Evidence): Promise<Violation[]> {
  const rows = await evidence.pool.query<PairRow>(
    `select * from (${PAIRS}) q
      where not "inStep" and "rowState" is null
        and not exists (select from pair_sweep s join entity e on e.entity_no = q."entityNo"
                         where s.source_id = e.source_id and s.target_id = q."targetNo" and s.type = q.type and s.after_no < q."entityNo")`,
    [sourceNos(evidence)],
  );
  return rows.map((row) => ({
    rule: 'engine 1',
    message: `${row.sourceKey} is out of step with target ${row.targetNo} (presence ${row.presence}, link ${row.linkState ?? 'none'}) and has no backlog row`,
  }));
}

/** When nothing is disturbed and nothing changes any more, nothing is left to do, and nobody holds anything. */
export async function checkRest(evidence: Evidence): Promise<Violation[]> {
  const left = await evidence.pool.query<PairRow>(
    `select * from (${PAIRS}) q
      where "rowState" is not null
        -- Whoever left before there was an account, or is out of scope since the deletion: noted by the next run, without a request.
        and not ("inStep" and "linkState" is null) and not (reason = 'absent' and not leased)
        -- Whatever somebody has to decide first.
        and not exists (select from change c where c.target_id = q."targetNo" and c.entity_no = q."entityNo" and c.standing
                                                and c.state in ('held', 'approved', 'rejected'))
        and not exists (select from quarantine z where z.target_id = q."targetNo" and z.entity_no = q."entityNo")`,
    [sourceNos(evidence)],
  );
  const claims = await evidence.pool.query<{ targetKey: string }>(
    `select target_key as "targetKey" from target_claim where target_id = any($1::int[]) and until > clock_timestamp()`,
    [evidence.targets.map((target) => target.no)],
  );
  return [
    ...left.map((row) => ({
      rule: '1',
      message: `${row.sourceKey} is still out of step with target ${row.targetNo}: ${row.reason ?? ''}, state ${row.rowState ?? ''}${row.leased ? ', leased' : ''}`,
    })),
    ...claims.map(({ targetKey }) => ({ rule: 'engine 8', message: `the claim on ${targetKey} was never given back` })),
  ];
}

/** §6 "End of a drain": a drain that says it is done has offered every row of an entity that its run delivered. */
export async function checkOffered(evidence: Evidence, runKey: string): Promise<Violation[]> {
  const rows = await evidence.pool.query<{ sourceKey: string; targetNo: number }>(
    `select e.source_key as "sourceKey", b.target_id as "targetNo"
       from backlog b join entity e on e.entity_no = b.entity_no
       join connected_pair p on p.source_id = b.source_id and p.target_id = b.target_id and p.enabled
      where b.source_id = any($1::int[]) and b.type = 1 and b.seen_run = $2 and b.state = 1
        and b.last_run is distinct from b.seen_run and b.lease_until is null`,
    [sourceNos(evidence), runKey],
  );
  return rows.map((row) => ({
    rule: 'engine §6 end of a drain',
    message: `the drain ended and never offered ${row.sourceKey} to target ${row.targetNo}`,
  }));
}

/** Engine invariant 4: a link *creating* whose pair nobody holds stands for a create that was sent. */
export async function checkIntents(evidence: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const target of evidence.targets) {
    const rows = await evidence.pool.query<{ sourceKey: string }>(
      `select e.source_key as "sourceKey" from link l join entity e on e.entity_no = l.entity_no
         left join backlog b on b.target_id = l.target_id and b.entity_no = l.entity_no
        where l.target_id = $1 and l.type = 1 and l.state = ${LINK_STATE.creating} and b.lease_until is null`,
      [target.no],
    );
    const sent = new Set(
      target.simulator.journal
        .since(0)
        .flatMap(({ operation, key }) => (operation === 'create' ? [key?.toLowerCase()] : [])),
    );
    for (const { sourceKey } of rows) {
      if (sent.has(`${sourceKey}@example.com`.toLowerCase())) continue;
      violations.push({
        rule: 'engine 4',
        message: `the create of ${sourceKey} stands in ${target.name} and was never sent`,
      });
    }
  }
  return violations;
}

function sourceNos(evidence: Evidence): number[] {
  return evidence.sources.map((source) => source.no);
}
