import { Command, InvalidArgumentError } from 'commander';
import { untilAskedToStop } from '../../runtime/node-child.js';

const FEWEST_PEOPLE = 20;
const MOST_PEOPLE = 100_000;

/** SCIMMY makes all its entities anew for each page, so that more people would mean waiting for it. */
const DEFAULT_PEOPLE = { simulated: 1_000, foreign: 300 };

interface Options {
  readonly people?: number;
  readonly keep?: boolean;
  readonly json?: boolean;
  readonly foreign?: boolean;
}

/** `muster demo`: everything on this machine with people who do not exist, a few jobs, and a check of what they did. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('show everything at work on simulated directories; touches no data of `muster up`')
    .option(
      '--people <number>',
      `people in the HR directory (default: ${DEFAULT_PEOPLE.simulated}, with --foreign ${DEFAULT_PEOPLE.foreign})`,
      peopleCount,
    )
    .option('--foreign', 'SCIM servers that nobody of this project wrote in place of the simulated ones')
    .option('--keep', 'stay up afterwards until Ctrl-C')
    .option('--json', 'the last line of standard output is one JSON object; the rest goes to standard error')
    .action(demo);
}

async function demo({ keep = false, json = false, foreign = false, ...options }: Options): Promise<void> {
  const people = options.people ?? (foreign ? DEFAULT_PEOPLE.foreign : DEFAULT_PEOPLE.simulated);
  const { isDemoFailure, runDemo } = await import('../demo/demo.js');
  const { Terminal } = await import('../demo/terminal.js');
  const terminal = new Terminal(json ? process.stderr : process.stdout);
  const interrupted = new AbortController();
  const { signal } = interrupted;
  void untilAskedToStop().then(() => interrupted.abort());
  try {
    const report = await runDemo({ people, foreign, keep, terminal, signal });
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  } catch (error) {
    if (signal.aborted) {
      terminal.line('stopped');
      process.exitCode = 130;
    } else if (isDemoFailure(error)) {
      process.stderr.write(`\nThe demo failed. ${error.message}\n`);
      process.exitCode = 1;
    } else throw error;
  }
}

function peopleCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= FEWEST_PEOPLE && count <= MOST_PEOPLE) return count;
  throw new InvalidArgumentError(`It must be a whole number from ${FEWEST_PEOPLE} to ${MOST_PEOPLE}.`);
}
