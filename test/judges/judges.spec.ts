import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Budget } from '../../core/transform/budget.js';
import { compileReader } from '../../core/transform/condition/compile-condition.js';
import { parseWholePath } from '../../core/transform/condition/parse-condition.js';
import { parseDatePattern } from '../../core/transform/dates/date-pattern.js';
import { formatDate } from '../../core/transform/dates/format-date.js';
import { parseDate } from '../../core/transform/dates/parse-date.js';
import { compileRegex } from '../../core/transform/regex/regex.js';
import { parseReplacement } from '../../core/transform/regex/replacement.js';
import { canonicalText } from '../../core/transform/value.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { dateCases, dateDeviations } from './date-cases.js';
import { ask, classPath, judgesAreAvailable } from './judge.js';
import type { Deviation, Verdict } from './judge.js';
import { pathCases, pathDeviations } from './path-cases.js';
import { regexCases, regexDeviations, replaceCases, replaceDeviations } from './regex-cases.js';

/** Differences that no deviation explains, at most ten, and the rules of those that occurred. */
function compare<Case extends JsonObject>(
  cases: readonly Case[],
  verdicts: readonly Verdict[],
  ours: (question: Case) => Verdict,
  deviations: readonly Deviation<Case>[],
): { readonly unexplained: JsonValue[]; readonly used: ReadonlySet<string>; readonly agreed: number } {
  const unexplained: JsonValue[] = [];
  const used = new Set<string>();
  let agreed = 0;
  cases.forEach((question, index) => {
    const verdict = verdicts[index] ?? {};
    const answer = ours(question);
    if (same(answer, verdict)) {
      agreed += 1;
      return;
    }
    const deviation = deviations.find((candidate) => candidate.applies(question, verdict));
    if (deviation !== undefined) used.add(deviation.reason);
    else if (unexplained.length < 10) unexplained.push({ question, judge: { ...verdict }, ours: { ...answer } });
  });
  return { unexplained, used, agreed };
}

/** Which error it is does not matter, and a path may be missing for both. */
function same(left: Verdict, right: Verdict): boolean {
  if (left.error !== undefined || right.error !== undefined)
    return left.error !== undefined && right.error !== undefined;
  return left.missing === right.missing && canonicalText(left.value ?? null) === canonicalText(right.value ?? null);
}

function attempt(answer: () => Verdict): Verdict {
  try {
    return answer();
  } catch (error) {
    return { error: error instanceof Error ? error.name : 'unknown' };
  }
}

// Without them the deviations cannot be checked; CI has both.
const decide = judgesAreAvailable() ? describe : describe.skip;

decide('outside judges (need Java 17 and Maven)', () => {
  let path = '';

  beforeAll(() => {
    path = classPath();
  }, 300_000);

  it('PTH-1, PTH-2, PTH-4, PTH-7, CND-6, CND-13: paths and filters give what Jayway JsonPath 2.9.0 gives', () => {
    const cases = fc.sample(pathCases, { seed: 1, numRuns: 6000 });
    const ours = (question: { path: string; document: string }): Verdict =>
      attempt(() => {
        const read = compileReader(parseWholePath(question.path), {});
        const document = JSON.parse(question.document) as JsonValue;
        const value = read(document, document, new Budget());
        return value === undefined ? { missing: true } : { value: JSON.parse(JSON.stringify(value)) as JsonValue };
      });
    const { unexplained, used, agreed } = compare(cases, ask(path, cases), ours, pathDeviations);
    expect(unexplained).toEqual([]);
    expect([...used].sort()).toEqual(pathDeviations.map((deviation) => deviation.reason).sort());
    expect(agreed).toBeGreaterThan(cases.length / 2);
  }, 120_000);

  it('CND-10, CND-22, FNC-18: patterns match what java.util.regex matches, with the same groups', () => {
    const cases = fc.sample(regexCases, { seed: 2, numRuns: 12_000 });
    const ours = ({ pattern, flagText, text }: { pattern: string; flagText: string; text: string }): Verdict =>
      attempt(() => {
        const regex = compileRegex(pattern, flagText);
        const match = regex.matchAll(text, new Budget());
        if (match === undefined) return { value: [] };
        return { value: Array.from({ length: regex.groupCount + 1 }, (_, group) => match.group(group) ?? null) };
      });
    const { unexplained, used, agreed } = compare(cases, ask(path, cases), ours, regexDeviations);
    expect(unexplained).toEqual([]);
    expect([...used].sort()).toEqual(regexDeviations.map((deviation) => deviation.reason).sort());
    expect(agreed).toBeGreaterThan(cases.length * 0.9);
  }, 120_000);

  it('FNC-16: replacements give what Matcher.replaceAll gives', () => {
    const cases = fc.sample(replaceCases, { seed: 3, numRuns: 3000 });
    const ours = ({ pattern, text, replacement }: { pattern: string; text: string; replacement: string }): Verdict =>
      attempt(() => {
        const regex = compileRegex(pattern, '');
        const insert = parseReplacement(replacement, regex);
        let result = '';
        let end = 0;
        for (const match of regex.findAll(text, new Budget())) {
          result += text.slice(end, match.start) + insert(match);
          end = match.end;
        }
        return { value: result + text.slice(end) };
      });
    const { unexplained, used } = compare(cases, ask(path, cases), ours, replaceDeviations);
    expect(unexplained).toEqual([]);
    expect([...used].sort()).toEqual(replaceDeviations.map((deviation) => deviation.reason).sort());
  }, 120_000);

  it('DTP-1, FNC-31: dates are read and written as java.time does', () => {
    const cases = fc.sample(dateCases, { seed: 4, numRuns: 6000 });
    const ours = ({ source, text, target }: { source: string; text: string; target: string }): Verdict =>
      attempt(() => {
        const time = parseDate(parseDatePattern(source), text);
        return time === undefined ? { error: 'unparsable' } : { value: formatDate(parseDatePattern(target), time) };
      });
    const { unexplained, used, agreed } = compare(cases, ask(path, cases), ours, dateDeviations);
    expect(unexplained).toEqual([]);
    expect([...used].sort()).toEqual(dateDeviations.map((deviation) => deviation.reason).sort());
    expect(agreed).toBeGreaterThan(cases.length / 2);
  }, 120_000);
});
