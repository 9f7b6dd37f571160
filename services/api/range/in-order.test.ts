import { expect, it } from "vitest";
import { inOrder } from "./in-order.ts";

const ITEMS = Array.from({ length: 40 }, (_, i) => i);

it("some are under way at once; results come in order", async () => {
  let underWay = 0;
  let most = 0;
  const work = async (item: number) => {
    most = Math.max(most, ++underWay);
    await new Promise((wake) => setTimeout(wake, item % 3));
    underWay--;
    return item;
  };
  const results: number[] = [];
  for await (const result of inOrder(ITEMS, 8, work, async () => {})) results.push(result);
  expect(results).toEqual(ITEMS);
  expect(most).toBe(8);
});

it("what is under way when no more is wanted is discarded", async () => {
  const discarded: number[] = [];
  const work = async (item: number) => item;
  for await (const result of inOrder(ITEMS, 3, work, async (late) => void discarded.push(late))) {
    if (result === 5) break;
  }
  expect(discarded).toEqual([6, 7]);
});
