/**
 * The results of `work` for each item, in the order of the items, with up to `ahead` calls under way. Results that the
 * consumer no longer takes go to `discard`. Throws what `work` threw.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  ahead: number,
  work: (item: Item) => Promise<Result>,
  discard: (result: Result) => Promise<void>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  let next = 0;
  try {
    for (;;) {
      for (; next < items.length && underWay.length < ahead; next++) {
        const result = work(items[next] as Item);
        result.catch(() => {}); // it is thrown below, in order
        underWay.push(result);
      }
      const oldest = underWay.shift();
      if (oldest === undefined) return;
      yield await oldest;
    }
  } finally {
    for (const settled of await Promise.allSettled(underWay)) {
      if (settled.status === "fulfilled") await discard(settled.value);
    }
  }
}
