import type { Lease } from '../../state/drain/lease.js';
import { listShared } from '../../state/drain/claims.js';
import { intentKey, writeCreateIntents } from '../../state/drain/link-writes.js';
import { readPairs } from '../../state/drain/pair-facts.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import { readWriteBacks } from '../../state/drain/write-back.js';
import type { WriteBackMark } from '../../state/drain/write-back.js';
import { settle } from '../../state/drain/settle.js';
import type { Settlement } from '../../state/drain/settle.js';
import { untried, withContents } from '../logs/pair-contents.js';
import { Breather } from '../support/breather.js';
import { sameHash } from '../support/hashing.js';
import { evaluatePair } from './evaluate-pair.js';
import { createsNothing } from './adopt-only.js';
import { parked, sends } from './execute.js';
import { intentOf } from './intents.js';
import type { LeaseClock } from './lease-clock.js';
import { mapForCreate, unmappable } from './outcomes.js';
import { prepareParts } from './prepare-parts.js';
import { storedReferences } from './resolve-references.js';
import { listDoubtful } from './still-there.js';
import { patiently } from '../support/patiently.js';
import { mayCreate, newWork, settleContext, settlement, UNDECIDED } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

const NO_MARKS: ReadonlyMap<number, WriteBackMark> = new Map();

/** Rows leased together, evaluated, with their create intents committed. */
export interface PreparedBatch {
  readonly token: number;
  readonly clock: LeaseClock;
  /** Pairs that need a request. */
  readonly works: readonly Work[];
  /** Pairs that are settled without one. */
  readonly settled: readonly Settlement[];
}

/** Prepares the rows of a lease; gives them back when that fails. */
export async function prepareBatch(env: DrainEnvironment, lease: Lease, clock: LeaseClock): Promise<PreparedBatch> {
  try {
    return await prepareLeased(env, lease, clock);
  } catch (error) {
    // The rows would wait for the end of their lease although nobody works on them.
    const released = lease.rows.map((row) => settlement({ row }, { kind: 'released' }));
    await patiently(() => settle(env.services.pool, settleContext(env, lease.token), released));
    throw error;
  }
}

async function prepareLeased(env: DrainEnvironment, lease: Lease, clock: LeaseClock): Promise<PreparedBatch> {
  const entityNos = lease.rows.map((row) => row.entityNo);
  const pairs = await readPairs(env.services.pool, env.targetNo, entityNos);
  const stored = await storedReferences(env.services.pool, env.tools, env.type, [...pairs.values()]);
  const references = await env.sink.references(env, stored);
  const marks =
    env.writeBack === undefined ? NO_MARKS : await readWriteBacks(env.services.pool, env.targetNo, entityNos);
  const works: Work[] = [];
  const settled: Settlement[] = [];
  const breather = new Breather();
  for (const row of lease.rows) {
    await breather.breathe();
    const pair = pairs.get(row.entityNo);
    // The entity was removed with its source: nothing is wanted any more.
    const made =
      pair === undefined
        ? settlement({ row }, { kind: 'settled' })
        : preparePair(env, {
            row,
            pair,
            references,
            token: lease.token,
            clock,
            writeBackMark: marks.get(row.entityNo),
          });
    if ('evaluation' in made) works.push(made);
    else settled.push(made);
  }
  const doubtful = await listDoubtful(env, works);
  for (const work of doubtful) settled.push(settlement(work, { kind: 'waiting' }));
  const certain = works.filter((work) => !doubtful.has(work));
  await noteShared(env, certain);
  const admission = await env.sink.admit(env, certain);
  settled.push(...admission.settled);
  const traced = settled.map((one) => {
    const pair = pairs.get(one.entityNo);
    return pair === undefined ? one : withContents(env, untried(pair), one);
  });
  return {
    token: lease.token,
    clock,
    works: await commitIntents(env, lease.token, byUrgency(admission.works)),
    settled: traced,
  };
}

