import type { Books, DoneWrite, PageEntity, RawWrite } from './books.js';
import type { RawScim } from './scim.js';

/** Servers and measures of a raw loop. */
export interface LoopParts {
  readonly source: RawScim;
  readonly targets: readonly RawScim[];
  readonly pageSizeEntities: number;
  /** Reads only what fulfils it; absent: everything. */
  readonly filter?: string;
  /** Requests in flight for each target, fixed. */
  readonly concurrency: number;
  readonly books: Books;
}

/** What a loop did. */
export interface LoopResult {
  readonly entities: number;
  readonly writes: number;
}

/** Pages whose writes are not finished yet: about as many entities as the engine has between lease and settle, so that commits overlap. */
const MAX_OPEN_PAGES = 8;

/** Reads all users page by page, the next page while the last one is worked on, and writes what the books say. */
export async function runRawLoop(parts: LoopParts): Promise<LoopResult> {
  const slots = parts.targets.map(() => new Slots(parts.concurrency));
  const open = new Set<Promise<void>>();
  let entities = 0;
  let writes = 0;
  let coming: Promise<Awaited<ReturnType<RawScim['page']>>> | undefined = readFrom(parts, 1);
  while (coming !== undefined) {
    const page: Awaited<ReturnType<RawScim['page']>> = await coming;
    coming = page.next === undefined ? undefined : readFrom(parts, page.next);
    entities += page.resources.length;
    const wanted = await parts.books.notePage(page.resources);
    if (wanted.length === 0) continue;
    writes += wanted.length * parts.targets.length;
    const work = Promise.all(slots.map((slot, target) => writePage(parts, target, slot, wanted))).then(() => {
      open.delete(work);
    });
    open.add(work);
    if (open.size >= MAX_OPEN_PAGES) await Promise.race(open);
  }
  await Promise.all(open);
  return { entities, writes };
}

function readFrom(parts: LoopParts, startIndex: number): ReturnType<RawScim['page']> {
  const page = parts.source.page('Users', startIndex, parts.pageSizeEntities, parts.filter);
  // Read ahead: whoever awaits it later gets the error, and until then nobody listens.
  page.catch(() => undefined);
  return page;
}

async function writePage(
  parts: LoopParts,
  target: number,
  slots: Slots,
  entities: readonly PageEntity[],
): Promise<void> {
  const server = parts.targets[target];
  if (server === undefined) throw new RangeError(`there is no target ${target}`);
  const writes = await parts.books.begin(target, entities);
  const done = await Promise.all(writes.map((write) => slots.use(() => send(server, write))));
  await parts.books.finish(target, done);
}

async function send(server: RawScim, write: RawWrite): Promise<DoneWrite> {
  if (write.targetId === undefined) return { ...write, targetId: await server.create('Users', write.body) };
  await server.replace('Users', write.targetId, write.body);
  return { ...write, targetId: write.targetId };
}

/** A fixed number of places; who finds none waits in a row. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
