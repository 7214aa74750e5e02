/** The totals of the last test run as one line; without a report the run did not get to its end: one failure. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { totalsLine } from '../test/support/test-report.js';

const file = fileURLToPath(new URL('../test-report/tests.json', import.meta.url));
const none = { passed: 0, failed: 1, skipped: 0 };
console.log(totalsLine(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).totals : none));
