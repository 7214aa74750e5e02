import type { CompileContext } from './compile-context.js';
import { EvaluationError } from './evaluation-error.js';
import { leadingTo } from './mapping-analysis.js';
import type { CompiledMapping } from './mapping-model.js';
import type { Memberships } from './program.js';
import type { Run } from './run.js';
import type { TypeParts } from './type-program.js';
import { memberOf, textOf } from './value.js';
import type { Value } from './value.js';

/** Variables of a write transformation of users whose value is groups of the target (VAR-10, VAR-11). */
const GROUP_VARIABLES = ['assignGroup', 'unassignGroup'] as const;

type GroupVariable = (typeof GROUP_VARIABLES)[number];

function isGroupVariable(name: string | undefined): boolean {
  return GROUP_VARIABLES.some((known) => known === name);
}

/** True if some mapping may put a user into a group or take it out. */
export function assignsGroups({ type, direction }: TypeParts, effective: readonly CompiledMapping[]): boolean {
  return (
    type === 'user' && direction === 'write' && effective.some(({ targetVariable }) => isGroupVariable(targetVariable))
  );
}

/** The mappings that are executed where an account is let go without being written: those that lead to `unassignGroup` (DEL-6 step 3). */
export function leadingToUnassignment(deleteScope: readonly CompiledMapping[]): readonly CompiledMapping[] {
  return leadingTo(deleteScope, 'unassignGroup').map((mapping) => ({ ...mapping, write: undefined }));
}

/**
 * What an evaluation has put into the variables, the last mapping of each (VAR-13); undefined if nothing. A group that is to be joined and
 * left is joined. Throws {@link EvaluationError} for values that name no groups.
 */
export function membershipsOf(run: Run): Memberships | undefined {
  const assign = groupIds(run.variable('assignGroup'), 'assignGroup');
  const unassign = groupIds(run.variable('unassignGroup'), 'unassignGroup').filter((id) => !assign.includes(id));
  return assign.length + unassign.length === 0 ? undefined : { assign, unassign };
}

/** A path that finds a single group gives an object and no list (EXP-24). */
function groupIds(value: Value | undefined, variable: GroupVariable): string[] {
  if (value === undefined || value === null) return [];
  return [...new Set((Array.isArray(value) ? value : [value]).map((group) => groupId(group, variable)))];
}

function groupId(group: Value, variable: GroupVariable): string {
  const id = memberOf(group, 'id');
  if ((typeof id === 'string' && id !== '') || typeof id === 'number') return textOf(id);
  throw new EvaluationError(
    `The variable ${variable} must be a list of objects such as {"id": "<id of a group in the target>"}`,
  );
}

/** Remarks on mappings to the variables; the ids of groups are sent, logged and shown as they are. */
export function checkGroupVariables(
  parts: TypeParts,
  reached: ReadonlySet<CompiledMapping>,
  context: CompileContext,
): void {
  if (parts.direction !== 'write') return;
  for (const mapping of parts.mappings) {
    const { targetVariable: name, pointer } = mapping;
    if (name === undefined || !isGroupVariable(name)) continue;
    if (parts.type !== 'user') {
      const message = `"${name}" assigns groups to users; in the mappings of type ${parts.type} it has no effect.`;
      context.issues.warning('groupVariableWithoutEffect', pointer, message, name);
    } else if (reached.has(mapping)) {
      const message = 'The id of a group must not come from a credential property: ids are logged as they are.';
      context.issues.error('credentialAsId', pointer, message);
    }
  }
}
