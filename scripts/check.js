/** `npm run check`: every static check, all of them even when one fails, and a line for each at the end. */
import { spawn } from 'node:child_process';

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

/** Lint takes as long as all others together: it runs beside them. What a step prints is shown when it is over. */
const ALONE = 'lint';

const results = (
  await Promise.all([
    inTurn(STEPS.filter(([name]) => name === ALONE)),
    inTurn(STEPS.filter(([name]) => name !== ALONE)),
  ])
).flat();

async function inTurn(steps) {
  const done = [];
  for (const step of steps) done.push(await run(step));
  return done;
}

function run([name, command, args]) {
  const start = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => printed.push(chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      console.log(`\n── ${name}`);
      process.stdout.write(Buffer.concat(printed));
      resolve({ name, passed: status === 0, seconds: (Date.now() - start) / 1000 });
    });
  });
}

console.log('');
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(16)} ${seconds.toFixed(1)} s`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
