/**
 * The results of `work` for each item, in the order of the items, with up to `ahead` of them under way. `slot` is a number
 * from 0 that no other item under way has. Results that are not taken any more go to `discard`. Throws what `work` threw.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  ahead: number,
  work: (item: Item, slot: number) => Promise<Result>,
  discard: (result: Result) => Promise<void>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  let next = 0;
  try {
    for (;;) {
      for (; next < items.length && underWay.length < ahead; next++) {
        const result = work(items[next] as Item, next % ahead);
        result.catch(() => {}); // it is thrown when its turn comes
        underWay.push(result);
      }
      const first = underWay.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    for (const settled of await Promise.allSettled(underWay)) {
      if (settled.status === "fulfilled") await discard(settled.value);
    }
  }
}
