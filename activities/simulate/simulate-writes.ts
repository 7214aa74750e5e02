import { NORMAL_PRIO } from '../../state/codes.js';
import { noteCandidates } from '../../state/absence/candidates.js';
import type { LeasedRow } from '../../state/drain/lease.js';
import type { Settlement } from '../../state/drain/settle.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { readPosition, storeResults, writePosition } from '../../state/simulation/results.js';
import type { NewResult } from '../../state/simulation/results.js';
import { nextStagedPairs } from '../../state/simulation/staged-pairs.js';
import type { StagedPair } from '../../state/simulation/staged-pairs.js';
import { LeaseClock } from '../drain/lease-clock.js';
import { preparePair } from '../drain/prepare-batch.js';
import type { KnownReferences } from '../drain/resolve-references.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { Breather } from '../support/breather.js';
import { simulatedReferences } from './simulated-references.js';
import { plainResult, resultOfSettlement } from './to-result.js';
import type { ResultSubject } from './to-result.js';

/** Entities in one commit: a crash does so many once more, in memory, and stores none of them twice. */
const BATCH_ENTITIES = 256;

/** Looks at the next entities that were read: who is created, updated, skipped, or cannot be mapped. False: there are no more. */
export async function simulateWrites(env: DrainEnvironment, fence: RunFence): Promise<boolean> {
  const { pool } = env.services;
  const place = placeOf(env);
  const position = await readPosition(pool, place, 'write');
  if (position?.isOver === true) return false;
  const staged = await nextStagedPairs(pool, place, position?.afterKey ?? '', BATCH_ENTITIES);
  const free = staged.filter((one) => whyLeftAlone(one) === undefined);
  const references = await simulatedReferences(
    env,
    free.map((one) => one.pair),
  );
  const settled = await settleInMemory(env, free, references);
  const results = staged.flatMap((one) => {
    const alone = whyLeftAlone(one);
    if (alone !== undefined) return [alone];
    const ends = settled.get(one.pair.entityNo) ?? [];
    return ends.flatMap((end) => resultOfSettlement(subjectOf(one, end.part), end) ?? []);
  });
  const candidates = [...settled].flatMap(([entityNo, ends]) =>
    ends.some((one) => one.isCandidate) ? [entityNo] : [],
  );
  const last = staged.at(-1)?.pair.sourceKey;
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await storeResults(sql, place, results);
    await noteCandidates(sql, place, candidates);
    await writePosition(sql, place, 'write', {
      afterKey: last ?? position?.afterKey ?? '',
      isOver: staged.length < BATCH_ENTITIES,
    });
  });
  env.services.deps.reached?.('settled');
  return staged.length === BATCH_ENTITIES;
}

/** Where the results of a drain environment belong. */
export function placeOf(env: DrainEnvironment): {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
} {
  return { runKey: env.runKey, sourceNo: env.sourceNo, targetNo: env.targetNo, type: env.typeCode };
}

async function settleInMemory(
  env: DrainEnvironment,
  staged: readonly StagedPair[],
  references: KnownReferences,
): Promise<Map<number, Settlement[]>> {
  const works: Work[] = [];
  const settled: Settlement[] = [];
  const breather = new Breather();
  for (const { pair } of staged) {
    await breather.breathe();
    const made = preparePair(env, {
      row: rowOf(pair.entityNo),
      pair,
      references,
      token: 0,
      clock: new LeaseClock(),
      writeBackMark: undefined,
    });
    if ('evaluation' in made) works.push(made);
    else settled.push(made);
  }
  const admission = await env.sink.admit(env, works);
  const ends = new Map<number, Settlement[]>();
  for (const one of [...settled, ...admission.settled])
    ends.set(one.entityNo, [...(ends.get(one.entityNo) ?? []), one]);
  return ends;
}

/** A Resync writes everybody it has read, whatever the hashes say (CHG-6). */
function rowOf(entityNo: number): LeasedRow {
  return {
    entityNo,
    prio: NORMAL_PRIO,
    gen: 0,
    forced: true,
    takenOver: false,
    seen: true,
    attempts: 0,
    heldClass: null,
  };
}

function subjectOf({ pair }: StagedPair, part?: string): ResultSubject {
  const link = part === undefined ? pair.link : pair.parts.find((one) => one.part === part);
  const targetKey = link?.state === 'linked' ? link.targetKey : null;
  return { sourceKey: pair.sourceKey, placeNo: pair.entityNo, targetKey, ...(part !== undefined && { part }) };
}

/** HEA-5, GOV-8: a decision of a person that a Resync respects. */
function whyLeftAlone(staged: StagedPair): NewResult | undefined {
  const { quarantine, standing } = staged;
  const subject = subjectOf(staged);
  if (quarantine !== null) return plainResult(subject, { result: 'skipped', operation: 'skip', reason: quarantine });
  if (standing === null) return undefined;
  if (standing === 'rejected') {
    const reason = 'its change was rejected: it is left alone until the data changes';
    return plainResult(subject, { result: 'skipped', operation: 'skip', reason });
  }
  return plainResult(subject, { result: 'held', operation: 'hold', reason: 'its change waits for an approval' });
}
