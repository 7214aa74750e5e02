import type { JsonObject } from '../../core/json.js';
import type { Books, DoneWrite, PageEntity, RawWrite } from './books.js';
import { commonOf, targetOf } from './mapping.js';
import { idOf } from './scim.js';

/**
 * The books of R0: none that would survive. A loop without state cannot know what changed, so for a second read it is told; that makes
 * it faster than any real program.
 */
export class BareBooks implements Books {
  readonly #ids = new Map<string, string>();
  #changed: ReadonlySet<string> | undefined;

  /** From now on only these entities are written; undefined: all of them. */
  onlyWrite(changed: ReadonlySet<string> | undefined): void {
    this.#changed = changed;
  }

  notePage(page: readonly JsonObject[]): Promise<readonly PageEntity[]> {
    const wanted = page.filter((person) => this.#changed?.has(idOf(person)) ?? true);
    return Promise.resolve(
      wanted.map((person) => {
        const common = commonOf(person);
        return { key: idOf(person), common, commonHash: null, body: targetOf(common) };
      }),
    );
  }

  begin(target: number, entities: readonly PageEntity[]): Promise<readonly RawWrite[]> {
    return Promise.resolve(
      entities.map((entity) => ({ ...entity, targetId: this.#ids.get(`${target}/${entity.key}`) })),
    );
  }

  finish(target: number, writes: readonly DoneWrite[]): Promise<void> {
    for (const { key, targetId } of writes) this.#ids.set(`${target}/${key}`, targetId);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
