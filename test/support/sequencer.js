/**
 * The order of the suites: the longest first, so that the workers finish together. How long a suite takes is known from the last run on
 * this machine, and before there was one from `durations.json`, which `UPDATE_DURATIONS=1 npm test` writes.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const recorded = JSON.parse(readFileSync(new URL('durations.json', import.meta.url), 'utf8'));
/** Of a suite that is too short to be recorded. */
const SHORT_MS = 1_000;

export default class LongestFirst extends Sequencer {
  /** Milliseconds. */
  time(test) {
    const file = relative(test.context.config.rootDir, test.path);
    return super.time(test) ?? (file in recorded ? recorded[file] * 1_000 : SHORT_MS);
  }
}
