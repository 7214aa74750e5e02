/** Parts of messages that are under way, in memory: nothing that is missed when it is gone is done twice. */
export class PartStore {
  private readonly messages = new Map<string, { readonly parts: Map<number, Buffer>; readonly sinceMs: number }>();
  private bytes = 0;

  /**
   * @param clock milliseconds, monotonic.
   * @param keepMs a message whose parts are not fetched for so long is forgotten.
   * @param maxBytes of all messages; the oldest are forgotten first, and one that is larger by itself.
   */
  constructor(
    private readonly clock: () => number,
    private readonly keepMs = 120_000,
    private readonly maxBytes = 512 * 1024 * 1024,
  ) {}

  put(id: string, part: number, body: Buffer): void {
    this.forgetOld();
    const message = this.messages.get(id) ?? { parts: new Map<number, Buffer>(), sinceMs: this.clock() };
    this.bytes += body.length - (message.parts.get(part)?.length ?? 0);
    message.parts.set(part, body);
    this.messages.set(id, message);
    for (const oldest of this.messages.keys()) {
      if (this.bytes <= this.maxBytes) break;
      this.forget(oldest);
    }
  }

  /** One part; undefined when it is not there. */
  part(id: string, part: number): Buffer | undefined {
    this.forgetOld();
    return this.messages.get(id)?.parts.get(part);
  }

  /** The whole message, which is forgotten by that; undefined unless all its parts are there. */
  take(id: string, count: number): Buffer | undefined {
    const parts = Array.from({ length: count }, (_, part) => this.part(id, part));
    this.forget(id);
    const present = parts.filter((part) => part !== undefined);
    return present.length === count ? Buffer.concat(present) : undefined;
  }

  private forget(id: string): void {
    for (const body of this.messages.get(id)?.parts.values() ?? []) this.bytes -= body.length;
    this.messages.delete(id);
  }

  private forgetOld(): void {
    const limit = this.clock() - this.keepMs;
    for (const [id, { sinceMs }] of this.messages) {
      if (sinceMs > limit) return;
      this.forget(id);
    }
  }
}
