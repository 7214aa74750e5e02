import type { JsonObject } from '../../core/json.js';
import type { PairAction } from '../../core/sync/in-step.js';
import type { StoredLink, StoredPair } from '../../state/drain/pair-facts.js';
import type { Settlement } from '../../state/drain/settle.js';
import { evaluatePair, mapTarget } from './evaluate-pair.js';
import type { MappedTarget, MappingFailure } from './evaluate-pair.js';
import { sends } from './execute.js';
import { mapForCreate, unmappable } from './outcomes.js';
import { namesIn, ofPart } from './part-documents.js';
import type { Leased } from './prepare-batch.js';
import { mayCreate, newWork, settlement, UNDECIDED } from './work.js';
import type { DrainEnvironment, Work, WorkPart } from './work.js';

/** Links that stand for a target entity, or for one that may be there. */
export function liveLinks({ link, parts }: Pick<StoredPair, 'link' | 'parts'>): StoredLink[] {
  const all = parts.length > 0 ? parts : link === null ? [] : [link];
  return all.filter(({ state }) => state === 'linked' || state === 'creating');
}

/**
 * Evaluates a pair whose entity is several target entities (LNK-3): what is to be done with each of them. The pair stays what is leased, due
 * and in step or not. Undefined: it is one after all, or none, and is looked at like any other.
 */
export function prepareParts(env: DrainEnvironment, facts: Leased): Work | Settlement | undefined {
  const { pair, row, references } = facts;
  if (env.split === undefined && (pair.link?.part ?? null) === null) return undefined;
  const live = liveLinks(pair);
  if (env.split === undefined && live.length === 0) return undefined;
  const alone = { ...pair, link: null };
  const judged = evaluatePair(env.tools, env.type, alone, row.forced, references);
  const undecided = newWork({ ...facts, evaluation: UNDECIDED });
  const operation = live.length > 0 ? 'update' : 'create';
  if (judged.kind === 'failed') return unmappable(undecided, operation, judged);
  const { common, accepted } = judged;
  const isWanted = accepted && common !== null;
  if (!isWanted && live.every(({ part }) => part === null)) return undefined;
  const names = isWanted ? wantedNames(env, facts, common, live) : live.flatMap(({ part }) => part ?? []);
  if ('message' in names) return unmappable(undecided, operation, names);
  const whole: { update: MappedTarget | null } = { update: null };
  const parts: Work[] = [];
  const counts = { recreated: 0 };
  for (const { ord, name } of placesOf(names, live)) {
    const part = { ord, name, attribute: env.split?.attribute ?? null, counts };
    const made = evaluatePart(env, facts, part, live.find((link) => link.part === name) ?? null, whole);
    if ('message' in made) return unmappable(undecided, operation, made);
    parts.push(made);
  }
  return wholeOf(env, facts, { accepted, common, update: whole.update }, parts);
}

/**
 * The parts that the entity is to have. Those it has must be among them: an origin that was taken out of the list, or a change between one and
 * several, is no reason to delete anybody, nor to give an account another origin; the reference asks for a reset (RST-4).
 */
function wantedNames(
  env: DrainEnvironment,
  facts: Leased,
  common: JsonObject,
  live: readonly StoredLink[],
): readonly string[] | MappingFailure {
  const { split } = env;
  if (split === undefined)
    return failure(`the user has several accounts in the target, which is configured for one now; ${RESET}`);
  const named = namesOfMapping(env, facts, common, live);
  if ('message' in named) return named;
  const strange = live.find(({ part }) => part === null || !named.includes(part));
  if (strange === undefined) return named;
  const has = strange.part === null ? 'an account from before there were several' : `an account for ${strange.part}`;
  return failure(`the user has ${has}, and ${split.property} asks for ${named.join(', ')} only; ${RESET}`);
}

const RESET = 'a change of the origins needs a reset of the target system (nothing was written or deleted)';

