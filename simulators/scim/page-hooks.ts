import type { JsonObject } from '../../core/json.js';
import type { ListPage, ListQuery } from './list.js';
import type { PageFault } from './page-faults.js';
import { falsifyPage } from './page-faults.js';
import type { ScimResourceType } from './scim-model.js';
import type { ScimStore } from './store.js';

interface PageHook {
  readonly type: ScimResourceType;
  readonly page: number;
  readonly run: () => void;
}

/** What the paging drift did, once it has happened. */
export interface DriftTrace {
  /** Removed after it had been delivered. */
  readonly removedId: string;
  /** Added at the end at the same moment, so that the total stays. */
  readonly addedId: string;
  /** Present all the time and never delivered: it slipped over the edge between the two pages. */
  readonly undeliveredId: string;
}

/** Follows the pages of each read and acts between them. A page numbered 1 is one that starts at the first entity. */
export class PageHooks {
  readonly #lastPage = new Map<ScimResourceType, number>();
  readonly #lastResources = new Map<ScimResourceType, readonly Buffer[]>();
  #hooks: PageHook[] = [];

  /** Calls `run` once, after page `page` of a read was cut from the store and before the next is. */
  afterPage(type: ScimResourceType, page: number, run: () => void): void {
    this.#hooks.push({ type, page, run });
  }

  clear(): void {
    this.#hooks = [];
  }

  /** To be called for each page. Requests for one entity at most, such as connection tests, are no reading. */
  observe(type: ScimResourceType, query: ListQuery, page: ListPage, fault: PageFault | undefined): void {
    if (fault !== undefined) falsifyPage(page, fault, this.#lastResources.get(type) ?? page.resources);
    if (query.count !== undefined && query.count <= 1) return;
    const isFirst = query.startIndex <= 1 && (query.cursor ?? '') === '';
    const number = isFirst ? 1 : (this.#lastPage.get(type) ?? 0) + 1;
    this.#lastPage.set(type, number);
    this.#lastResources.set(type, page.resources);
    if (this.#hooks.length === 0) return;
    const due = this.#hooks.filter((hook) => hook.type === type && hook.page === number);
    this.#hooks = this.#hooks.filter((hook) => !due.includes(hook));
    for (const hook of due) hook.run();
  }
}

/**
 * The change that defeats naive paging: after page `page` one of its people is removed and another is added, so that total and count
 * agree, but the first person of the next page is never delivered.
 *
 * @param joiner the person added
 * @param report called when it has happened; throws RangeError from the request if there is no next page
 */
export function armPagingDrift(
  hooks: PageHooks,
  store: ScimStore,
  options: { page: number; pageSizeEntities: number; joiner: JsonObject },
  report: (trace: DriftTrace) => void,
): void {
  hooks.afterPage('User', options.page, () => {
    const people = store.entries('User');
    const edge = options.page * options.pageSizeEntities;
    const removed = people[edge - 2];
    const undelivered = people[edge];
    if (removed === undefined || undelivered === undefined) {
      throw new RangeError(`paging drift needs more than ${edge} people`);
    }
    const addedId = store.add('User', options.joiner);
    store.remove('User', removed.id);
    report({ removedId: removed.id, addedId, undeliveredId: undelivered.id });
  });
}
