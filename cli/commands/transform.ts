import { Command } from 'commander';
import type { TransformOptions } from '../transform/run-transform.js';

/** `muster transform`: tries transformations on files, without a server. */
export function transformCommand(): Command {
  return new Command('transform')
    .description('try transformations on entities in a file; prints common and target JSON, changes nothing')
    .option('--read <file>', 'read transformation; without it the entities are common JSON')
    .option('--write <file>', 'write transformation')
    .requiredOption('--input <file>', 'one entity, or a list of entities, as JSON')
    .option('--type <type>', 'entity type', 'user')
    .option('--target-id <id>', 'id in the target, for update and delete')
    .option('--property <name=value>', 'value of a placeholder; may be repeated', collect, [])
    .option('--credential <name>', 'a credential property, its value is not needed; may be repeated', collect, [])
    .option('--explain', 'say on standard error where each attribute comes from')
    .addHelpText('after', '\nExit code: 0 all well, 1 a file cannot be used or does not compile, 2 an entity failed.')
    .action(async (options: TransformOptions) => {
      const { runTransform } = await import('../transform/run-transform.js');
      process.exitCode = runTransform(options, {
        result: (text) => console.log(text),
        say: (text) => console.error(text),
      });
    });
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
