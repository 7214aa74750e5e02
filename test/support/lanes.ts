/** Works on all items, so many side by side; the results are in the order of the items. The first failure ends it. */
export async function inLanes<T, R>(items: readonly T[], lanes: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Map<number, R>();
  const waiting = items.entries();
  const lane = async (): Promise<void> => {
    for (const [no, item] of waiting) results.set(no, await work(item));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
}
