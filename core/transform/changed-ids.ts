import { below } from './issues.js';
import { leadingTo } from './mapping-analysis.js';
import type { CompiledMapping } from './mapping-model.js';
import type { TransformationIssue, TransformationProgram } from './program.js';
import { CompiledTypeProgram } from './type-program.js';
import { canonicalText } from './value.js';

/**
 * VAR-5: warnings for the types whose id would come from something else than before. Every entity would be another one: those that are
 * linked would be taken for gone.
 */
export function changedIds(
  before: TransformationProgram,
  after: TransformationProgram,
): readonly TransformationIssue[] {
  const variable = after.direction === 'read' ? 'entityIdSourceSystem' : 'entityIdTargetSystem';
  return [...after.types].flatMap(([type, program]) => {
    const older = before.types.get(type);
    if (!(program instanceof CompiledTypeProgram) || !(older instanceof CompiledTypeProgram)) return [];
    const mappings = leadingTo(program.analysis.effective, variable);
    if (originOf(mappings) === originOf(leadingTo(older.analysis.effective, variable))) return [];
    const message =
      `The variable ${variable} is mapped to something else than before: with the next job every ${type} is another one, and those ` +
      'of before count as deleted. Reset the system right after saving, before its next job.';
    const pointer = mappings.at(-1)?.pointer ?? below('', type);
    return [{ severity: 'warning', code: 'idChanged', pointer, text: variable, message } as const];
  });
}

function originOf(mappings: readonly CompiledMapping[]): string {
  return canonicalText(mappings.map((mapping) => mapping.canonical));
}
