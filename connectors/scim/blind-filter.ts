import type { JsonObject } from '../../core/json.js';
import type { CallOptions, Cursor, NativeEntity, Page, Resolution } from '../contract.js';
import { isConnectorError } from '../errors.js';
import type { ScimReader } from './scim-reader.js';
import type { ScimType } from './scim-settings.js';
import { matchesKeys, uniqueKey } from './unique-key.js';
import type { UniqueKey } from './unique-key.js';

/** The look-up of a single entity by its unique attributes. */
export type Resolve = (
  type: ScimType,
  body: JsonObject,
  keys: readonly string[],
  options: CallOptions,
) => Promise<Resolution>;

/**
 * Servers that refuse a create because of an entity that their filter does not show. The first entity of the list is looked up by its own
 * keys; where the filter does not find it, the list is read to its end, once, and asked in its place.
 */
export class BlindFilter {
  private readonly lists = new Map<ScimType, Promise<readonly NativeEntity[]>>();

  constructor(
    private readonly reader: ScimReader,
    private readonly resolve: Resolve,
  ) {}

  /** The entity with the values of the body, where filters do not find it; undefined: there is none. */
  async hiddenBy(
    type: ScimType,
    body: JsonObject,
    keys: readonly string[],
    options: CallOptions,
  ): Promise<NativeEntity | undefined> {
    const parsed = usable(body, keys);
    if (parsed === undefined) return undefined;
    let list = this.lists.get(type);
    if (list === undefined) {
      list = this.unseen(type, keys, options);
      this.lists.set(type, list);
    }
    try {
      return (await list).find((entity) => matchesKeys(entity.body, parsed));
    } catch (error) {
      // Whoever asks next tries again.
      this.lists.delete(type);
      throw error;
    }
  }

  /** Everything there is, if filters are blind; else nothing. */
  private async unseen(type: ScimType, keys: readonly string[], options: CallOptions): Promise<NativeEntity[]> {
    const [sample] = (await this.page(type, null, options, 1)).items;
    if (sample === undefined || usable(sample.body, keys) === undefined) return [];
    if (await this.sees(type, sample.body, keys, options)) return [];
    const all: NativeEntity[] = [];
    for (let cursor: Cursor | null = null; ;) {
      const page: Page = await this.page(type, cursor, options);
      all.push(...page.items);
      if (page.next === null) return all;
      cursor = page.next;
    }
  }

  private page(type: ScimType, cursor: Cursor | null, { signal }: CallOptions, size?: number): Promise<Page> {
    return this.reader.readPage(type, {
      type,
      cursor,
      mode: 'full',
      ...(size !== undefined && { pageSizeEntities: size }),
      ...(signal !== undefined && { signal }),
    });
  }

  private async sees(
    type: ScimType,
    body: JsonObject,
    keys: readonly string[],
    options: CallOptions,
  ): Promise<boolean> {
    try {
      return (await this.resolve(type, body, keys, options)).outcome !== 'none';
    } catch (error) {
      // A server that cannot filter at all says so for each entity: another finding.
      if (isConnectorError(error) && error.scope === 'entity') return true;
      throw error;
    }
  }
}

function usable(body: JsonObject, keys: readonly string[]): readonly UniqueKey[] | undefined {
  const parsed = keys.map((key) => uniqueKey(key, body)).filter((key) => key !== undefined && key.values.length > 0);
  return parsed.length === keys.length && parsed.length > 0 ? parsed.filter((key) => key !== undefined) : undefined;
}
