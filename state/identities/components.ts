/** Connected components of numbers: who is joined with somebody is joined with everybody that one is joined with (union-find). */
export class Components {
  private readonly parents = new Map<number, number>();
  private mergedCount = 0;

  /** Numbers that were named. */
  get size(): number {
    return this.parents.size;
  }

  /** By how many the components are fewer than the numbers. */
  get merged(): number {
    return this.mergedCount;
  }

  /** Joins all of these numbers. */
  join(numbers: readonly number[]): void {
    const [first, ...others] = numbers;
    if (first === undefined) return;
    const root = this.rootOf(first);
    for (const other of others) {
      const found = this.rootOf(other);
      if (found === root) continue;
      this.parents.set(found, root);
      this.mergedCount += 1;
    }
  }

  /** Every second step of the way is shortened, so that no way becomes long. */
  private rootOf(number: number): number {
    let at = number;
    for (;;) {
      const parent = this.parents.get(at);
      if (parent === undefined) {
        this.parents.set(at, at);
        return at;
      }
      if (parent === at) return at;
      const grandparent = this.parents.get(parent) ?? parent;
      this.parents.set(at, grandparent);
      at = grandparent;
    }
  }
}