/** One statement for the batch, which looks at no link where only one source feeds the target. */
async function noteShared(env: DrainEnvironment, works: readonly Work[]): Promise<void> {
  const updates = works.filter((work) => work.evaluation.action === 'update');
  if (updates.length === 0) return;
  const entityNos = updates.map((work) => work.row.entityNo);
  const shared = await listShared(env.services.pool, env, entityNos, env.split !== undefined);
  for (const work of updates) work.isShared = shared.has(work.row.entityNo);
}

/** The governor looks at people who are switched off last; they are sent first. */
function byUrgency(works: readonly Work[]): Work[] {
  return [...works].sort((a, b) => a.row.prio - b.row.prio);
}

/** What is known of a leased pair before it is evaluated. */
export type Leased = Pick<Work, 'row' | 'pair' | 'references' | 'token' | 'clock' | 'writeBackMark'>;

/** Evaluates a pair: what is to be sent, or how it is settled without. */
export function preparePair(env: DrainEnvironment, facts: Leased): Work | Settlement {
  const { row, pair, references, writeBackMark } = facts;
  if (isWrittenByNewer(env, pair)) {
    const isCurrent = sameHash(pair.commonHash, pair.link?.commonHash ?? null);
    return settlement({ row }, { kind: isCurrent ? 'settled' : 'waiting' });
  }
  const partwise = prepareParts(env, facts);
  if (partwise !== undefined) return partwise;
  const evaluation = evaluatePair(env.tools, env.type, pair, row.forced, references, writeBackMark);
  if (evaluation.kind === 'failed') {
    const operation = pair.link?.state === 'linked' ? 'update' : 'create';
    return unmappable(newWork({ ...facts, evaluation: UNDECIDED }), operation, evaluation);
  }
  const work = newWork({ ...facts, evaluation });
  if (!sends(work)) return env.sink.local(env, work);
  if (evaluation.action !== 'create') return work;
  if (!mayCreate(env, work)) return settlement(work, { kind: 'waiting' });
  const forbidden = parked(env, work, 'create');
  if (forbidden !== undefined) return forbidden;
  const mapped = mapForCreate(env, work);
  if ('message' in mapped) return unmappable(work, 'create', mapped);
  work.create = mapped;
  return work;
}

/**
 * A run works with its frozen program: a pair that a higher one has written counts as in step ⚠, and what changed in it since waits for
 * a run that knows that program. Writing it would take turns with the newer program for ever (engine.md §6).
 */
function isWrittenByNewer(env: DrainEnvironment, { presence, link }: StoredPair): boolean {
  if (presence !== 'present' || link === null || link.state === 'creating') return false;
  return link.program > env.tools.target.snapshot.programNumber;
}

/** tx2a: one commit for the creates of the batch. Whoever lost the lease meanwhile is not sent. */
async function commitIntents(env: DrainEnvironment, token: number, works: readonly Work[]): Promise<Work[]> {
  const creates = works
    .flatMap(unitsOf)
    .flatMap((work) =>
      work.evaluation.action === 'create' && work.create !== null && work.adopts === null && !createsNothing(env)
        ? [{ work, create: work.create }]
        : [],
    );
  if (creates.length === 0) return [...works];
  const intents = creates.map(({ work, create }) => intentOf(env, work, create));
  const committed = await writeCreateIntents(
    env.services.pool,
    { targetNo: env.targetNo, type: env.typeCode },
    token,
    intents,
  );
  env.services.deps.reached?.('intentsCommitted');
  intents.forEach((intent, index) => {
    const unit = creates[index]?.work;
    if (unit !== undefined) unit.intentAt = committed.get(intentKey(intent)) ?? null;
  });
  const lost = new Set(creates.filter(({ work }) => work.intentAt === null).map(({ work }) => work));
  return works.filter((work) => !unitsOf(work).some((unit) => lost.has(unit)));
}

/** What is written for a pair: itself, or each of its parts. */
function unitsOf(work: Work): readonly Work[] {
  return work.parts.length > 0 ? work.parts.filter(({ result }) => result === null) : [work];
}