function failure(message: string): MappingFailure {
  return { kind: 'failed', message };
}

/** By the update mappings where there is something to update; whatever these do not say, those of a create do. */
function namesOfMapping(
  env: DrainEnvironment,
  { references }: Leased,
  common: JsonObject,
  live: readonly StoredLink[],
): readonly string[] | MappingFailure {
  const { split } = env;
  const targetKey = live.find(({ state }) => state === 'linked')?.targetKey ?? undefined;
  let problem = `the write transformation gives no ${split?.attribute ?? 'value'} for the accounts of the user; map the constant "%${split?.property ?? ''}%[]" to it`;
  for (const operation of targetKey === undefined ? (['create'] as const) : (['update', 'create'] as const)) {
    const mapped = mapTarget(env.tools, env.type, common, operation, targetKey, references);
    if ('message' in mapped) return mapped;
    const names = split && namesIn(split, mapped.body);
    if (names === undefined) continue;
    if (!('problem' in names)) return names;
    problem = names.problem;
  }
  return failure(problem);
}

/** Parts keep their places; new ones get the first that are free. */
function placesOf(names: readonly string[], live: readonly StoredLink[]): { ord: number; name: string }[] {
  const taken = new Set(live.map(({ ord }) => ord));
  const places = names.map((name) => {
    const known = live.find(({ part }) => part === name)?.ord;
    if (known !== undefined) return { ord: known, name };
    let ord = 0;
    while (taken.has(ord)) ord += 1;
    taken.add(ord);
    return { ord, name };
  });
  return places.sort((a, b) => a.ord - b.ord);
}

function evaluatePart(
  env: DrainEnvironment,
  facts: Leased,
  part: WorkPart,
  link: StoredLink | null,
  whole: { update: MappedTarget | null },
): Work | MappingFailure {
  const { pair, row, references } = facts;
  // The pair was put out of step because of another part: this one is judged by what was written into it.
  const isWritten = link?.state === 'linked' && link.commonHash === null && link.targetHash !== null;
  const known = isWritten ? { ...link, commonHash: pair.commonHash } : link;
  const evaluation = evaluatePair(env.tools, env.type, { ...pair, link: known }, row.forced, references);
  if (evaluation.kind === 'failed') return evaluation;
  whole.update ??= evaluation.update;
  const update = evaluation.update === null ? null : ofPart({ part }, evaluation.update);
  if (update !== null && 'message' in update) return update;
  const made = { ...newWork({ ...facts, pair: { ...pair, link }, evaluation: { ...evaluation, update } }), part };
  if (evaluation.action !== 'create') return made;
  if (!mayCreate(env, made)) return { ...made, result: settlement(made, { kind: 'waiting' }) };
  const create = mapForCreate(env, made);
  if ('message' in create) return { ...made, result: unmappable(made, 'create', create) };
  return { ...made, create };
}

/** The pair as plans and the governor see it: one change of one person. */
function wholeOf(
  env: DrainEnvironment,
  facts: Leased,
  known: Pick<Work['evaluation'], 'accepted' | 'common' | 'update'>,
  parts: readonly Work[],
): Work | Settlement {
  const first = parts.find(({ pair }) => pair.link?.state === 'linked')?.pair.link ?? facts.pair.link;
  const evaluation = { kind: 'decided', action: actionOf(parts), ...known } as const;
  const work = { ...newWork({ ...facts, pair: { ...facts.pair, link: first }, evaluation }), parts };
  return parts.some((part) => part.result === null && sends(part)) ? work : env.sink.local(env, work);
}

const BY_WEIGHT: readonly PairAction[] = ['update', 'create', 'resolve', 'markOutOfScope', 'none', 'drop'];

function actionOf(parts: readonly Work[]): PairAction {
  const actions = new Set(parts.map(({ evaluation }) => evaluation.action));
  return BY_WEIGHT.find((action) => actions.has(action)) ?? 'none';
}
