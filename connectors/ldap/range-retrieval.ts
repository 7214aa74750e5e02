import { EntryAttribute, type Entry } from './entry.js';

/** Reads some attributes of one entry; undefined when it is gone. */
export type AttributeReader = (attributes: readonly string[]) => Promise<Entry | undefined>;

/** An entry whose values never stood still long enough to be read, or that vanished meanwhile. */
export class UnreadableEntryError extends Error {
  override readonly name = 'UnreadableEntryError';
}

const MAX_ROUNDS = 3;
const RANGE = /^(.+?);range=(\d+)-(\d+|\*)$/i;

interface Range {
  readonly name: string;
  /** Next index to ask for; undefined when this was the last part. */
  readonly next: number | undefined;
  readonly values: readonly Buffer[];
}

/**
 * Completes attributes that the server has cut into ranges (CONN-AD-01): a group of more than 1,500 members arrives with an *empty* list
 * beside `member;range=0-1499`, and taken at its word it has lost everybody. A change in between can shift values from a range that was read
 * into one that was not, so the change counter must not have moved, else all is read again (CONN-AD-02). Throws
 * {@link UnreadableEntryError} after three rounds.
 */
export async function completeRanges(entry: Entry, read: AttributeReader): Promise<Entry> {
  if (!hasRanges(entry)) return entry;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const start = round === 1 ? entry : await rangedAgain(entry, read);
    const completed = await complete(start, read);
    const after = await read(['uSNChanged']);
    if (after === undefined) throw new UnreadableEntryError('it vanished while its values were read');
    if (after.text('uSNChanged') === start.text('uSNChanged')) {
      const parts = [...entry.all().keys()].filter((name) => RANGE.test(name));
      return entry.with(completed, [...parts, ...completed.map(({ name }) => name)]);
    }
  }
  throw new UnreadableEntryError(`it changed in each of ${MAX_ROUNDS} attempts to read all its values`);
}

async function complete(start: Entry, read: AttributeReader): Promise<EntryAttribute[]> {
  const completed: EntryAttribute[] = [];
  for (const first of rangesOf(start)) {
    const values = [...first.values];
    for (let { next } = first; next !== undefined;) {
      const more: Entry | undefined = await read([`${first.name};range=${next}-*`]);
      const range = more === undefined ? undefined : rangesOf(more).find(({ name }) => sameName(name, first.name));
      // The list has become shorter than what was read: the counter tells.
      if (range === undefined) break;
      values.push(...range.values);
      if (range.next !== undefined && range.next <= next)
        throw new UnreadableEntryError('the server repeats a range of values');
      next = range.next;
    }
    completed.push(new EntryAttribute(first.name, values));
  }
  return completed;
}

async function rangedAgain(entry: Entry, read: AttributeReader): Promise<Entry> {
  const names = rangesOf(entry).map(({ name }) => `${name};range=0-*`);
  const again = await read([...names, 'uSNChanged']);
  if (again === undefined) throw new UnreadableEntryError('it vanished while its values were read');
  return again;
}

/** The server has cut an attribute. */
export function hasRanges(entry: Entry): boolean {
  return entry.hasAny(({ key }) => key.includes(';range='));
}

function rangesOf(entry: Entry): Range[] {
  return [...entry.all().values()].flatMap(({ name, values }) => {
    const match = RANGE.exec(name);
    if (match === null) return [];
    const [, attribute = '', , last = '*'] = match;
    return [{ name: attribute, next: last === '*' ? undefined : Number(last) + 1, values }];
  });
}

function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
