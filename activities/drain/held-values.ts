/** More refusals of values that nobody has are a server that finds nothing by its unique attributes. */
const MAX_REPETITIONS = 3;

/**
 * Who waits for a unique value that somebody else of the same source has, in one drain. Nothing of it is stored: after a crash the pairs are
 * still due, and each finds out anew whom it waits for.
 */
export class HeldValues {
  private readonly holders = new Map<number, number>();
  private readonly repetitions = new Map<number, number>();

  /** The value that one entity shall have is that of another one. */
  note(entityNo: number, holderNo: number): void {
    this.holders.set(entityNo, holderNo);
  }

  /** The entity has given up its value: nobody waits for it any more, nor does it wait. */
  freed(entityNo: number): void {
    this.holders.delete(entityNo);
    for (const [waiting, holder] of this.holders) if (holder === entityNo) this.holders.delete(waiting);
  }

  /** A refused value that nobody has any more when it is looked for is tried again, but not for ever. */
  mayRepeat(entityNo: number): boolean {
    const done = this.repetitions.get(entityNo) ?? 0;
    this.repetitions.set(entityNo, done + 1);
    return done < MAX_REPETITIONS;
  }

  /**
   * True when these entities wait for each other in a ring, and this one is the first of it: it has to step aside. One of a ring is enough,
   * and all of them see the same ring.
   */
  isFirstOfRing(entityNo: number): boolean {
    const ring = new Set([entityNo]);
    for (let next = this.holders.get(entityNo); next !== undefined; next = this.holders.get(next)) {
      if (next === entityNo) return Math.min(...ring) === entityNo;
      // A ring that this entity waits for but is no part of.
      if (ring.has(next)) return false;
      ring.add(next);
    }
    return false;
  }
}
