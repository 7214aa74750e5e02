/** What goes together at most. */
export interface BatchLimits {
  /** Batches under way. */
  readonly lanes: number;
  readonly items: number;
  readonly bytes: number;
}

interface Waiting<Item, End> {
  readonly item: Item;
  readonly resolve: (end: End) => void;
  readonly reject: (error: unknown) => void;
}

/** What is said of an item; those for different workers do not go together. */
interface BatchItem {
  readonly bytes: number;
  readonly worker?: string | undefined;
}

/**
 * Sends items in batches: what comes while all lanes are under way goes with the next one. One that comes alone does not wait. Items keep their order, and each
 * gets an end of its own.
 */
export class Batches<Item extends BatchItem, End> {
  private readonly waiting: Waiting<Item, End>[] = [];
  private underWay = 0;
  private isScheduled = false;

  /** @param send has one end for each item. */
  constructor(
    private readonly send: (items: readonly Item[]) => Promise<readonly End[]>,
    private readonly limits: BatchLimits,
  ) {}

  add(item: Item): Promise<End> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  /** After everything that is about to be added in this turn. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      while (this.waiting.length > 0 && this.underWay < this.limits.lanes) void this.sendNext();
    });
  }

  private async sendNext(): Promise<void> {
    const batch = this.next();
    this.underWay += 1;
    try {
      const ends = await this.send(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const end = ends[index];
        if (end === undefined) reject(new Error('a call of a batch has no end'));
        else resolve(end);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.underWay -= 1;
      this.schedule();
    }
  }

  private next(): Waiting<Item, End>[] {
    let bytes = 0;
    let count = 0;
    const worker = this.waiting[0]?.item.worker;
    for (const { item } of this.waiting.slice(0, this.limits.items)) {
      bytes += item.bytes;
      if (item.worker !== worker || (count > 0 && bytes > this.limits.bytes)) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}
