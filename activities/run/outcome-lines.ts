import { ENTITY_TYPES, entityTypeOfCode } from '../../core/entity-type.js';
import { MATCH_OUTCOMES } from '../../core/plan/change.js';
import type { MatchCount } from '../../state/plans/matches.js';
import type { TypeVerdict } from '../../state/absence/verdict.js';
import type { OutcomeCount } from '../../state/absence/outcomes.js';
import type { UnresolvedCount } from '../../state/drain/references.js';
import type { HeldCount } from '../../state/plans/held.js';
import type { ChangeState } from '../../core/plan/states.js';
import type { RunContext } from '../support/run-context.js';

/** Why nobody of a type who was not delivered is believed to be missing (DEL-21, UNK-2, UNK-4). */
export function guardLine({ guard, delivered, failed, usualSize }: TypeVerdict): string {
  if (guard === 'emptyRead') return 'source system returned no entities';
  if (guard === 'configurationChanged')
    return 'filter or API version changed since the last full read: who is missing is unknown';
  const size = `source system returned ${delivered + failed} entities instead of usually ${usualSize ?? 0}`;
  return `${size}: who is missing is unknown`;
}

/** What became of the changes of a plan that was applied, over all its applications. */
export function appliedLines(states: ReadonlyMap<ChangeState, number>): string[] {
  const lines: [ChangeState, string][] = [
    ['applied', 'changes of the plan applied'],
    ['drifted', 'changes not applied: the account or the source has moved (drifted)'],
    ['obsolete', 'changes not applied: entity, link, mapping or configuration have moved (obsolete)'],
    ['failed', 'changes failed in the target system'],
    ['approved', 'approved changes left'],
  ];
  return lines.flatMap(([state, text]) => {
    const count = states.get(state) ?? 0;
    return count > 0 ? [`${count} ${text}`] : [];
  });
}

/** GOV-7: one line for each target and class; types of a target are told together. */
export function heldLines(context: RunContext, counts: readonly HeldCount[]): string[] {
  const sums = new Map<string, number>();
  for (const { targetNo, class: name, count } of counts) {
    const target = context.targets.find((one) => one.snapshot.no === targetNo)?.snapshot.name ?? `system ${targetNo}`;
    const about = `${name} in ${target}`;
    sums.set(about, (sums.get(about) ?? 0) + count);
  }
  return [...sums].map(([about, count]) => `Held for approval: ${count} ${about}`);
}

/** PLN-14: one line for each target and type that was looked into. */
export function matchLines(context: RunContext, counts: readonly MatchCount[]): string[] {
  return context.targets.flatMap(({ snapshot }) =>
    ENTITY_TYPES.flatMap((type) => {
      const own = counts.filter((one) => one.targetNo === snapshot.no && entityTypeOfCode(one.type) === type);
      const said = MATCH_OUTCOMES.flatMap((match) => {
        const count = own.find((one) => one.match === match)?.count ?? 0;
        return count > 0 ? [`${count} ${match}`] : [];
      });
      return said.length === 0 ? [] : [`${snapshot.name}, ${type}: match report: ${said.join(', ')}`];
    }),
  );
}

/** WRT-7: one line for each target and type; the results of the entities name the references. */
export function unresolvedLines(context: RunContext, counts: readonly UnresolvedCount[]): string[] {
  return counts.flatMap(({ targetNo, ownerType, owners, references }) => {
    const target = context.targets.find((one) => one.snapshot.no === targetNo);
    if (target === undefined) return [];
    const at = `${target.snapshot.name}, ${entityTypeOfCode(ownerType)}: `;
    return [`${at}${owners} entities refer to ${references} that are not in the target`];
  });
}

/** CONN-CORE-46. */
export function reportedDeletionLines(
  context: RunContext,
  counts: readonly { readonly type: number; readonly count: number }[],
): string[] {
  const { name } = context.source.snapshot;
  return counts.map(
    ({ type, count }) =>
      `${name}, ${entityTypeOfCode(type)}: ${count} deletions reported by the source system; only a full read deletes`,
  );
}

/** Counts of one target and type. */
export function countsOf(counts: readonly OutcomeCount[], targetNo: number, type: string): OutcomeCount[] {
  return counts.filter((row) => row.targetNo === targetNo && entityTypeOfCode(row.type) === type);
}
