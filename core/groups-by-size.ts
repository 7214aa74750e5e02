/**
 * Items in groups whose sizes together stay below a limit; a single one may be larger. Items are asked for when they are needed: no more than
 * one group and the next item are there at once.
 */
export function* groupsBySize<T>(
  items: Iterable<T>,
  sizeOf: (item: T) => number,
  limit: number,
): Generator<readonly T[]> {
  let group: T[] = [];
  let size = 0;
  for (const item of items) {
    const own = sizeOf(item);
    if (group.length > 0 && size + own > limit) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(item);
    size += own;
  }
  if (group.length > 0) yield group;
}
