import { cpus, loadavg, totalmem } from 'node:os';
import { parseOptions, USAGE, UsageError } from './options.js';
import type { BenchOptions } from './options.js';
import { jsonLine, table } from './result.js';
import type { BenchResult } from './result.js';
import { SCENARIOS } from './scenarios/index.js';
import { ScenarioTools } from './scenarios/tools.js';

/** Exit codes: the run failed, its numbers are void, the command line is wrong. */
const FAILED = 1;
const VOID = 2;
const WRONG_USAGE = 64;

/** Measures one scenario: `npm run bench -- --scenario initial-load --entities 5000 --latency 50 --json`. */
async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const result = await run(options);
  process.stderr.write(table(result));
  if (options.json) process.stdout.write(`${jsonLine(result)}\n`);
  if (result.invalidBecause.length > 0) process.exitCode = VOID;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const startedAt = performance.now();
  const say = (text: string): void => {
    process.stderr.write(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s  ${text}\n`);
  };
  const { scenario, entities, latencyMs, targets, pageSizeEntities } = options;
  const measure = SCENARIOS[scenario];
  const tools = new ScenarioTools(say, options.profileFolder);
  const loadBefore = loadavg()[0] ?? 0;
  try {
    const outcome = await measure(tools, options);
    const [cpu] = cpus();
    const machine = {
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 1024 / 1024),
      node: process.versions.node,
      ...tools.versions,
      loadBefore,
      loadAfter: loadavg()[0] ?? 0,
    };
    return { ...outcome, scenario, options: { entities, latencyMs, targets, pageSizeEntities }, machine };
  } finally {
    say('stopping');
    await tools.stop();
  }
}

main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  process.stderr.write(
    isUsage ? `${error.message}\n${USAGE}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = isUsage ? WRONG_USAGE : FAILED;
});
