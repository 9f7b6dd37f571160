/** How many are under way at once: `first` until so many are done, then `most`. */
export interface Ahead {
  first: number;
  most: number;
}

/**
 * The results of `work` for each item, in the order of the items, with several of them under way. `slot` is a number below
 * `most` that no other item under way has. Results that are not taken any more go to `discard`. Throws what `work` threw.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  { first, most }: Ahead,
  work: (item: Item, slot: number) => Promise<Result>,
  discard: (result: Result) => Promise<void>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  let next = 0;
  try {
    for (;;) {
      const ahead = next - underWay.length < first ? first : most;
      for (; next < items.length && underWay.length < ahead; next++) {
        const result = work(items[next] as Item, next % most);
        result.catch(() => {}); // it is thrown when its turn comes
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
