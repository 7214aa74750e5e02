#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { apiCommand } from './commands/api.js';
import { certificatesCommand } from './commands/certificates.js';
import { conformanceCommand } from './commands/conformance.js';
import { applyCommand } from './commands/apply.js';
import { approveCommand, rejectCommand } from './commands/approve.js';
import { demoCommand } from './commands/demo.js';
import { edgeCommand } from './commands/edge.js';
import { identitiesCommand } from './commands/identities.js';
import { locationsCommand } from './commands/locations.js';
import { migrateCommand } from './commands/migrate.js';
import { planCommand } from './commands/plan.js';
import { recipientsCommand } from './commands/recipients.js';
import { rulesCommand } from './commands/rules.js';
import { runCommand } from './commands/run.js';
import { simulateCommand } from './commands/simulate.js';
import { showCommand } from './commands/show.js';
import { subscribeCommand, unsubscribeCommand } from './commands/subscribe.js';
import { transformCommand } from './commands/transform.js';
import { unknownCommand } from './commands/unknown.js';
import { upCommand } from './commands/up.js';
import { validateCommand } from './commands/validate.js';
import { workerCommand } from './commands/worker.js';

/** Commands load what does their work when they are called: all of it together takes a second. */
const program = new Command('muster')
  .description('Identity provisioning: people and groups from source systems into target systems, kept in step.')
  .version(packageVersion(), '-V, --version', 'show the version')
  .showHelpAfterError('(muster --help lists what there is)')
  .addCommand(upCommand())
  .addCommand(demoCommand())
  .addCommand(apiCommand())
  .addCommand(workerCommand())
  .addCommand(edgeCommand())
  .addCommand(migrateCommand())
  .addCommand(transformCommand())
  .addCommand(conformanceCommand())
  .addCommand(runCommand())
  .addCommand(unknownCommand())
  .addCommand(simulateCommand())
  .addCommand(validateCommand())
  .addCommand(planCommand())
  .addCommand(showCommand())
  .addCommand(approveCommand())
  .addCommand(rejectCommand())
  .addCommand(applyCommand())
  .addCommand(rulesCommand())
  .addCommand(subscribeCommand())
  .addCommand(unsubscribeCommand())
  .addCommand(recipientsCommand())
  .addCommand(identitiesCommand())
  .addCommand(certificatesCommand())
  .addCommand(locationsCommand());

try {
  await program.parseAsync();
} catch (error) {
  const { errorText } = await import('./error-text.js');
  console.error(errorText(error));
  process.exitCode = 1;
}

/** Native parts, such as the runtime of Temporal, can hold a process open that has nothing left to do. */
const END_GRACE_MS = 500;
setTimeout(() => process.exit(), END_GRACE_MS).unref();

/** From the package, two folders above the compiled command. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
