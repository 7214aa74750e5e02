/** A page as far as its order is concerned. */
interface Ordered {
  readonly page: { readonly next: object | null };
  /** What has ended the reading of the next one. */
  readonly failure?: { readonly error: unknown };
}

/** A page, and whether the reading ends with it: here, or for this chunk. */
export interface PageInOrder<P extends Ordered> {
  readonly read: P;
  readonly isAtBorder: boolean;
}

/** Pages read at most beyond the one that is being stored. */
const PAGES_AHEAD = 2;

/**
 * Reads pages ahead of their storing: the source is asked for the next one as soon as a page is there, and storing that takes longer than an
 * answer now and then does not make the source wait. One at a time, in order; a failure is told when everything before it was taken.
 */
export class PagesAhead<P extends Ordered> {
  private readonly arrived: PageInOrder<P>[] = [];
  private failure: { readonly error: unknown } | undefined;
  private isStopped = false;
  private moved: () => void = () => undefined;
  private taken: () => void = () => undefined;
  private readonly reading: Promise<void>;

  /**
   * @param fetch asks for the page at a position.
   * @param isOver true when the chunk has had enough: the page that has just come is its last one.
   */
  constructor(
    cursor: object | null,
    private readonly fetch: (cursor: object | null) => Promise<P>,
    private readonly isOver: () => boolean,
  ) {
    this.reading = this.readOn(cursor);
  }

  /** The next page. Call it until one is at the border. Rejects with what `fetch` rejected with. */
  async take(): Promise<PageInOrder<P>> {
    for (;;) {
      const next = this.arrived.shift();
      if (next !== undefined) {
        this.taken();
        return next;
      }
      if (this.failure !== undefined) throw this.failure.error;
      await new Promise<void>((resolve) => (this.moved = resolve));
    }
  }

  /** No page is asked for any more. */
  stop(): void {
    this.isStopped = true;
    this.taken();
  }

  /** {@link stop}, and waits for the answer that is under way: it belongs to a read that is over, and must not run on unseen. */
  async abandon(): Promise<void> {
    this.stop();
    await this.reading;
  }

  private async readOn(first: object | null): Promise<void> {
    let cursor = first;
    try {
      while (!this.isStopped) {
        const read = await this.fetch(cursor);
        const isAtBorder = read.page.next === null || read.failure !== undefined || this.isOver();
        this.arrived.push({ read, isAtBorder });
        this.moved();
        if (isAtBorder) return;
        cursor = read.page.next;
        while (this.arrived.length >= PAGES_AHEAD && !this.isStopped)
          await new Promise<void>((resolve) => (this.taken = resolve));
      }
    } catch (error) {
      this.failure = { error };
      this.moved();
    }
  }
}
