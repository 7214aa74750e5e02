import type { EntityType } from '../../core/entity-type.js';
import type { ConfirmationLimit } from '../capability-rules.js';
import { isConnectorError } from '../errors.js';
import type { ScimProfile } from './profile.js';
import { allOf, anyOf, equalsFilter } from './scim-filter.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimSettings, ScimType } from './scim-settings.js';

/** One filter stays far below what servers take as an address, encoded and together with a configured filter. */
const TOGETHER: ConfirmationLimit = { entities: 25, characters: 1_000 };
const TYPES = ['user', 'group'] as const;

/** Types whose entities are asked for together (DEL-23): where the server filters freely, and a single question would be no better one. */
export function confirmationLimits(
  { filter, confirmations }: Pick<ScimProfile, 'filter' | 'confirmations'>,
  filters: ScimSettings['filters'],
): Partial<Record<EntityType, ConfirmationLimit>> {
  const isTogether = (type: ScimType): boolean =>
    filter === 'full' && (confirmations === 'together' || (confirmations === 'auto' && filters[type] !== undefined));
  return Object.fromEntries(TYPES.filter(isTogether).map((type) => [type, TOGETHER]));
}

/** What the question needs of its surroundings. */
export interface PresentIdsOptions {
  readonly reader: ScimReader;
  readonly settings: Pick<ScimSettings, 'filters'>;
  readonly ids: ScimProfile['ids'];
}

/**
 * Which of these ids are there under the configured filter, by one search. Null when the server does not take the filter, cuts its answer,
 * repeats itself, or tells of somebody who was not asked for: such an answer says nothing of anybody.
 */
export async function presentIds(
  { reader, settings, ids: spelling }: PresentIdsOptions,
  type: ScimType,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string> | null> {
  const spelled = (id: string): string => (spelling === 'any-case' ? id.toLowerCase() : id);
  const asked = new Map(ids.map((id) => [spelled(id), id]));
  const filter = allOf([settings.filters[type], anyOf(ids.map((id) => equalsFilter('id', id)))]) ?? '';
  try {
    const label = `read ${type}s under the filter`;
    const found = await reader.search(type, filter, ids.length, { label, signal, sent: ids });
    const isWhole = found.resources.length === found.entities.length && found.totalResults === found.entities.length;
    const present = found.entities.map(({ id }) => asked.get(spelled(id)));
    const isPlain = new Set(present).size === present.length && !present.includes(undefined);
    return isWhole && isPlain ? new Set(present.filter((id) => id !== undefined)) : null;
  } catch (error) {
    if (isConnectorError(error) && error.vendorCode === 'invalidFilter') return null;
    throw error;
  }
}
