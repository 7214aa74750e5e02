/**
 * A jest reporter: writes `test-report/tests.json`, which `npm run rules` reads and which says how long each suite took; after a run of
 * many suites the slowest of them, and one line with the totals as the last line of the run. A suite that cannot be loaded counts as one
 * failed test. `UPDATE_DURATIONS=1` also writes `durations.json`, the order of the suites on a machine that has not run them yet.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** So many suites are listed, when there were more. */
const SLOWEST = 15;
/** Shorter suites need no place in the order. */
const RECORDED_SECONDS = 2;

export default class TestReport {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((suite) => this.testsOf(suite));
    const count = (status) => tests.filter((test) => test.status === status).length;
    const totals = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
    const file = join(this.rootDir, 'test-report', 'tests.json');
    const suites = this.durationsOf(results);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ totals, suites, tests }, null, 1)}\n`);
    if (process.env.UPDATE_DURATIONS === '1') recordDurations(suites);
    if (suites.length > SLOWEST) process.stderr.write(`\n${slowestLines(suites).join('\n')}\n`);
    process.stderr.write(`\n${totalsLine(totals)}\n`);
  }

  /** The longest first; a suite that cannot be loaded has no duration. */
  durationsOf({ testResults }) {
    return testResults
      .map(({ testFilePath, perfStats: { start, end } }) => ({
        file: relative(this.rootDir, testFilePath),
        seconds: Math.round((end - start) / 100) / 10,
      }))
      .sort((one, other) => other.seconds - one.seconds);
  }

  testsOf(suite) {
    const file = relative(this.rootDir, suite.testFilePath);
    if (suite.testExecError !== undefined && suite.testExecError !== null && suite.testResults.length === 0) {
      return [{ file, title: '(the suite cannot be loaded)', status: 'failed', assertions: 0 }];
    }
    return suite.testResults.map((test) => ({
      file,
      title: [...test.ancestorTitles, test.title].join(' › '),
      status: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
      assertions: test.numPassingAsserts,
    }));
  }
}

/** The slowest suites, what they and what all suites took. */
export function slowestLines(suites) {
  const sum = suites.reduce((all, { seconds }) => all + seconds, 0);
  const lines = suites.slice(0, SLOWEST).map(({ file, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${file}`);
  return [`The slowest of ${suites.length} suites, which took ${Math.round(sum)} s one after the other:`, ...lines];
}

function recordDurations(suites) {
  const long = suites.filter(({ seconds }) => seconds >= RECORDED_SECONDS);
  const lines = Object.fromEntries(long.map(({ file, seconds }) => [file, Math.round(seconds)]));
  writeFileSync(new URL('durations.json', import.meta.url), `${JSON.stringify(lines, null, 2)}\n`);
}

/** `3 passed, 0 failed, 1 skipped`. */
export function totalsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
