/** More refusals of values that nobody has are a server that keeps something unique that cannot be found. */
const MAX_REPETITIONS = 3;

/**
 * Who waits for a unique value that somebody else of the same source has, in one drain. Nothing of it is stored: after a crash the pairs are
 * still due, and each finds out anew whom it waits for.
 */
export class HeldValues {
  private readonly holders = new Map<number, ReadonlySet<number>>();
  private readonly repetitions = new Map<number, number>();

  /** Values that one entity shall have are those of others. */
  note(entityNo: number, holderNos: readonly number[]): void {
    this.holders.set(entityNo, new Set(holderNos));
  }

  /** The entity has given up its values: nobody waits for them any more, nor does it wait. */
  freed(entityNo: number): void {
    this.holders.delete(entityNo);
    for (const [waiting, held] of this.holders) {
      const left = new Set([...held].filter((holder) => holder !== entityNo));
      if (left.size === 0) this.holders.delete(waiting);
      else this.holders.set(waiting, left);
    }
  }

  /** A refused value that nobody has when it is looked for is tried again, but not for ever. */
  mayRepeat(entityNo: number): boolean {
    const done = this.repetitions.get(entityNo) ?? 0;
    this.repetitions.set(entityNo, done + 1);
    return done < MAX_REPETITIONS;
  }

  /**
   * All that wait for each other in a ring with this entity, itself included; empty when it is in none. All of them see the same ring, so that
   * the first of it can be told to step aside: one is enough.
   */
  ringOf(entityNo: number): ReadonlySet<number> {
    const ahead = this.reachableFrom(entityNo);
    if (!ahead.has(entityNo)) return new Set();
    return new Set([...ahead].filter((other) => this.reachableFrom(other).has(entityNo)));
  }

  private reachableFrom(entityNo: number): ReadonlySet<number> {
    const reached = new Set<number>();
    const open = [...(this.holders.get(entityNo) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(...(this.holders.get(next) ?? []));
    }
    return reached;
  }
}
