import { isObjectValue, memberOf } from '../value.js';
import type { Value } from '../value.js';
import type {
  AttributeUse,
  FunctionArguments,
  FunctionCall,
  FunctionDefinition,
  WholeBody,
} from './function-definition.js';

/** FNC-36 to FNC-38: replaces ids of the source by ids of the target. */
export const resolveEntityIds: FunctionDefinition = {
  name: 'resolveEntityIds',
  parameters: {
    entityType: { kind: 'text', required: false, oneOf: ['user', 'group'] },
    sourceSystemName: { kind: 'text', required: false },
    targetSystemName: { kind: 'text', required: false },
  },
  elements: 'own',
  writeOnly: true,
  linkDependent: true,
  prepareWhole,
};

/** An element of the value with the id to be resolved, undefined where the function leaves it alone. */
interface Candidate {
  readonly element: Value;
  readonly sourceId: string | undefined;
}

function prepareWhole(args: FunctionArguments, attribute: AttributeUse): WholeBody {
  const member = attribute.applyOn ?? 'value';
  const assignTo = attribute.assignTo ?? member;
  return (value, call, unchanged) => {
    const isList = Array.isArray(value);
    const candidates = (isList ? value : [value]).map((element, position): Candidate => {
      const skip = isResolved(element, position, isList ? value : undefined, call) || unchanged(element);
      return { element, sourceId: skip ? undefined : idOf(element, member) };
    });
    const found = lookUp(candidates, args, call);
    const results = candidates.flatMap((candidate, position) =>
      resolvedForms(candidate, found[position], assignTo, isList),
    );
    return isList ? rememberList(results, call) : rememberScalar(results[0], call);
  };
}

function idOf(element: Value, member: string): string | undefined {
  const id = isObjectValue(element) ? memberOf(element, member) : element;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** Target ids by position of the candidate; undefined for those that are left alone. */
function lookUp(
  candidates: readonly Candidate[],
  args: FunctionArguments,
  call: FunctionCall,
): (readonly string[] | undefined)[] {
  const sourceIds = candidates.map((candidate) => candidate.sourceId).filter((id) => id !== undefined);
  if (sourceIds.length === 0) return candidates.map(() => undefined);
  const type = args.text('entityType') === 'group' ? 'group' : 'user';
  call.run.budget.spend(sourceIds.length);
  const targetIds =
    call.run.write?.context.resolve({
      type,
      sourceIds,
      ...(args.has('sourceSystemName') ? { sourceSystemName: args.text('sourceSystemName') } : {}),
      ...(args.has('targetSystemName') ? { targetSystemName: args.text('targetSystemName') } : {}),
    }) ?? [];
  let next = 0;
  return candidates.map(({ sourceId }) => {
    if (sourceId === undefined) return undefined;
    const ids = targetIds[next] ?? [];
    next += 1;
    if (ids.length === 0) call.run.unresolved.set(`${type} ${sourceId}`, { type, sourceId });
    return ids;
  });
}

interface Resolution {
  readonly value: Value;
  readonly touched: boolean;
}

/** FNC-37: all target ids in a list, the first for a single value. */
function resolvedForms(
  candidate: Candidate,
  ids: readonly string[] | undefined,
  member: string,
  isList: boolean,
): Resolution[] {
  if (ids === undefined) return [{ value: candidate.element, touched: false }];
  const { element } = candidate;
  return (isList ? ids : ids.slice(0, 1)).map((id) => ({
    value: isObjectValue(element) ? { ...element, [member]: id } : id,
    touched: true,
  }));
}

function isResolved(element: Value, position: number, list: readonly Value[] | undefined, call: FunctionCall): boolean {
  if (typeof element === 'object' && element !== null) return call.resolved.has(element);
  const texts = call.resolvedTexts;
  return list === undefined
    ? texts.scalar !== undefined && texts.scalar === element
    : texts.list === list && texts.positions.has(position);
}

function rememberList(results: readonly Resolution[], call: FunctionCall): Value[] {
  const list = results.map((result) => result.value);
  const before = call.resolvedTexts;
  const positions = new Set<number>();
  results.forEach((result, position) => {
    if (isObjectValue(result.value) && result.touched) call.resolved.add(result.value);
    if (result.touched) positions.add(position);
  });
  keepEarlier(results, before, positions);
  before.list = list;
  before.positions = positions;
  return list;
}

/** Texts that an earlier function of the chain resolved stay resolved, at their new position. */
function keepEarlier(
  results: readonly Resolution[],
  before: FunctionCall['resolvedTexts'],
  positions: Set<number>,
): void {
  const earlier = new Set([...before.positions].map((position) => before.list?.[position]));
  results.forEach((result, position) => {
    if (!result.touched && typeof result.value === 'string' && earlier.has(result.value)) positions.add(position);
  });
}

function rememberScalar(result: Resolution | undefined, call: FunctionCall): Value | undefined {
  if (result === undefined) return undefined;
  if (result.touched) {
    if (isObjectValue(result.value)) call.resolved.add(result.value);
    else if (typeof result.value === 'string') call.resolvedTexts.scalar = result.value;
  }
  return result.value;
}
