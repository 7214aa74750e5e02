import { BareBooks } from './bare-books.js';
import { DurableBooks } from './durable-books.js';
import { RawLdap } from './ldap.js';
import { runRawLoop } from './loop.js';
import type { LoopParts, LoopResult } from './loop.js';
import type { RawAnswer, RawCommand, RawMeasure, RawRun } from './messages.js';
import { RawScim } from './scim.js';

/*
 * The process of a raw loop: the rivals of the engine get a process of their own, as the worker has, and are told by messages when to
 * begin. Ends with the channel to its parent.
 */
let parts: LoopParts | undefined;
let directory: RawLdap | undefined;

async function handle(command: RawCommand): Promise<RawMeasure | undefined> {
  switch (command.kind) {
    case 'open':
      parts = {
        source: new RawScim(command.sourceUrl, 2),
        targets: command.targetUrls.map((url) => new RawScim(url, command.concurrency)),
        pageSizeEntities: command.pageSizeEntities,
        concurrency: command.concurrency,
        books: command.databaseUrl === undefined ? new BareBooks() : await DurableBooks.open(command.databaseUrl),
      };
      return undefined;
    case 'openLdap':
      directory = await RawLdap.open(command.options);
      return undefined;
    case 'run':
      return measured(command);
    case 'close': {
      if (directory !== undefined) {
        await directory.close();
        return undefined;
      }
      const { source, targets, books } = opened();
      await Promise.all([source, ...targets].map((server) => server.close()));
      await books.close();
      return undefined;
    }
  }
}

function opened(): LoopParts {
  if (parts === undefined) throw new Error('the loop was not opened');
  return parts;
}

async function measured(command: RawRun): Promise<RawMeasure> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const { entities, writes } =
    directory === undefined ? await loop(opened(), command) : { entities: await directory.readAll(), writes: 0 };
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { elapsedMs, cpuMicros: user + system, entities, writes };
}

function loop(own: LoopParts, { changedIds, changedSince }: RawRun): Promise<LoopResult> {
  if (own.books instanceof BareBooks) own.books.onlyWrite(changedIds === undefined ? undefined : new Set(changedIds));
  const filter = changedSince === undefined ? {} : { filter: `meta.lastModified gt "${changedSince}"` };
  return runRawLoop({ ...own, ...filter });
}

function answer(message: RawAnswer): void {
  process.send?.(message);
}

process.on('message', (command: RawCommand) => {
  handle(command).then(
    (result) => answer({ kind: 'done', ...(result !== undefined && { result }) }),
    (error: unknown) => answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
