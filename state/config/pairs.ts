import { ENTITY_TYPES, entityTypeCode } from '../../core/entity-type.js';
import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/** A source that feeds a target, by their numbers. */
export interface Pair {
  readonly sourceNo: number;
  readonly targetNo: number;
  /** Both systems are enabled. */
  readonly enabled: boolean;
}

const TYPE_CODES = ENTITY_TYPES.map(entityTypeCode);

/** Key of the advisory lock that puts all changes of the configuration in a row. */
const CONFIGURATION_LOCK = 7_241_190_002;

/**
 * Call it first in every transaction that changes systems. Without it a new source and a new target that takes all sources could
 * be saved at the same moment, neither seeing the other, and their pair would never be swept. Released at the end of the transaction.
 */
export async function lockConfiguration(transaction: Statements): Promise<void> {
  await transaction.query('select pg_advisory_xact_lock($1)', [CONFIGURATION_LOCK]);
}

/** All pairs that a system is part of, whatever its role; enabled or not. */
export async function listPairs(database: Statements, systemNo: number): Promise<Pair[]> {
  return selectRows(
    database,
    `select source_id as "sourceNo", target_id as "targetNo", enabled from connected_pair
      where source_id = $1 or target_id = $1
      order by source_id, target_id`,
    [systemNo],
  );
}

/**
 * Makes the next run of each source look at every stored entity for the target again (engine.md §6, sweeps): a pair that became
 * wanted without an intake has no backlog rows. Pairs that are not enabled are left out: enabling them sweeps. Must run in the
 * transaction that changes the configuration.
 */
export async function addSweeps(transaction: Statements, pairs: readonly Pair[]): Promise<void> {
  const wanted = pairs.filter((pair) => pair.enabled);
  if (wanted.length === 0) return;
  await transaction.query(
    `insert into pair_sweep (source_id, target_id, type, after_no)
     select p.source_id, p.target_id, t.type, 0
       from unnest($1::int[], $2::int[]) as p (source_id, target_id)
      cross join unnest($3::smallint[]) as t (type)
      order by 1, 2, 3
     on conflict (source_id, target_id, type) do update set after_no = 0`,
    [wanted.map((pair) => pair.sourceNo), wanted.map((pair) => pair.targetNo), TYPE_CODES],
  );
}

/** {@link addSweeps} for every pair of one system. */
export async function sweepSystem(transaction: Statements, systemNo: number): Promise<void> {
  await addSweeps(transaction, await listPairs(transaction, systemNo));
}

/**
 * Runs a change of who feeds whom and settles its consequences in the same transaction: pairs that are new or newly enabled are
 * swept, pairs that ceased to exist lose their backlog and sweeps. A disabled pair keeps its backlog (SYS-21 only leaves it out).
 * The caller holds {@link lockConfiguration}.
 */
export async function changePairs(
  transaction: Statements,
  systemNo: number,
  change: () => Promise<void>,
): Promise<void> {
  const before = await listPairs(transaction, systemNo);
  await change();
  const after = await listPairs(transaction, systemNo);
  const known = new Map(before.map((pair) => [pairKey(pair), pair.enabled]));
  await addSweeps(
    transaction,
    after.filter((pair) => known.get(pairKey(pair)) !== true),
  );
  const left = new Set(after.map(pairKey));
  for (const pair of before) {
    if (!left.has(pairKey(pair))) await dropPair(transaction, pair);
  }
}

/** Forgets what was still to be written from a source to a target; links and the entities in the target stay. */
async function dropPair(transaction: Statements, pair: Pair): Promise<void> {
  const key = [pair.sourceNo, pair.targetNo];
  await transaction.query('delete from pair_sweep where source_id = $1 and target_id = $2', key);
  await transaction.query(
    'delete from quarantine q using backlog b where b.source_id = $1 and b.target_id = $2 and q.target_id = $2 and q.entity_no = b.entity_no',
    key,
  );
  await transaction.query('delete from backlog where source_id = $1 and target_id = $2', key);
}

function pairKey(pair: Pair): string {
  return `${pair.sourceNo}/${pair.targetNo}`;
}
