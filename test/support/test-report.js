/**
 * A jest reporter: writes `test-report/tests.json`, which `npm run rules` reads, and one line with the totals as the last
 * line of the run. A suite that cannot be loaded counts as one failed test.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export default class TestReport {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((suite) => this.testsOf(suite));
    const count = (status) => tests.filter((test) => test.status === status).length;
    const totals = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
    const file = join(this.rootDir, 'test-report', 'tests.json');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ totals, tests }, null, 1)}\n`);
    process.stderr.write(`\n${totalsLine(totals)}\n`);
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

/** `3 passed, 0 failed, 1 skipped`. */
export function totalsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
