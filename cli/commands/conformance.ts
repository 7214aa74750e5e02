import { Command } from 'commander';

/** `muster conformance`: runs the checks of the connector contract against a live back end. */
export function conformanceCommand(): Command {
  return new Command('conformance')
    .description('check a connector and its back end against the connector contract (docs/connectors.md)')
    .requiredOption('--system <file>', 'description of the system as JSON')
    .option('--check <id>', 'only this check; may be repeated', collect, [])
    .option('--json', 'print the results as JSON')
    .addHelpText('after', '\nExit code: 0 nothing failed, 1 something failed, 2 the file cannot be used.')
    .action(
      async (options: { readonly system: string; readonly check: readonly string[]; readonly json?: boolean }) => {
        const { runConformanceCommand } = await import('../conformance/run-conformance.js');
        process.exitCode = await runConformanceCommand(options, (text) => console.log(text));
      },
    );
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
