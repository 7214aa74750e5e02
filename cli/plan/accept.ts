import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';

/** What the guards are to believe in one job, as given on the command line. */
export interface AcceptOptions {
  readonly acceptEmpty: readonly EntityType[];
  readonly acceptSize: readonly EntityType[];
}

/** Adds the options by which one job accepts an empty read, or one of another size (DEL-21, UNK-4). */
export function withAcceptance(command: Command): Command {
  return command
    .option('--accept-empty <type>', 'the source has nobody of this type any more; may be repeated', collectType, [])
    .option('--accept-size <type>', 'it has far fewer of this type than before; may be repeated', collectType, []);
}

/** What goes into the request that starts the job; nothing where nothing was accepted. */
export function acceptanceOf({ acceptEmpty, acceptSize }: AcceptOptions): {
  readonly accept?: { readonly emptyRead: readonly EntityType[]; readonly readSize: readonly EntityType[] };
} {
  if (acceptEmpty.length + acceptSize.length === 0) return {};
  return { accept: { emptyRead: [...new Set(acceptEmpty)], readSize: [...new Set(acceptSize)] } };
}

function collectType(text: string, before: readonly EntityType[]): readonly EntityType[] {
  const type = ENTITY_TYPES.find((one) => one === text);
  if (type === undefined) throw new InvalidArgumentError(`give one of ${ENTITY_TYPES.join(', ')}`);
  return [...before, type];
}
