import { confirmAbsence } from '../absence/confirm.js';
import type { DrainEnvironment, Work } from './work.js';

/** Questions to the source at once. */
const LANES = 8;

/**
 * Whether somebody may be created whom a delta read has not delivered. What is known of such a person is as old as an earlier job (RDM-12):
 * whoever has left since must not get an account, so the source is asked by id. Who is not found, or whom the source does not tell of now,
 * waits: the next full read decides. A source that cannot read one entity is not asked; what is stored is all there is.
 */
export async function isStillThere(env: DrainEnvironment, work: Pick<Work, 'row' | 'pair'>): Promise<boolean> {
  const { context } = env.tools;
  if (context.mode !== 'delta' || work.row.seen || !context.source.capabilities.readOne) return true;
  const id = work.pair.nativeId ?? work.pair.sourceKey;
  return (await confirmAbsence(context, env.type, id, env.stop)) === 'found';
}

/** The creates among these that {@link isStillThere} is not true for. */
export async function listDoubtful(env: DrainEnvironment, works: readonly Work[]): Promise<Set<Work>> {
  const queue = works.filter((work) => [work, ...work.parts].some(({ evaluation }) => evaluation.action === 'create'));
  const doubtful = new Set<Work>();
  const lane = async (): Promise<void> => {
    for (let work = queue.shift(); work !== undefined; work = queue.shift()) {
      if (!(await isStillThere(env, work))) doubtful.add(work);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return doubtful;
}
