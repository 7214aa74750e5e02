import type { ScimResourceType } from './scim-model.js';
import type { StoreEntry } from './store-entry.js';

/** Where a server that lost sight of an entity does not show it: in its lists only, or nowhere. */
export type HiddenFrom = 'lists' | 'everywhere';

/**
 * Entities that a broken server does not tell of although it has them: a replica that is behind, a search that lost a branch. Lists shrink with
 * their totals, page by page as if the entities did not exist, so that nothing gives them away.
 */
export class HiddenEntities {
  readonly #hidden = new Map<ScimResourceType, Map<string, HiddenFrom>>();

  hide(type: ScimResourceType, ids: readonly string[], from: HiddenFrom): void {
    const hidden = this.#hidden.get(type) ?? new Map<string, HiddenFrom>();
    for (const id of ids) hidden.set(id, from);
    this.#hidden.set(type, hidden);
  }

  /** Everything is seen again. */
  clear(): void {
    this.#hidden.clear();
  }

  /** What a list shows of these entries. */
  visible(type: ScimResourceType, entries: readonly StoreEntry[]): readonly StoreEntry[] {
    const hidden = this.#hidden.get(type);
    return hidden === undefined ? entries : entries.filter((entry) => !hidden.has(entry.id));
  }

  /** True when a read by id finds nobody. */
  isGone(type: ScimResourceType, id: string): boolean {
    return this.#hidden.get(type)?.get(id) === 'everywhere';
  }
}
