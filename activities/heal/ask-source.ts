import { isConnectorError } from '../../connectors/errors.js';
import type { NativeEntity } from '../../connectors/contract.js';
import type { HealCandidate } from '../../state/healing/heal-rows.js';
import { storeRead } from '../../state/healing/store-read.js';
import { lookupEntities, nextReadSeq, readBodies } from '../../state/intake/lookup.js';
import type { DrainEnvironment } from '../drain/work.js';
import { keyItem, mapPage } from '../intake/map-page.js';
import { takers } from '../support/run-context.js';

/** Entities that a source is asked for at once. */
const READS_IN_FLIGHT = 4;

/** What the source said, one by one. `silent`: it did not answer, so that nothing can be said of the rest. */
export interface SourceAnswers {
  /** Rows that may be written: the entity was delivered. */
  readonly known: readonly number[];
  readonly silent: boolean;
}

type Answer = NativeEntity | 'missing' | undefined;

/**
 * Asks the source for entities whose stored body is old, under the filter in force, and brings the stored state up to date with the
 * answers (engine.md §9). Each is asked for once: the next round is the retry.
 */
export async function askSource(env: DrainEnvironment, candidates: readonly HealCandidate[]): Promise<SourceAnswers> {
  if (candidates.length === 0) return { known: [], silent: false };
  const { services, tools } = env;
  const { context } = tools;
  const program = context.source.program.types.get(env.type);
  if (program === undefined) return { known: [], silent: false };
  const readSeq = await nextReadSeq(services.pool);
  const { answers, silent } = await readEach(env, candidates);
  const keyed = candidates.flatMap((candidate) => {
    const answer = answers.get(candidate.entityNo);
    if (answer === undefined) return [];
    const entity =
      answer === 'missing'
        ? undefined
        : keyItem(context, program, { item: answer, sourceHash: services.hasher.delivered(answer) });
    // Another person has the id by now: the one that was asked for is not there.
    return [{ candidate, entity: entity?.sourceKey === candidate.sourceKey ? entity : undefined }];
  });
  const entities = keyed.flatMap(({ entity }) => (entity === undefined ? [] : [entity]));
  const keys = entities.map((entity) => entity.sourceKey);
  const known = await lookupEntities(services.pool, env.sourceNo, env.typeCode, keys);
  const storedBodies = (nos: readonly number[]): ReturnType<typeof readBodies> => readBodies(services.pool, nos);
  const mapping = { context, hasher: services.hasher, bodies: services.entityBodies, storedBodies };
  const mapped = await mapPage(mapping, env.type, program, { entities, failures: [] }, known);
  const unreadable = new Set(mapped.failedNos);
  const found = keyed.flatMap(({ candidate: { entityNo }, entity }) =>
    entity === undefined || unreadable.has(entityNo) ? [] : [entityNo],
  );
  await storeRead(services.pool, {
    sourceNo: env.sourceNo,
    type: env.typeCode,
    program: context.source.snapshot.programNumber,
    readSeq,
    targets: takers(context, env.type),
    changes: mapped.changes,
    found,
    missing: keyed.flatMap(({ candidate, entity }) => (entity === undefined ? [candidate.entityNo] : [])),
    unreadable: [...unreadable],
  });
  return { known: found, silent };
}

async function readEach(
  env: DrainEnvironment,
  candidates: readonly HealCandidate[],
): Promise<{ answers: ReadonlyMap<number, Answer>; silent: boolean }> {
  const { connector } = env.tools.context.source;
  const answers = new Map<number, Answer>();
  const queue = [...candidates];
  let silent = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !silent && !env.stop.aborted; next = queue.shift()) {
      try {
        const id = next.nativeId ?? next.sourceKey;
        const entity = await connector.readOne(env.type, id, { withFilter: true, signal: env.stop });
        answers.set(next.entityNo, entity ?? 'missing');
      } catch (error) {
        if (!isConnectorError(error)) throw error;
        // About this one entity it has said nothing; about the others it may.
        silent ||= error.scope !== 'entity';
      }
    }
  };
  await Promise.all(Array.from({ length: READS_IN_FLIGHT }, lane));
  return { answers, silent };
}
