import { InvalidArgumentError } from 'commander';

/** Names that a filter may have, as the API knows them. */
const NAMES = ['target', 'type', 'verb', 'attribute', 'facet', 'risk', 'state', 'match', 'text'] as const;

/** A filter of changes: all given conditions hold. */
export type Filter = Partial<Record<(typeof NAMES)[number], string>>;

/** `verb=delete`; may be repeated. Throws InvalidArgumentError naming what is allowed. */
export function collectFilter(text: string, before: Filter): Filter {
  const at = text.indexOf('=');
  const name = NAMES.find((one) => one === text.slice(0, at));
  if (at < 1 || name === undefined) throw new InvalidArgumentError(`give name=value; names are ${NAMES.join(', ')}`);
  return { ...before, [name]: text.slice(at + 1) };
}
