import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { download, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

interface ValidateOptions extends RemoteOptions {
  readonly users?: string;
  readonly groups?: string;
  readonly output?: string;
}

/** `muster validate <system>`: what the transformations make of the rows of CSV files; no back end is asked. */
export function validateCommand(): Command {
  return remoteCommand('validate')
    .description(
      'map up to 10 users and 10 groups from CSV files as for creating them in each target; no back end is asked, nothing is changed',
    )
    .argument('<system>', 'id or name of the source')
    .option('--users <file>', 'CSV of users; headers are attribute paths of the source, such as name.familyName')
    .option('--groups <file>', 'CSV of groups')
    .option('--output <file>', 'where the ZIP goes; default: the name that it has, in this folder')
    .action(async (system: string, options: ValidateOptions) => {
      const files = {
        ...(options.users !== undefined && { users: await readText(options.users) }),
        ...(options.groups !== undefined && { groups: await readText(options.groups) }),
      };
      const result = await download(options, 'POST', `/systems/${await systemId(options, system)}/validations`, files);
      const file = options.output ?? result.name;
      await writeFile(file, result.content);
      console.log(file);
    });
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new StackError(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new StackError(`${file}: is not UTF-8; save it as "CSV UTF-8"`);
  }
}
