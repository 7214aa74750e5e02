/**
 * `npm run rules [-- --spec <folder>]`: which rules of the specification are proven by a passed test. Reads the report of
 * the last test run and `docs/rules-deferred.json`; prints a line per prefix and the missing rules; fails when a rule is
 * neither cited by a passed test with an assertion nor deferred with a reason.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { citedRules, compareRules, deferredRules, definedRules, tableOf } from './rule-coverage.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    spec: { type: 'string', default: join(root, '../shared/spec') },
    report: { type: 'string', default: join(root, 'test-report/tests.json') },
    deferred: { type: 'string', default: join(root, 'docs/rules-deferred.json') },
  },
});

if (!existsSync(values.spec)) fail(`There is no specification in ${values.spec}: name its folder with --spec.`);
if (!existsSync(values.report)) fail(`There is no ${values.report}: run npm test first.`);

const texts = readdirSync(values.spec, { recursive: true })
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(values.spec, name), 'utf8'));
const rules = definedRules(texts);
if (rules.length === 0) fail(`No rule is defined in the Markdown files of ${values.spec}.`);
const cited = citedRules(readJson(values.report).tests);
const { deferred, mistakes } = deferredRules(readJson(values.deferred), rules);
const coverage = compareRules(rules, cited, deferred);

console.log(tableOf(coverage));
const missing = coverage.flatMap((prefix) => prefix.missing);
if (missing.length > 0) console.log(`\nmissing: ${missing.join(', ')}`);
// `UTF-8` looks like a rule, but no rule has that prefix.
const prefixes = new Set(coverage.map(({ prefix }) => prefix));
const unknown = cited.filter((rule) => !rules.includes(rule) && prefixes.has(rule.replace(/-\d+$/, '')));
if (unknown.length > 0) console.log(`\ncited by tests, not in the specification: ${unknown.join(', ')}`);
for (const mistake of mistakes) console.log(`docs/rules-deferred.json: ${mistake}`);
process.exitCode = missing.length + mistakes.length > 0 ? 1 : 0;

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
