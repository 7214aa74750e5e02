import type { PreviewStep } from '../../core/preview/preview.js';
import type { MappingExplanation } from '../../core/transform/index.js';
import type { JsonValue } from '../../core/json.js';

/** Characters of a value that are shown. */
const MAX_SHOWN = 60;

/** A part of a tree: a line, and what belongs to it. */
interface Branch {
  readonly text: string;
  readonly children: readonly Branch[];
}

/** The explanation of one entity as a tree of lines. */
export function explanationOf(title: string, steps: readonly (readonly [name: string, step: PreviewStep])[]): string {
  const branches = steps.map(([name, step]) => stepBranch(name, step));
  return [title, ...linesOf(branches, '')].join('\n');
}

function stepBranch(name: string, { outcome, reason, trace, unresolved, memberships }: PreviewStep): Branch {
  const { condition, mappings, attributes } = trace;
  const missing = (unresolved ?? []).map(({ type, sourceId }) => leaf(`no target id: ${type} ${sourceId}`));
  return {
    text: reason === undefined ? `${name}: ${outcome}` : `${name}: ${outcome}: ${reason}`,
    children: [
      ...(condition === undefined ? [] : [{ text: conditionText(condition), children: testsOf(condition) }]),
      ...mappings.map(mappingBranch),
      ...missing,
      ...(memberships?.assign ?? []).map((id) => leaf(`assigned to group ${id}`)),
      ...(memberships?.unassign ?? []).map((id) => leaf(`removed from group ${id}`)),
      ...(attributes.length === 0 ? [] : [{ text: 'attributes', children: attributeLeaves(attributes) }]),
    ],
  };
}

function mappingBranch(mapping: MappingExplanation): Branch {
  const { pointer, status, condition, targetPath, targetVariable, message } = mapping;
  const into = [targetPath, targetVariable === undefined ? undefined : `\${${targetVariable}}`]
    .filter((place) => place !== undefined)
    .join(', ');
  const parts = [`${pointer}  ${SAID[status]}`, ...valueParts(mapping), ...(into === '' ? [] : [`→ ${into}`])];
  return {
    text: parts.join('  '),
    children: [
      ...(condition === undefined ? [] : [{ text: conditionText(condition), children: testsOf(condition) }]),
      ...(message === undefined ? [] : [leaf(message)]),
    ],
  };
}

const SAID: Readonly<Record<MappingExplanation['status'], string>> = {
  notExecuted: 'not for this operation',
  conditionNotMet: 'condition not met',
  missing: 'no value',
  written: 'written',
  edited: 'edited',
  failed: 'FAILED',
};

function valueParts(mapping: MappingExplanation): string[] {
  const { status, origin, originValue, functions, usedDefault, value, matches } = mapping;
  if (status === 'notExecuted' || status === 'conditionNotMet') return [];
  if (status === 'edited') return [`${matches ?? 0} matches`];
  const calls = functions.map(({ name, result }) => `${name}: ${shown(result)}`);
  return [
    ...(origin === undefined ? [] : [originValue === undefined ? origin : `${origin} = ${shown(originValue)}`]),
    ...calls,
    ...(usedDefault === true ? [`default: ${shown(value)}`] : []),
  ];
}

function conditionText({ text, met }: { readonly text: string; readonly met: boolean }): string {
  return `if ${text}: ${met ? 'true' : 'false'}`;
}

/** Single tests, where there is more than the condition itself. */
function testsOf(condition: NonNullable<MappingExplanation['condition']>): readonly Branch[] {
  const tests = condition.tests ?? [];
  return tests.length < 2 ? [] : tests.map((test) => leaf(`${test.text}: ${test.met ? 'true' : 'false'}`));
}

/** A table of two columns. */
function attributeLeaves(attributes: readonly { readonly pointer: string; readonly mapping: string }[]): Branch[] {
  const width = Math.max(...attributes.map(({ pointer }) => pointer.length));
  return attributes.map(({ pointer, mapping }) => leaf(`${pointer.padEnd(width)}  from ${mapping}`));
}

function shown(value: JsonValue | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

function leaf(text: string): Branch {
  return { text, children: [] };
}

function linesOf(branches: readonly Branch[], indent: string): string[] {
  return branches.flatMap(({ text, children }, position) => {
    const isLast = position === branches.length - 1;
    return [`${indent}${isLast ? '└─' : '├─'} ${text}`, ...linesOf(children, `${indent}${isLast ? '   ' : '│  '}`)];
  });
}
