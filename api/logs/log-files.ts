import type { ZipEntry } from '../common/zip.js';

/** Records in one file of a ZIP (DWN-3). */
const RECORDS_PER_FILE = 100_000;

/**
 * Texts as files of a ZIP, the next one begun when one is full. Without texts there is no file: the ZIP is empty (TRC-6).
 *
 * @param name of the file; of several the first has it, the others get `_part2` and so on
 */
export async function* filesOf(
  name: string,
  extension: string,
  portions: AsyncIterable<readonly string[]>,
  perFile = RECORDS_PER_FILE,
): AsyncGenerator<ZipEntry> {
  const texts = new Texts(portions);
  try {
    for (let part = 1; await texts.hasMore(); part += 1) {
      yield { name: `${name}${part === 1 ? '' : `_part${part}`}.${extension}`, text: texts.take(perFile) };
    }
  } finally {
    await texts.close();
  }
}

/** Texts that come in portions, to be taken one after the other. */
class Texts {
  private readonly portions: AsyncIterator<readonly string[]>;
  private ready: readonly string[] = [];
  private position = 0;

  constructor(portions: AsyncIterable<readonly string[]>) {
    this.portions = portions[Symbol.asyncIterator]();
  }

  async hasMore(): Promise<boolean> {
    while (this.position === this.ready.length) {
      const next = await this.portions.next();
      if (next.done === true) return false;
      this.ready = next.value;
      this.position = 0;
    }
    return true;
  }

  /** Nobody wants the rest. */
  async close(): Promise<void> {
    await this.portions.return?.();
  }

  async *take(count: number): AsyncGenerator<string> {
    for (let left = count; left > 0 && (await this.hasMore());) {
      const texts = this.ready.slice(this.position, this.position + left);
      this.position += texts.length;
      left -= texts.length;
      yield texts.join('');
    }
  }
}
