import { Command } from 'commander';
import { childEnvironment, loadConfig } from '../../runtime/config.js';
import { describeConfig } from '../../runtime/describe-config.js';
import { createLogger } from '../../runtime/logger.js';
import { maskUrlPassword } from '../../runtime/mask.js';
import { untilAskedToStop } from '../../runtime/node-child.js';
import type { RunningStack } from '../stack.js';
import { LogFile } from '../stack/log-file.js';

/** `muster up`: everything on this machine, until Ctrl-C. */
export function upCommand(): Command {
  return new Command('up')
    .description('start everything: API and worker, and what is not configured of PostgreSQL and Temporal')
    .option('--home <folder>', 'state folder (default: MUSTER_HOME, or .muster)')
    .action(async (options: { home?: string }) => up(options.home));
}

async function up(home: string | undefined): Promise<void> {
  const config = loadConfig(childEnvironment(home === undefined ? {} : { MUSTER_HOME: home }));
  // The terminal shows what a person wants to know; log lines go to the state folder.
  const file = new LogFile(config.home, 'up');
  const log = createLogger(config, { process: 'up' }, { write: (line) => file.write(line.trimEnd()) });
  log.info({ config: describeConfig(config) }, 'starting');
  const stopRequested = untilAskedToStop();
  const interrupted = new AbortController();
  void stopRequested.then(() => interrupted.abort());
  const say = (text: string): void => console.log(`  ${text}`);
  const { startStack } = await import('../stack.js');
  const stack = await startStack({
    config,
    log,
    say,
    print: (text) => console.log(text),
    signal: interrupted.signal,
  }).catch(endIfInterrupted(interrupted.signal));
  console.log(banner(stack, config.home));
  await stopRequested;
  console.log('\nstopping …');
  await stack.stop();
  console.log('stopped; the next start finds its data');
}

/** Asked to stop while something was still starting: all that ran is stopped; a build that goes on ends with this process. */
function endIfInterrupted(signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    if (!signal.aborted) throw error;
    console.log('\nstopped before everything was ready');
    process.exit(0);
  };
}

function banner({ urls, bootstrapPassword }: RunningStack, home: string): string {
  const firstStart = [
    '',
    `  first start: sign in as admin with the password ${bootstrapPassword ?? ''}`,
    '  (shown only now, stored nowhere)',
  ];
  return [
    '',
    'Muster is running.',
    '',
    `  API              ${urls.api}/api/v1`,
    `  API docs         ${urls.apiDocs}`,
    `  Temporal Web UI  ${urls.temporalUi ?? `not known (service at ${urls.temporal})`}`,
    `  PostgreSQL       ${maskUrlPassword(urls.database)}`,
    `  state and logs   ${home}`,
    ...(bootstrapPassword === undefined ? [] : firstStart),
    '',
    'Ctrl-C stops everything.',
  ].join('\n');
}
