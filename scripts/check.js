/** `npm run check`: every static check, all of them even when one fails, and a line for each at the end. */
import { spawnSync } from 'node:child_process';

/** Files that have not changed are not looked at again; where the verdict counts, everything is. */
const cache = (tool) =>
  process.env.CI
    ? []
    : ['--cache', '--cache-strategy', 'content', '--cache-location', `node_modules/.cache/check/${tool}`];
const STEPS = [
  ['format', 'npx', ['prettier', '--check', '--log-level', 'warn', ...cache('prettier'), '.']],
  ['lint', 'npx', ['eslint', ...cache('eslint'), '.']],
  ['types', 'npx', ['tsc', '-p', 'tsconfig.json', '--noEmit']],
  ['build', 'npm', ['run', '--silent', 'build']],
  ['dead code', 'npx', ['knip', '--no-progress']],
  ['schema drift', 'node', ['scripts/check-schema.js']],
  ['workflow bundle', 'node', ['scripts/check-bundle.js']],
];

const results = STEPS.map(([name, command, args]) => {
  const start = Date.now();
  console.log(`\n── ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  return { name, passed: status === 0, seconds: (Date.now() - start) / 1000 };
});

console.log('');
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(16)} ${seconds.toFixed(1)} s`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
