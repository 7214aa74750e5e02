import type { CheckResult, CheckStatus } from './system-under-test.js';

const SIGNS: Readonly<Record<CheckStatus, string>> = {
  passed: 'passed   ',
  failed: 'FAILED   ',
  deviation: 'deviation',
  skipped: 'skipped  ',
};

/** One result as text for a terminal: a line, and one more for what there is to say. */
export function resultText({ status, rules, title, id, text, durationMs }: CheckResult): string {
  const rule = rules.length === 0 ? '' : ` [${rules.join(', ')}]`;
  const line = `${SIGNS[status]} ${id}: ${title}${rule}${durationMs > 1000 ? ` (${(durationMs / 1000).toFixed(1)} s)` : ''}`;
  return text === '' ? line : `${line}\n          ${text.split('\n').join('\n          ')}`;
}

/** The last lines of a report: the totals, and what is left in the system. */
export function summaryText(results: readonly CheckResult[], leftBehind: readonly string[]): string {
  const count = (status: CheckStatus): number => results.filter((result) => result.status === status).length;
  const totals = `${count('passed')} passed, ${count('failed')} failed, ${count('deviation')} known deviations, ${count('skipped')} skipped`;
  if (leftBehind.length === 0) return totals;
  return `${totals}\nLeft in the system, remove it by hand or run again:\n${leftBehind.map((line) => `  ${line}`).join('\n')}`;
}
