import type { EntityType } from '../entity-type.js';
import { jsonPointer } from '../json-pointer.js';
import type { ApprovalRule } from './approval-rules.js';
import type { ChangeVerb } from './change.js';

/** What rules are checked against when they are saved. */
export interface RuleSurroundings {
  readonly sourceName: string;
  /** Verbs that need two people on the source. */
  readonly twoPeopleFor: readonly string[];
  /** The source has a facet attribute. */
  readonly hasFacet: boolean;
  /** Targets that the source feeds. */
  readonly targets: readonly {
    readonly id: string;
    readonly name: string;
    /** Attributes that its transformation writes, by type; undefined: it cannot be told. */
    readonly attributes: ReadonlyMap<EntityType, ReadonlySet<string> | undefined>;
  }[];
}

/** What is wrong in one place of the rules, and how to mend it. */
export interface RuleProblem {
  /** JSON pointer into `{"rules": […]}`. */
  readonly pointer: string;
  readonly message: string;
}

/** Everything about rules that their form alone does not say; empty when they can be saved. */
export function checkRules(rules: readonly ApprovalRule[], around: RuleSurroundings): RuleProblem[] {
  const names = new Map<string, number>();
  return rules.flatMap((rule, index) => {
    const problems = checkRule(rule, ['rules', index], around);
    const key = rule.name.trim().toLowerCase();
    const first = names.get(key);
    if (first === undefined) names.set(key, index);
    else problems.push(problem(['rules', index, 'name'], `rule ${first + 1} has this name, too: choose another one`));
    return problems;
  });
}

type Path = readonly (string | number)[];

function checkRule(rule: ApprovalRule, at: Path, around: RuleSurroundings): RuleProblem[] {
  return [
    ...rule.verbs.flatMap((verb, index) => checkVerb(rule, verb, [...at, 'verbs', index], around)),
    ...checkFacets(rule, at, around),
    ...checkTargets(rule, at, around),
    ...checkAttributes(rule, at, around),
  ];
}

function checkVerb(
  rule: ApprovalRule,
  verb: ChangeVerb,
  at: Path,
  { sourceName, twoPeopleFor }: RuleSurroundings,
): RuleProblem[] {
  if (rule.verbs.indexOf(verb) !== at.at(-1)) return [problem(at, `${verb} is named twice: remove one`)];
  if (twoPeopleFor.includes(verb))
    return [
      problem(
        at,
        `${verb} needs two people on ${sourceName}, and a rule is none: leave it out here, or remove it from ips.plan.second.person`,
      ),
    ];
  if (verb === 'delete' && rule.attributes !== undefined)
    return [problem(at, 'a deletion is not limited by attributes: make a rule of its own for delete, without them')];
  return [];
}

function checkFacets(rule: ApprovalRule, at: Path, { hasFacet, sourceName }: RuleSurroundings): RuleProblem[] {
  if (rule.facets === undefined || hasFacet) return [];
  const message = `no change of ${sourceName} has a facet: set ips.plan.facet there first, or remove this`;
  return [problem([...at, 'facets'], message)];
}

function checkTargets(rule: ApprovalRule, at: Path, around: RuleSurroundings): RuleProblem[] {
  const known = new Set(around.targets.map(({ id }) => id));
  const names = around.targets.map(({ id, name }) => `${name} (${id})`).join(', ');
  return (rule.targets ?? []).flatMap((id, index) =>
    known.has(id)
      ? []
      : [
          problem(
            [...at, 'targets', index],
            `${around.sourceName} does not feed this target: choose from ${names === '' ? 'its targets once it has some' : names}`,
          ),
        ],
  );
}

/** A name that nothing writes would never be met: more likely it is misspelt. */
function checkAttributes(rule: ApprovalRule, at: Path, around: RuleSurroundings): RuleProblem[] {
  const meant = around.targets.filter(({ id }) => rule.targets?.includes(id) !== false);
  // A target that is not fed is named already.
  if (meant.length === 0 && rule.targets !== undefined) return [];
  const sets = meant.flatMap(({ attributes }) =>
    [...attributes].flatMap(([type, names]) => (rule.types?.includes(type) === false ? [] : [names])),
  );
  if (sets.includes(undefined)) return [];
  const written = new Set(sets.flatMap((names) => [...(names ?? [])]));
  return (rule.attributes ?? []).flatMap((name, index) => {
    if (written.has(name)) return [];
    const choice = written.size === 0 ? 'it feeds no target yet' : `written are ${[...written].sort().join(', ')}`;
    return [problem([...at, 'attributes', index], `no transformation of a target writes ${name}: ${choice}`)];
  });
}

function problem(path: Path, message: string): RuleProblem {
  return { pointer: jsonPointer(path), message };
}
