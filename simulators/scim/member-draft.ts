import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { elementsOf } from './attributes.js';
import { matchesElement } from './filter-match.js';
import type { FilterNode } from './filter-parser.js';
import { ScimProblem } from './scim-model.js';
import { membersOf } from './store-entry.js';

/** Changes of one PATCH to a member list, collected first so that a refused PATCH leaves no trace and a large list is not copied. */
export class MemberDraft {
  readonly #current: ReadonlyMap<string, JsonObject>;
  readonly #added = new Map<string, JsonObject>();
  readonly #removed = new Set<string>();
  #isCleared = false;
  /** Member values named by the operations so far. */
  namedValues = 0;

  constructor(current: ReadonlyMap<string, JsonObject>) {
    this.#current = current;
  }

  get isChanged(): boolean {
    return this.#isCleared || this.#added.size > 0 || this.#removed.size > 0;
  }

  /** Ids that would be members and are not yet. */
  get addedIds(): readonly string[] {
    return [...this.#added.keys()];
  }

  /** One operation with the path `members` or `members[filter]`. */
  apply(op: 'add' | 'replace' | 'remove', filter: FilterNode | undefined, value: JsonValue | undefined): void {
    if (filter !== undefined) {
      if (op !== 'remove') throw new ScimProblem(400, 'members can be removed by filter, not changed', 'invalidPath');
      this.#removeMatching(filter);
    } else if (op === 'remove' && value !== undefined) {
      this.#remove(membersOf(value).keys());
    } else {
      if (op !== 'add') this.#clear();
      if (op !== 'remove') this.#add(value);
    }
  }

  /** Carries the changes out on the map of the entry. */
  commit(members: Map<string, JsonObject>): void {
    if (this.#isCleared) members.clear();
    for (const id of this.#removed) members.delete(id);
    for (const [id, member] of this.#added) members.set(id, member);
  }

  #add(value: JsonValue | undefined): void {
    const added = membersOf(value);
    if (added.size < elementsOf(value).length && elementsOf(value).some((element) => !hasValue(element))) {
      throw new ScimProblem(400, 'each member needs a text "value"', 'invalidValue');
    }
    this.namedValues += added.size;
    for (const [id, member] of added) {
      this.#removed.delete(id);
      if (this.#isCleared || !this.#current.has(id)) this.#added.set(id, member);
    }
  }

  #remove(ids: Iterable<string>): void {
    for (const id of ids) {
      this.namedValues += 1;
      this.#added.delete(id);
      if (!this.#isCleared && this.#current.has(id)) this.#removed.add(id);
    }
  }

  #clear(): void {
    this.#isCleared = true;
    this.#added.clear();
    this.#removed.clear();
  }

  #removeMatching(filter: FilterNode): void {
    const id = idOf(filter);
    if (id !== undefined) {
      this.#remove([id]);
      return;
    }
    const matching = [...(this.#isCleared ? [] : this.#current), ...this.#added]
      .filter(([, member]) => matchesElement(member, filter))
      .map(([memberId]) => memberId);
    this.#remove(matching);
  }
}

/** The id in `value eq "…"`: found by key in place of a search. */
function idOf(filter: FilterNode): string | undefined {
  const isById =
    filter.kind === 'compare' &&
    filter.operator === 'eq' &&
    filter.path.attribute === 'value' &&
    !filter.path.extension;
  return isById && typeof filter.value === 'string' ? filter.value : undefined;
}

function hasValue(element: JsonValue): boolean {
  return typeof element === 'string' || (isJsonObject(element) && typeof element['value'] === 'string');
}
