import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { printDryRun, printRules, remoteDryRun, remoteRules } from '../plan/print-rules.js';
import { call, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

interface RulesOptions extends RemoteOptions {
  readonly save?: string;
  readonly dryRun?: string | true;
  readonly comment: string;
}

/** `muster rules <system>`: what of a source's plans is approved without a person (PLN-13). */
export function rulesCommand(): Command {
  return remoteCommand('rules')
    .description('show, try or save what of the plans of a source is approved without a person')
    .argument('<system>', 'id or name of the source')
    .option('--dry-run [file]', 'what these rules, or those that are saved, would have approved of the last plan')
    .option('--save <file>', 'save these rules: JSON, {"rules": […]}')
    .option('--comment <text>', 'why', '')
    .action(async (system: string, options: RulesOptions) => {
      const path = `/systems/${await systemId(options, system)}/approval-rules`;
      if (options.dryRun !== undefined) {
        const body = options.dryRun === true ? {} : await rulesIn(options.dryRun);
        console.log(printDryRun(remoteDryRun.parse(await call(options, 'POST', `${path}/dry-run`, body))));
      }
      if (options.save !== undefined) {
        const body = { ...(await rulesIn(options.save)), comment: options.comment };
        console.log(printRules(remoteRules.parse(await call(options, 'PUT', path, body))));
      } else if (options.dryRun === undefined) {
        console.log(printRules(remoteRules.parse(await call(options, 'GET', path))));
      }
    });
}

/** Throws StackError when the file cannot be read; what is in it the API judges. */
async function rulesIn(file: string): Promise<{ readonly rules: unknown }> {
  try {
    const content: unknown = JSON.parse(await readFile(file, 'utf8'));
    // A list of rules is one, whatever is around it.
    const isWrapped = typeof content === 'object' && content !== null && 'rules' in content;
    return { rules: isWrapped ? content.rules : content };
  } catch (error) {
    throw new StackError(`${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
